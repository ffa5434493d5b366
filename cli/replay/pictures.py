"""The pictures of a replay as SVG: the moves from service to service, and the cost before and after.

They are 360 units wide, so that their text can be read on a phone. Colours are classes, which the page's style defines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Final, NamedTuple

from allocation.replay.result import ReplayResult
from allocation.replay.tally import FromTo, Moved
from cli.output import counted
from cli.replay.tables import in_order, shown_service

# The picture shows the most frequent moves; the tables of the page have all of them.
MAX_FLOWS: Final = 40

_WIDTH: Final = 360
_BAR: Final = 8
# Where the bars of the services before begin, and those of the services after.
_LEFT: Final = 116
_RIGHT: Final = 236
_HEIGHT_OF_ALL: Final = 300
# A service is at least as high as its label.
_LEAST_HEIGHT: Final = 14
_GAP: Final = 4
_MAX_LABEL: Final = 10  # characters of a service's reference
_COST_BAR: Final = 240


class _Flow(NamedTuple):
    """The consignments of one way, and how high their band is."""

    way: FromTo
    moved: Moved
    height: float


@dataclass(frozen=True, slots=True)
class _Node:
    """A service on one side of the picture, and the flows that begin or end there, from the top."""

    name: str | None
    top: float
    flows: Sequence[_Flow]

    @property
    def height(self) -> float:
        """The height of its bar."""
        return max(_LEAST_HEIGHT, sum(flow.height for flow in self.flows))

    def middle_of(self, flow: _Flow) -> float:
        """Return where the middle of a flow's band meets the bar."""
        before = self.flows[: self.flows.index(flow)]
        return self.top + sum(other.height for other in before) + flow.height / 2


def moves_shown(result: ReplayResult) -> Sequence[tuple[FromTo, Moved]]:
    """Return the moves that the picture shows, the most frequent first."""
    return [(way, moved) for way, moved in result.ways if way.before != way.after][:MAX_FLOWS]


def picture_of_moves(result: ReplayResult) -> str:
    """Return the moves as bands from the services before, on the left, to those after, on the right."""
    shown = moves_shown(result)
    total = sum(moved.count for _, moved in shown)
    flows = [_Flow(way, moved, max(1.0, _HEIGHT_OF_ALL * moved.count / total)) for way, moved in shown]
    left = _nodes(flows, lambda way: way.before, lambda way: way.after)
    right = _nodes(flows, lambda way: way.after, lambda way: way.before)
    bands = "".join(_band(flow, left[flow.way.before], right[flow.way.after]) for flow in flows)
    labels = "".join(_label(node, _LEFT, _LEFT - 4, "end") for node in left.values())
    labels += "".join(_label(node, _RIGHT, _RIGHT + _BAR + 4, "start") for node in right.values())
    height = max(node.top + node.height for node in (*left.values(), *right.values()))
    told = f"{counted(total, 'consignment')} that move between services: the table of moves has the numbers."
    return _svg("moves", told, height, bands + labels)


def kind_of(way: FromTo, moved: Moved) -> str:
    """Return how a move is coloured: by what it costs more or less, or as failed; `other` where that means nothing."""
    if way.after is None:
        return "failed"
    if way.before is None or way.currency_before != way.currency_after or moved.before == moved.after:
        return "other"
    return "dearer" if moved.after > moved.before else "cheaper"


def picture_of_cost(currency: str, before: Decimal, after: Decimal) -> str:
    """Return two bars with the cost before and after in one currency."""
    most = max(before, after) or Decimal(1)
    bars = ""
    for place, (name, cost) in enumerate((("Before", before), ("After", after))):
        top, width = place * 34, float(_COST_BAR * cost / most)
        bars += f'<text x="0" y="{top + 17}">{name}</text>'
        bars += f'<rect class="{name.lower()}" x="48" y="{top + 2}" width="{max(width, 1):.1f}" height="22" rx="2"/>'
        bars += f'<text x="{52 + width:.1f}" y="{top + 17}">{cost:,}</text>'
    told = f"Net cost in {currency}: {before:,} before, {after:,} after."
    return _svg(f"cost-{currency}", told, 62, bars)


def key_of_colours(result: ReplayResult) -> str:
    """Return a list of what the colours of the picture mean, as far as it has them."""
    words = {
        "dearer": "Costs more",
        "cheaper": "Costs less",
        "failed": "Newly fails",
        "other": "Costs as much, or not compared",
    }
    found = {kind_of(way, moved) for way, moved in moves_shown(result)}
    swatch = '<svg viewBox="0 0 24 10" aria-hidden="true"><path class="flow {}" d="M0 5H24" stroke-width="10"/></svg>'
    items = [f"<li>{swatch.format(kind)}{text}</li>" for kind, text in words.items() if kind in found]
    return f'<ul class="key">{"".join(items)}</ul>'


def _nodes(
    flows: Sequence[_Flow], own: Callable[[FromTo], str | None], other: Callable[[FromTo], str | None]
) -> dict[str | None, _Node]:
    """Return the services of one side, from the top in the order of their references, failures last."""
    nodes: dict[str | None, _Node] = {}
    top = 0.0
    for name in sorted({own(flow.way) for flow in flows}, key=in_order):
        here = [flow for flow in flows if own(flow.way) == name]
        nodes[name] = _Node(name, top, sorted(here, key=lambda flow: in_order(other(flow.way))))
        top += nodes[name].height + _GAP
    return nodes


def _band(flow: _Flow, left: _Node, right: _Node) -> str:
    start, end = left.middle_of(flow), right.middle_of(flow)
    begin, middle = _LEFT + _BAR, (_LEFT + _BAR + _RIGHT) / 2
    path = f"M{begin} {start:.1f}C{middle} {start:.1f} {middle} {end:.1f} {_RIGHT} {end:.1f}"
    told = f"{shown_service(flow.way.before)} to {shown_service(flow.way.after)}: {flow.moved.count:,}"
    kind = kind_of(flow.way, flow.moved)
    return f'<path class="flow {kind}" d="{path}" stroke-width="{flow.height:.1f}"><title>{escape(told)}</title></path>'


def _label(node: _Node, bar: int, at: int, anchor: str) -> str:
    name, count = shown_service(node.name), sum(flow.moved.count for flow in node.flows)
    short = name if len(name) <= _MAX_LABEL else f"{name[: _MAX_LABEL - 1]}…"
    bar_there = f'<rect class="node" x="{bar}" y="{node.top:.1f}" width="{_BAR}" height="{node.height:.1f}"/>'
    text = f'<text class="{anchor}" x="{at}" y="{node.top + node.height / 2 + 4:.1f}">{escape(short)} {count:,}</text>'
    return bar_there + text


def _svg(name: str, told: str, height: float, content: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-labelledby="{name}-told">'
        f'<title id="{name}-told">{escape(told)}</title>{content}</svg>'
    )
