"""The conclusion of a replay in sentences, for the terminal and the page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allocation.replay.result import ReplayResult
from cli.output import counted, printable


@dataclass(frozen=True, slots=True)
class CommonCost:
    """What the consignments cost net that both sides allocate, by currency."""

    consignments: int
    before: Mapping[str, Decimal]
    after: Mapping[str, Decimal]

    @property
    def currency(self) -> str | None:
        """The currency in which both sides can be compared, or None."""
        currencies = self.before.keys() | self.after.keys()
        return next(iter(currencies)) if len(currencies) == 1 else None


def common_cost(result: ReplayResult) -> CommonCost:
    """Return what the consignments cost that both sides allocate."""
    before: dict[str, Decimal] = {}
    after: dict[str, Decimal] = {}
    count = 0
    for way, moved in result.ways:
        if way.currency_before is not None and way.currency_after is not None:
            count += moved.count
            before[way.currency_before] = before.get(way.currency_before, Decimal(0)) + moved.before
            after[way.currency_after] = after.get(way.currency_after, Decimal(0)) + moved.after
    return CommonCost(count, before, after)


def conclusion(result: ReplayResult) -> Iterator[str]:
    """Yield sentences: how many move, what that costs, what newly fails, which limits are used up."""
    if not result.consignments:
        yield "There is no consignment to replay."
        return
    yield from _moves(result)
    yield from _cost(common_cost(result))
    yield from _failures(result)
    if result.full_days:
        turned_away = counted(sum(day.turned_away for day in result.full_days), "consignment")
        yield f"{counted(len(result.full_days), 'daily limit')} would be used up: {turned_away} would go elsewhere."


def amount(sums: Mapping[str, Decimal]) -> str:
    """Return sums of several currencies, which are not added: `12.50 EUR + 3.00 GBP`."""
    return " + ".join(f"{total:,} {currency}" for currency, total in sorted(sums.items())) or "nothing"


def change_in_words(before: Decimal, after: Decimal) -> str:
    """Return a change of cost: `2.20 less (-4.7%)`."""
    change = after - before
    share = f" ({change / before:+.1%})" if before else ""
    return f"{abs(change):,} {'more' if change > 0 else 'less'}{share}"


def _moves(result: ReplayResult) -> Iterator[str]:
    moved, all_of_them = result.moved, counted(result.consignments, "consignment")
    yield f"{moved or 'None'} of {all_of_them} {_verb(moved or 1, 'move')} to another service."
    if result.repriced:
        yield f"{result.repriced} {_verb(result.repriced, 'keep')} the service, at another price."


def _cost(cost: CommonCost) -> Iterator[str]:
    if not cost.consignments:
        return
    subject = f"The {counted(cost.consignments, 'consignment')} allocated under both {_verb(cost.consignments, 'cost')}"
    if cost.before == cost.after:
        yield f"{subject} {amount(cost.after)} net, as before."
    elif currency := cost.currency:
        before, after = cost.before[currency], cost.after[currency]
        yield f"{subject} {after:,} {currency} net instead of {before:,}: {change_in_words(before, after)}."
    else:
        yield f"{subject} {amount(cost.after)} net instead of {amount(cost.before)}."


def _failures(result: ReplayResult) -> Iterator[str]:
    codes = ", ".join(f"{printable(code)} {failures.count}" for code, failures in result.failures)
    if number := result.newly_failed:
        yield f"{number} newly {_verb(number, 'fail')} ({codes})."
    else:
        yield "None newly fails."
    if result.newly_allocated:
        yield f"{result.newly_allocated} that failed before would be allocated."


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb
