"""Words `docs/scale.md` from what a run measured."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from allocation.pro.calls import MAX_BULK
from cli.cost.prices import PRICES, Used
from cli.paths import ROOT
from tests.benchmarks.figures import Findings, number
from tests.benchmarks.functions import template, whole_number
from tests.benchmarks.queueing import simulate
from tests.benchmarks.scale import MOST_LANES_A_SHARD, ROOM, SIMULATED_SECONDS, Measured, Need, measured_of, walls

SCALE_PAGE: Final = ROOT / "docs" / "scale.md"
_TEXT: Final = Path(__file__).with_name("scale.md.txt")
_RATES: Final = (1_000, 10_000)


def scale_page(findings: Findings) -> str:
    """Return the page."""
    mapping = template()["Resources"]["AllocateOrdersFunctionOrders"]["Properties"]
    batch = whole_number(mapping["BatchSize"])
    concurrency = whole_number(mapping["ScalingConfig"]["MaximumConcurrency"])
    all_measured = measured_of(findings.facts)
    needs = [Need(one, rate, batch) for rate in _RATES for one in all_measured]
    waited = [need.simulated() for need in needs]
    parts: dict[str, Any] = {
        "head": "| | " + " | ".join(f"{need.orders_a_second:,}/s, {need.measured.name}" for need in needs) + " |",
        "needs": "\n".join(_line(name, [told(need) for need in needs]) for name, told in _LINES),
        "waits": "\n".join(
            [
                _line("until the record stands", [_told(each.recorded) for each in waited]),
                _line("until the event is out", [_told(each.published) for each in waited]),
                _line(
                    "keeps up",
                    ["yes" if w.keeps_up(n.orders_a_second) else "**no**" for n, w in zip(needs, waited, strict=True)],
                ),
            ]
        ),
        "engine_walls": "\n".join(map(_wall, walls(all_measured[0], batch, concurrency))),
        "pro_walls": "\n".join(map(_wall, walls(all_measured[1], batch, concurrency)[:3])),
        "measured": "\n".join(map(_measured, all_measured)),
        "concurrency": concurrency,
        "batch": batch,
        "room": ROOM,
        "seconds": SIMULATED_SECONDS,
        "bulk": MAX_BULK,
        "log_bytes": f"{(logged := findings.facts['engine log bytes']):,.0f}",
        "log_megabytes": f"{logged * _RATES[-1] / 1e6:,.0f}",
        "log_dollars": f"{float(PRICES[Used.LOG_GIGABYTES].of(Decimal(logged * _RATES[-1] * 3600 / 1e9))):,.0f}",
        "check": _checked(all_measured[0], batch, concurrency),
    }
    return _TEXT.read_text("utf-8").format(**parts)


def _checked(measured: Measured, batch: int, concurrency: int) -> str:
    """Return what the simulation says of the template's own settings, below their wall and above it."""
    limit = concurrency * batch / measured.batch_seconds
    way = replace(Need(measured, round(limit), batch).way(MOST_LANES_A_SHARD), concurrency=concurrency)
    told = []
    for part in (0.9, 1.1):
        rate = part * limit
        keeps_up = simulate(rate, SIMULATED_SECONDS, way).keeps_up(rate)
        told.append(f"{'keeps' if keeps_up else 'does not keep'} up with {rate:,.0f} orders a second")
    return " and ".join(told)


def _line(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


_LINES: Final[tuple[tuple[str, Callable[[Need], str]], ...]] = (
    ("functions that take orders at once", lambda need: f"{need.concurrency:,}"),
    ("Lambda has them after", lambda need: f"{need.awake_seconds:,.0f} s"),
    ("write units a second, all tables", lambda need: f"{need.orders_a_second * need.measured.write_units:,.0f}"),
    ("read units a second, all tables", lambda need: f"{need.orders_a_second * need.measured.read_units:,.0f}"),
    ("partitions and shards of the records", lambda need: f"{need.partitions}"),
    ("`ParallelizationFactor` of the publisher", lambda need: f"{need.lanes_a_shard}"),
    ("SNS messages a second", lambda need: f"{need.orders_a_second:,}"),
    ("SortedPRO calls a second", lambda need: f"{need.pro_calls:,.0f}" if need.pro_calls else "none"),
    ("of these open at once", lambda need: f"{need.pro_at_once:,}" if need.pro_calls else "none"),
    ("dollars an hour", lambda need: f"{need.dollars_an_hour:,.0f}"),
)


def _told(waits: tuple[float, float]) -> str:
    return f"{number(waits[0])} s, {number(waits[1])} s"


def _wall(wall: tuple[float, str, str]) -> str:
    limit, what, move = wall
    return f"| {limit:,.0f} | {what} | {move} |"


def _measured(one: Measured) -> str:
    return (
        f"- **{one.name}**: {one.batch_seconds * 1e3:.0f} ms a batch, {one.write_units:.1f} write and "
        f"{one.read_units:.1f} read units and ${one.dollars_a_million:.2f} a million orders."
    )
