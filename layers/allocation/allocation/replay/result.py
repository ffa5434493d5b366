"""The result of a replay, and the JSON of it that the program prints and the stack's bucket keeps."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from allocation.domain.frozen import frozen
from allocation.engine.loaded_catalogue import Catalogue
from allocation.replay.tally import Difference, FromTo, Moved, NewFailures, Tally

# Pairs of services, and full days, that are kept for the console. A thousand services have a million pairs, and a
# reply of API Gateway at most 6 MB.
MAX_KEPT: Final = 1_000


class CatalogueName(NamedTuple):
    """Which catalogue one side of a replay decides by. `name` is what people call it: a file, or how it was found."""

    version: str
    digest: str
    name: str = ""

    @classmethod
    def of(cls, catalogue: Catalogue) -> "CatalogueName":
        """Return the name of a catalogue."""
        return cls(catalogue.version, catalogue.digest)


@frozen
class FullDay:
    """A day on which a service of the second catalogue takes no more. `turned_away` preferred it and went elsewhere."""

    service: str
    day: date
    limit: int
    used: int
    turned_away: int


@frozen
class ReplayResult:
    """What changes from one catalogue to the other. All prices are net, and sums are by currency.

    `unchanged` consignments keep their service, or fail under both; `repriced` ones keep it at another price.
    """

    before: CatalogueName
    after: CatalogueName
    consignments: int
    unchanged: int
    repriced: int
    moved: int
    newly_failed: int
    newly_allocated: int
    cost_before: Mapping[str, Decimal]
    cost_after: Mapping[str, Decimal]
    ways: Sequence[tuple[FromTo, Moved]]  # the most frequent first
    dearer: Sequence[tuple[str, Difference]]  # each with its currency, the largest first
    cheaper: Sequence[tuple[str, Difference]]
    failures: Sequence[tuple[str, NewFailures]]  # by code, the most frequent first
    full_days: Sequence[FullDay]

    def document(self, most: int | None = None) -> dict[str, Any]:
        """Return the result as JSON-ready data: money as text, exact.

        `most` is how many pairs of services and full days are listed; `leftOut` counts the others. None lists all.
        """
        ways, full_days = self.ways[:most], self.full_days[:most]
        return {
            "from": self.before._asdict(),
            "to": self.after._asdict(),
            "consignments": self.consignments,
            "unchanged": self.unchanged,
            "repriced": self.repriced,
            "moved": self.moved,
            "newlyFailed": self.newly_failed,
            "newlyAllocated": self.newly_allocated,
            "costBefore": _amounts(self.cost_before),
            "costAfter": _amounts(self.cost_after),
            "moves": [_move(way, moved) for way, moved in ways],
            "largest": {"dearer": [*map(_change, self.dearer)], "cheaper": [*map(_change, self.cheaper)]},
            "failures": [_failures(code, failures) for code, failures in self.failures],
            "limits": [_full_day(day) for day in full_days],
            "leftOut": {"moves": len(self.ways) - len(ways), "limits": len(self.full_days) - len(full_days)},
        }


def result_of(before: CatalogueName, after: CatalogueName, tally: Tally, full_days: Sequence[FullDay]) -> ReplayResult:
    """Return the result of a whole tally."""
    ways = sorted(tally.ways.items(), key=lambda item: (-item[1].count, *map(str, item[0])))
    counts: Counter[_CountedAs] = Counter()
    for way, moved in ways:
        counts[_kind(way)] += moved.count
    return ReplayResult(
        before=before,
        after=after,
        consignments=counts.total(),
        unchanged=counts[_CountedAs.UNCHANGED],
        repriced=tally.repriced,
        moved=counts[_CountedAs.MOVED],
        newly_failed=counts[_CountedAs.NEWLY_FAILED],
        newly_allocated=counts[_CountedAs.NEWLY_ALLOCATED],
        cost_before=_sums((way.currency_before, moved.before) for way, moved in ways),
        cost_after=_sums((way.currency_after, moved.after) for way, moved in ways),
        ways=ways,
        dearer=_in_order(tally.dearer),
        cheaper=_in_order(tally.cheaper),
        failures=sorted(tally.failures.items(), key=lambda item: (-item[1].count, item[0])),
        full_days=full_days,
    )


class _CountedAs(Enum):
    """How a consignment is counted, each in one way."""

    UNCHANGED = auto()
    MOVED = auto()
    NEWLY_FAILED = auto()
    NEWLY_ALLOCATED = auto()


def _kind(way: FromTo) -> _CountedAs:
    if way.before == way.after:
        return _CountedAs.UNCHANGED
    if way.after is None:
        return _CountedAs.NEWLY_FAILED
    return _CountedAs.NEWLY_ALLOCATED if way.before is None else _CountedAs.MOVED


def _sums(amounts: Iterable[tuple[str | None, Decimal]]) -> dict[str, Decimal]:
    """Return the sums by currency, in the order of their codes."""
    sums: dict[str, Decimal] = {}
    for currency, amount in amounts:
        if currency is not None:
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return dict(sorted(sums.items()))


def _in_order(differences: Mapping[str, Sequence[Difference]]) -> list[tuple[str, Difference]]:
    return [(currency, each) for currency in sorted(differences) for each in differences[currency]]


def _amounts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: str(amount) for currency, amount in sums.items()}


def _move(way: FromTo, moved: Moved) -> dict[str, Any]:
    return {
        "from": way.before,
        "to": way.after,
        "count": moved.count,
        "costBefore": str(moved.before),
        "costAfter": str(moved.after),
        "currencyBefore": way.currency_before,
        "currencyAfter": way.currency_after,
    }


def _change(change: tuple[str, Difference]) -> dict[str, str]:
    currency, difference = change
    return {
        "consignment": difference.consignment,
        "from": difference.before,
        "to": difference.after,
        "before": str(difference.price_before),
        "after": str(difference.price_after),
        "difference": str(difference.price_after - difference.price_before),
        "currency": currency,
    }


def _failures(code: str, failures: NewFailures) -> dict[str, Any]:
    return {
        "code": code,
        "count": failures.count,
        "consignments": [reference for reference, _ in failures.consignments],
        "example": failures.consignments[0][1],
    }


def _full_day(day: FullDay) -> dict[str, Any]:
    return {
        "service": day.service,
        "day": day.day.isoformat(),
        "limit": day.limit,
        "used": day.used,
        "turnedAway": day.turned_away,
    }
