"""Plots as SVG text: bars of parts, and curves. Readable on a light and on a dark page, and without colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from tests.benchmarks.figures import number, with_unit

_WIDTH: Final = 760
_LEFT: Final = 210
_RIGHT: Final = 90
_TOP: Final = 64
_BAR: Final = 22
_GAP: Final = 12
_PLOT_HEIGHT: Final = 240
_LEGEND_STEP: Final = 15
_CHARACTER: Final = 7
# Colours that stay apart for the colour-blind (Okabe and Ito), lighter on a dark page.
_LIGHT: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00")
_DARK: Final = ("#56b4e9", "#ff9c5b", "#3fd4a4", "#e7a3c9", "#e3c14f")
_STYLE: Final = """
    text { font: 13px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #1c2733 }
    .title { font-weight: 600; font-size: 15px }
    .page { fill: #f7f9fb }
    .line { stroke: #8a97a5; stroke-width: 1; fill: none }
"""


_DARK_PAGE: Final = "    text { fill: #e6edf3 } .page { fill: #161b22 }\n"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, and the values of its parts by their names."""

    name: str
    parts: dict[str, float]

    @property
    def total(self) -> float:
        """Its whole length."""
        return sum(self.parts.values())


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """Return a plot of horizontal bars whose parts stand one behind another, each with its whole value."""
    names = list(dict.fromkeys(name for row in rows for name in row.parts))
    scale = (_WIDTH - _LEFT - _RIGHT) / max(row.total for row in rows)
    height = _TOP + len(rows) * (_BAR + _GAP) + _GAP
    drawn = [line for at, row in enumerate(rows) for line in _bar(row, _TOP + at * (_BAR + _GAP), names, scale, unit)]
    told = "; ".join(f"{row.name}: {with_unit(row.total, unit)}" for row in rows)
    return _picture(title, told, height, [*_legend(names), *drawn])


def _bar(row: Bar, top: int, names: Sequence[str], scale: float, unit: str) -> list[str]:
    middle, left, drawn = top + _BAR * 0.7, float(_LEFT), []
    drawn.append(f'<text x="{_LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(row.name)}</text>')
    for name, value in row.parts.items():
        width = value * scale
        shape = f'x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}"'
        told = f"{escape(name)}: {with_unit(value, unit)}"
        drawn.append(f'<rect class="c{names.index(name)}" {shape}><title>{told}</title></rect>')
        left += width
    drawn.append(f'<text x="{left + 6:.1f}" y="{middle:.0f}">{with_unit(row.total, unit)}</text>')
    return drawn


def curves(title: str, across: str, series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a plot of curves over one axis, all from zero. `across` says what the axis counts."""
    points = [point for some in series.values() for point in some]
    last, top = max(x for x, _ in points), max(y for _, y in points) * 1.15
    plot_width = _WIDTH - 60 - 30

    def at(x: float, y: float) -> str:
        return f"{60 + x / last * plot_width:.1f},{_TOP + _PLOT_HEIGHT * (1 - y / top):.1f}"

    bottom = _TOP + _PLOT_HEIGHT
    drawn = [f'<path class="line" d="M60 {_TOP} V{bottom} H{60 + plot_width}"/>']
    for part in (0.5, 1.0):
        y = _TOP + _PLOT_HEIGHT * (1 - part)
        drawn.append(f'<text x="54" y="{y + 4:.0f}" text-anchor="end">{number(top * part)}</text>')
    drawn += [
        f'<text x="60" y="{bottom + 20}">0</text>',
        f'<text x="{60 + plot_width}" y="{bottom + 20}" text-anchor="end">{last:,.0f} {escape(across)}</text>',
    ]
    for number_of, some in enumerate(series.values()):
        drawn.append(f'<polyline class="s{number_of}" points="{" ".join(at(x, y) for x, y in some)}"/>')
    told = "; ".join(f"{name}: {number(some[0][1])} first, {number(some[-1][1])} last" for name, some in series.items())
    return _picture(title, told, bottom + 34, [*_legend(list(series)), *drawn])


def _legend(names: Sequence[str]) -> list[str]:
    if names == [""]:
        return []
    left, drawn = 20, []
    for at, name in enumerate(names):
        drawn.append(f'<rect class="c{at}" x="{left}" y="38" width="11" height="11"/>')
        drawn.append(f'<text x="{left + 16}" y="48">{escape(name)}</text>')
        left += _LEGEND_STEP + 20 + len(name) * _CHARACTER
    return drawn


def _picture(title: str, told: str, height: int, drawn: Sequence[str]) -> str:
    inner = "\n  ".join(drawn)
    box = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="title desc">\n'
        f'  <title id="title">{escape(title)}</title>\n  <desc id="desc">{escape(told)}</desc>\n'
        f"  <style>{_STYLE}{_colours(_LIGHT)}"
        f"    @media (prefers-color-scheme: dark) {{\n{_DARK_PAGE}{_colours(_DARK)}    }}\n  </style>\n"
        f'  <rect class="page" width="{_WIDTH}" height="{height}" rx="10"/>\n'
        f'  <text class="title" x="20" y="24">{escape(title)}</text>\n  {inner}\n</svg>\n'
    )


def _colours(colours: Sequence[str]) -> str:
    return "".join(
        f"    .c{at} {{ fill: {colour} }} .s{at} {{ fill: none; stroke: {colour}; stroke-width: 2 }}\n"
        for at, colour in enumerate(colours)
    )
