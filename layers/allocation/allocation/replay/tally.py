"""Counts what changes between the two sides of a replay. Tallies of parts add up to the tally of the whole."""

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from allocation.domain.outcome import Failure
from allocation.replay.decisions import Choice

# How many of the largest differences in price, each way and in each currency, and how many consignments of a failure
# are named.
MAX_NAMED: Final = 20


class FromTo(NamedTuple):
    """From which service to which, None being a failure, and the currency that each is paid in."""

    before: str | None
    after: str | None
    currency_before: str | None
    currency_after: str | None


@dataclass(slots=True)
class Moved:
    """How many consignments go one way, and their net prices on each side."""

    count: int = 0
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)


class Difference(NamedTuple):
    """A consignment whose price changes, both sides in one currency. The largest change is the first in order."""

    rank: Decimal  # the change, less than 0
    consignment: str
    before: str
    after: str
    price_before: Decimal
    price_after: Decimal


@dataclass(slots=True)
class NewFailures:
    """Consignments that only the second side can't allocate. `consignments` are the first by reference."""

    count: int = 0
    consignments: list[tuple[str, str]] = field(default_factory=list)  # with the text of each failure


@dataclass(slots=True)
class Tally:
    """What was counted. `dearer` and `cheaper` have the largest differences by currency."""

    ways: dict[FromTo, Moved] = field(default_factory=dict)
    repriced: int = 0
    dearer: dict[str, list[Difference]] = field(default_factory=dict)
    cheaper: dict[str, list[Difference]] = field(default_factory=dict)
    failures: dict[str, NewFailures] = field(default_factory=dict)

    def add(self, consignment: str, before: Choice | None, after: Choice | None, failure: Failure) -> None:
        """Count a consignment by what each side chooses. `failure` is the second side's, where it chooses nothing."""
        way = FromTo(
            before.service if before else None,
            after.service if after else None,
            before.net.currency if before else None,
            after.net.currency if after else None,
        )
        moved = self.ways.setdefault(way, Moved())
        moved.count += 1
        if before:
            moved.before += before.net.amount
        if after:
            moved.after += after.net.amount
        if before and after:
            self._compare(consignment, before, after)
        elif before:
            _name(self.failures.setdefault(failure.code, NewFailures()), [(consignment, failure.message)], 1)

    def merge(self, other: "Tally") -> None:
        """Add what was counted elsewhere, of other consignments."""
        for way, moved in other.ways.items():
            own = self.ways.setdefault(way, Moved())
            own.count += moved.count
            own.before += moved.before
            own.after += moved.after
        self.repriced += other.repriced
        for mine, theirs in ((self.dearer, other.dearer), (self.cheaper, other.cheaper)):
            for currency, differences in theirs.items():
                _keep_first(mine.setdefault(currency, []), differences)
        for code, failures in other.failures.items():
            _name(self.failures.setdefault(code, NewFailures()), failures.consignments, failures.count)

    def _compare(self, consignment: str, before: Choice, after: Choice) -> None:
        same_service = before.service == after.service
        self.repriced += same_service and before.net != after.net
        change = after.net.amount - before.net.amount
        if before.net.currency != after.net.currency or not change:
            return
        largest = self.dearer if change > 0 else self.cheaper
        difference = Difference(
            -abs(change), consignment, before.service, after.service, before.net.amount, after.net.amount
        )
        _keep_first(largest.setdefault(after.net.currency, []), [difference])


def _name(failures: NewFailures, consignments: Iterable[tuple[str, str]], count: int) -> None:
    failures.count += count
    _keep_first(failures.consignments, consignments)


def _keep_first(kept: list[Any], more: Iterable[Any]) -> None:
    """Add items to a sorted list, which keeps only the first ones."""
    for item in more:
        if len(kept) < MAX_NAMED or item < kept[-1]:
            insort(kept, item)
            del kept[MAX_NAMED:]
