"""Counts of the entries of a day: states, carrier services with their cost, and causes of failures.

A count changes in the transaction that writes an entry, by the difference between the entry before and after. So the
counts are always those that a recount of the entries gives.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, NamedTuple

from allocation.console.entries import Entry, digest_of
from allocation.domain.frozen import frozen

COUNT: Final = "count"
# What a sum of money is called, with its currency after it.
NET: Final = "net "


class Tallied(StrEnum):
    """What is counted. The values are keys in the index."""

    DAYS = "days"
    CAUSES = "causes"


class DayTally(NamedTuple):
    """One count. Entries that agree in all of it are counted together; a `Tallied.CAUSES` has a cause and a code."""

    of: Tallied
    day: str
    state: str
    carrier: str = ""
    service: str = ""
    code: str = ""
    cause: str = ""

    @property
    def key(self) -> str:
        """What identifies it among its kind; it begins with the day."""
        return f"{self.day}#{digest_of(*self[2:])}"


# How much each number of each tally changes: `COUNT`, and `NET` with a currency.
_TallyChanges = Mapping[DayTally, Mapping[str, Decimal]]


@frozen
class Counted:
    """A tally with its numbers, as it is kept."""

    tally: DayTally
    count: int
    # Sums without VAT, by currency.
    net: Mapping[str, Decimal]


def tally_changes(changes: Iterable[tuple[Entry | None, Entry]]) -> _TallyChanges:
    """Return by how much the tallies change when each second entry takes the place of the first."""
    sums: dict[DayTally, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for before, after in changes:
        for entry, sign in ((before, -1), (after, 1)):
            for tally, numbers in _numbers(entry).items() if entry else ():
                for name, number in numbers.items():
                    sums[tally][name] += sign * number
    changed = {tally: {name: number for name, number in numbers.items() if number} for tally, numbers in sums.items()}
    return {tally: numbers for tally, numbers in changed.items() if numbers}


def _numbers(entry: Entry) -> dict[DayTally, dict[str, Decimal]]:
    """Return what one entry adds to each tally that it counts in."""
    one = {COUNT: Decimal(1)}
    day = DayTally(Tallied.DAYS, entry.day, entry.state, entry.carrier or "", entry.service or "")
    numbers = {day: one | _net(entry)}
    if entry.cause:
        numbers[DayTally(Tallied.CAUSES, entry.day, entry.state, code=entry.failure_code or "", cause=entry.cause)] = (
            one
        )
    return numbers


def _net(entry: Entry) -> dict[str, Decimal]:
    """Return the price without VAT; nothing where the record has none that is a number."""
    if entry.price is None:
        return {}
    try:
        amount = Decimal(entry.price.net)
    except InvalidOperation:
        return {}
    return {f"{NET}{entry.price.currency[:8]}": amount} if amount.is_finite() else {}
