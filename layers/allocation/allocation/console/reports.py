"""What the console counts: failures by cause, and days with their services, costs and limits."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from allocation.consignments.errors import RequestError
from allocation.console.entries import digest_of
from allocation.console.searching import EntrySearch
from allocation.console.tallies import Counted, Tallied
from allocation.domain.frozen import frozen
from allocation.domain.limit import LimitedDay
from allocation.engine.loaded_catalogue import Catalogue
from allocation.ports import LimitUsage

_MAX_DAYS: Final = 92
_USUAL_DAYS: Final = 14
# Groups of failures: each takes a query.
_MAX_GROUPS: Final = 50
_MAX_CONSIGNMENTS: Final = 20


@frozen
class Days:
    """Days from the first to the last, both included."""

    first: date
    last: date


def days_asked(first: date | None, last: date | None, today: date) -> Days:
    """Return the days that are asked for: by default the last 14. Raises `RequestError` for too many or none."""
    until = last or max(today, first or today)
    since = first or until - timedelta(days=_USUAL_DAYS - 1)
    if since > until or (until - since).days >= _MAX_DAYS:
        text = f"from and to must be 1 to {_MAX_DAYS} days, such as from=2026-11-01&to=2026-11-30."
        raise RequestError("ValidationException", text)
    return Days(since, until)


def failures(search: EntrySearch, days: Days) -> dict[str, Any]:
    """Return the consignments that stand failed since some of these days, by cause, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for counted in search.index.counted(Tallied.CAUSES, days.first, days.last):
        counts[counted.tally.code, counted.tally.cause] += counted.count
    return {
        "groups": [
            _group(search, days, code, cause, count) for (code, cause), count in counts.most_common(_MAX_GROUPS)
        ],
        "omittedGroups": max(0, len(counts) - _MAX_GROUPS),
    }


def _group(search: EntrySearch, days: Days, code: str, cause: str, count: int) -> dict[str, Any]:
    digest = digest_of(code, cause)
    newest = search.of_cause(digest, days.first, days.last, _MAX_CONSIGNMENTS)
    example = newest[0].failure if newest else None
    return {
        "code": code,
        "count": count,
        "cause": cause,
        "causeDigest": digest,
        "nearestMiss": example if example != cause else None,
        "latest": newest[0].allocated_at if newest else None,
        "consignments": [entry.consignment for entry in newest],
    }


def daily_counts(search: EntrySearch, days: Days, catalogue: Catalogue | None, usage: LimitUsage) -> dict[str, Any]:
    """Return for each day its states and, by carrier service, the consignments, their cost and the limit used.

    Without a catalogue no limits are known. Raises `RetryableError`.
    """
    by_day: dict[str, list[Counted]] = defaultdict(list)
    for counted in search.index.counted(Tallied.DAYS, days.first, days.last):
        by_day[counted.tally.day].append(counted)
    limits = {each.reference: each.daily_limit for each in catalogue.services if each.daily_limit} if catalogue else {}
    used = _usage(by_day, limits, usage)

    def limit(service: str, day: str) -> dict[str, int | None]:
        most = limits.get(service)
        return {"limit": most, "used": used(service, day) if most is not None else None}

    return {
        "days": [
            {
                "day": day,
                "states": _states(counts),
                "services": [row | limit(row["service"], day) for row in _services(counts)],
            }
            for day, counts in sorted(by_day.items())
        ]
    }


def _usage(by_day: dict[str, list[Counted]], limits: dict[str, int], usage: LimitUsage) -> Callable[[str, str], int]:
    """Return what tells how much of a service's limit is used on a day of collection."""
    wanted = {
        LimitedDay(counted.tally.service, date.fromisoformat(day))
        for day, counts in by_day.items()
        for counted in counts
        if counted.tally.service in limits
    }
    used = usage.used(sorted(wanted)) if wanted else {}
    return lambda service, day: used.get(LimitedDay(service, date.fromisoformat(day)), 0)


def _states(counts: Sequence[Counted]) -> dict[str, int]:
    states: Counter[str] = Counter()
    for counted in counts:
        states[counted.tally.state] += counted.count
    return dict(sorted(states.items()))


def _services(counts: Sequence[Counted]) -> list[dict[str, Any]]:
    """Return a row for each service that consignments stand allocated to, and for each of its currencies."""
    rows = []
    for counted in sorted(counts, key=lambda each: (each.tally.carrier, each.tally.service)):
        if counted.tally.service:
            priced = [_row(counted, currency, net) for currency, net in sorted(counted.net.items())]
            rows += priced or [_row(counted, None, None)]
    return rows


def _row(counted: Counted, currency: str | None, net: Decimal | None) -> dict[str, Any]:
    return {
        "carrier": counted.tally.carrier,
        "service": counted.tally.service,
        "count": counted.count,
        "net": None if net is None else f"{net:f}",
        "currency": currency,
    }
