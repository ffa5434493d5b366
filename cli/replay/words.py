"""The conclusion of a replay in sentences, for the terminal and the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allocation.domain.mode import AllocationMode
from allocation.engine.explanation import shortened
from allocation.replay.result import CatalogueName, ReplayResult
from cli.output import counted, printable


@dataclass(frozen=True, slots=True)
class _CommonCost:
    """What the consignments cost net that both sides allocate, by currency."""

    consignments: int
    before: Mapping[str, Decimal]
    after: Mapping[str, Decimal]
    # Whether a consignment moves to a service of another currency: then a sum that falls is no saving.
    has_crossings: bool


def _common_cost(result: ReplayResult) -> _CommonCost:
    """Return what the consignments cost that both sides allocate."""
    before: dict[str, Decimal] = {}
    after: dict[str, Decimal] = {}
    count, crossings = 0, False
    for way, moved in result.ways:
        if way.currency_before is not None and way.currency_after is not None:
            count += moved.count
            crossings |= way.currency_before != way.currency_after
            before[way.currency_before] = before.get(way.currency_before, Decimal(0)) + moved.before
            after[way.currency_after] = after.get(way.currency_after, Decimal(0)) + moved.after
    return _CommonCost(count, before, after, crossings)


# The modes of both sides; None where each consignment keeps the one that it was asked with.
Modes = tuple[AllocationMode | None, AllocationMode | None]


def _named(catalogue: CatalogueName) -> str:
    """Return what to call a catalogue: two may have the same version."""
    told = ", ".join(filter(None, (catalogue.name, shortened(catalogue.digest))))
    return printable(f"catalogue {catalogue.version} ({told})")


def compared(result: ReplayResult, modes: Modes) -> str:
    """Return which catalogues are compared, and the modes of both sides where the orders do not say them."""
    catalogues = f"From {_named(result.before)} to {_named(result.after)}."
    if modes == (None, None):
        return catalogues
    before, after = (f"{mode.name} {mode.reference or ''}".strip() if mode else "as asked" for mode in modes)
    return f"{catalogues} The mode before is {before}, the mode after {after}."


def failing_under_both(result: ReplayResult) -> int:
    """Return how many consignments neither side can allocate."""
    return sum(moved.count for way, moved in result.ways if way.before is None and way.after is None)


def conclusion(result: ReplayResult) -> Iterator[str]:
    """Yield sentences: how many move, what that costs, what newly fails, which limits are used up."""
    if not result.consignments:
        yield "There is no consignment to replay."
        return
    yield from _moves(result)
    yield from _cost(_common_cost(result))
    yield from _failures(result)
    if result.full_days:
        turned_away = counted(sum(day.turned_away for day in result.full_days), "consignment")
        yield f"{counted(len(result.full_days), 'daily limit')} would be used up: {turned_away} would go elsewhere."


def _moves(result: ReplayResult) -> Iterator[str]:
    moved, all_of_them = result.moved, counted(result.consignments, "consignment")
    yield f"{moved or 'None'} of {all_of_them} {_verb(moved or 1, 'move')} to another service."
    if result.repriced:
        yield f"{result.repriced} {_verb(result.repriced, 'keep')} the service, at another price."


def _cost(cost: _CommonCost) -> Iterator[str]:
    if not cost.consignments:
        return
    subject = f"The {counted(cost.consignments, 'consignment')} allocated under both {_verb(cost.consignments, 'cost')}"
    if cost.before == cost.after:
        yield f"{subject} {_amount(cost.after)} net, as before."
        return
    changes = "" if cost.has_crossings else f": {', '.join(_changes(cost))}"
    yield f"{subject} {_amount(cost.after)} net instead of {_amount(cost.before)}{changes}."


def _amount(sums: Mapping[str, Decimal]) -> str:
    """Return sums of several currencies, which are not added: `12.50 EUR + 3.00 GBP`."""
    return " + ".join(f"{total:,} {currency}" for currency, total in sorted(sums.items()))


def _changes(cost: _CommonCost) -> Iterator[str]:
    """Yield the change of each currency: `2.20 GBP less (-4.7%)`."""
    for currency, before in sorted(cost.before.items()):
        change = cost.after[currency] - before
        share = f" ({change / before:+.1%})" if before else ""
        if change:
            yield f"{abs(change):,} {currency} {'more' if change > 0 else 'less'}{share}"


def _failures(result: ReplayResult) -> Iterator[str]:
    codes = ", ".join(f"{printable(code)} {failures.count}" for code, failures in result.failures)
    if number := result.newly_failed:
        yield f"{number} newly {_verb(number, 'fail')} ({codes})."
    else:
        yield "None newly fails."
    if failing := failing_under_both(result):
        yield f"{failing} {_verb(failing, 'fail')} under both."
    if result.newly_allocated:
        yield f"{result.newly_allocated} that failed before would be allocated."


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
