"""Searches of the console: filters in, a page of entries out. What one call reads is bounded, however much there is."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final, NamedTuple, Protocol

from allocation.consignments.errors import RequestError
from allocation.console.entries import Entry, PastVersion
from allocation.console.tallies import Counted, Tallied
from allocation.domain.frozen import frozen
from allocation.domain.state import STATES

_MAX_TAKE: Final = 100
# Entries that one call looks at, at most. Where few of them pass the filters, the page is short and has a next one.
MAX_LOOKED_AT: Final = 500
# Consignments of an order, or with a reference, that are looked at.
MAX_LOOKED_UP: Final = 100
# Versions of a consignment that are shown.
MAX_PAST_VERSIONS: Final = 100
_MAX_FILTER: Final = 256
# A position in a list: the moment of a change, and the consignment.
_POSITION: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[A-Za-z0-9._-]{1,64}")
# A position after all others.
AFTER_ALL: Final = "\x7f"


class EntryFilters(NamedTuple):
    """What the entries of a search have in common; None for whatever."""

    state: str | None = None
    carrier: str | None = None
    service: str | None = None
    day: date | None = None
    order: str | None = None
    # The consignment's own reference, or its sender's.
    reference: str | None = None
    tracking: str | None = None
    code: str | None = None
    # The digest of a failure's cause: `cause` of the groups of failures.
    cause: str | None = None

    def fits(self, entry: Entry) -> bool:
        """Return whether an entry passes all filters."""
        wanted = (
            (self.state, (entry.state,)),
            (self.carrier, (entry.carrier,)),
            (self.service, (entry.service,)),
            (self.day and self.day.isoformat(), (entry.day,)),
            (self.order, (entry.order,)),
            (self.reference, (entry.consignment, entry.customer_reference)),
            (self.tracking, entry.tracking_references),
            (self.code, (entry.failure_code,)),
            (self.cause, (entry.cause_digest,)),
        )
        return all(value is None or value in values for value, values in wanted)


class EntryList(NamedTuple):
    """A list of entries that the index keeps in order; one of the fields is given."""

    state: str | None = None
    carrier: str | None = None
    service: str | None = None
    code: str | None = None
    cause_digest: str | None = None


class IndexReader(Protocol):
    """Reads the search index. Every method raises `RetryableError` if that is not possible now."""

    def listed(self, entries: EntryList, after: str, until: str) -> Iterator[Entry]:
        """Yield the entries of a list, newest first, with positions from `until` down to, not including, `after`.

        They are read a page at a time, as they are asked for.
        """

    def found(
        self, *, order: str | None = None, reference: str | None = None, tracking: str | None = None
    ) -> list[Entry]:
        """Return up to `MAX_LOOKED_UP` entries of an order, or with a reference."""

    def past_versions(self, consignment: str) -> Sequence[PastVersion]:
        """Return up to `MAX_PAST_VERSIONS` versions before the last one, the oldest first."""

    def counted(self, of: Tallied, first: date, last: date) -> Sequence[Counted]:
        """Return the counts of days, both included, that are not 0. Raises `RequestError` where there are too many."""


@frozen
class EntryPage:
    """A page of a search. `next` is what leads to the next one; None where there is none."""

    entries: Sequence[Entry]
    next: str | None


@frozen
class EntrySearch:
    """Finds entries by filters."""

    index: IndexReader

    def page(self, filters: EntryFilters, take: int, token: str | None) -> EntryPage:
        """Return a page of at most `take` entries, newest first. Raises `RequestError` for what can't be asked."""
        _require_readable(filters)
        if not 1 <= take <= _MAX_TAKE:
            raise RequestError("ValidationException", f"take must be 1 to {_MAX_TAKE}.")
        start = _position_in(token) if token else AFTER_ALL
        return _page(self._candidates(filters, start), filters, take)

    def of_cause(self, digest: str, first: date, last: date, most: int) -> list[Entry]:
        """Return the newest entries that failed for a cause within days, both included."""
        until = f"{last.isoformat()}{AFTER_ALL}"
        listed = self.index.listed(EntryList(cause_digest=digest), first.isoformat(), until)
        return list(islice(listed, most))

    def _candidates(self, filters: EntryFilters, start: str) -> Iterator[Entry]:
        """Yield entries, newest first, that come after the position: those of the shortest list that has them all."""
        if filters.tracking or filters.reference or filters.order:
            if filters.tracking:
                found = self.index.found(tracking=filters.tracking)
            elif filters.reference:
                found = self.index.found(reference=filters.reference)
            else:
                found = self.index.found(order=filters.order)
            return iter(sorted((each for each in found if position(each) < start), key=position, reverse=True))
        after, until = "", start
        if filters.day:
            after, until = filters.day.isoformat(), min(start, f"{filters.day.isoformat()}{AFTER_ALL}")
        return _merged([self.index.listed(each, after, until) for each in _lists(filters)])


def _lists(filters: EntryFilters) -> list[EntryList]:
    """Return the lists to read: the most telling filter has one, and without any all states have one each."""
    if filters.cause:
        return [EntryList(cause_digest=filters.cause)]
    if filters.service:
        return [EntryList(service=filters.service)]
    if filters.code:
        return [EntryList(code=filters.code)]
    if filters.carrier:
        return [EntryList(carrier=filters.carrier)]
    return [EntryList(state=state) for state in ((filters.state,) if filters.state else STATES)]


def _merged(lists: Sequence[Iterator[Entry]]) -> Iterator[Entry]:
    """Yield the entries of several lists, newest first, reading no list further than is needed."""
    heads = [(entry, rest) for rest in lists if (entry := next(rest, None))]
    while heads:
        newest = max(range(len(heads)), key=lambda at: position(heads[at][0]))
        entry, rest = heads[newest]
        yield entry
        following = next(rest, None)
        if following:
            heads[newest] = (following, rest)
        else:
            del heads[newest]


def _page(candidates: Iterable[Entry], filters: EntryFilters, take: int) -> EntryPage:
    page: list[Entry] = []
    last: Entry | None = None
    for at, entry in enumerate(candidates):
        if len(page) == take or at == MAX_LOOKED_AT:
            return EntryPage(page, _token(last) if last else None)
        last = entry
        if filters.fits(entry):
            page.append(entry)
    return EntryPage(page, None)


def position(entry: Entry) -> str:
    """Return where an entry stands in every list: by the moment of its last change."""
    return f"{entry.allocated_at}#{entry.consignment}"


def _token(entry: Entry) -> str:
    return urlsafe_b64encode(position(entry).encode()).decode().rstrip("=")


def _position_in(token: str) -> str:
    """Return the position that a token has. It is all that a token says: what is read is up to the filters.

    Raises `RequestError` for text that is no token.
    """
    try:
        text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except ValueError:
        text = ""
    if not _POSITION.fullmatch(text):
        raise RequestError("ValidationException", "next is not a page of this list: begin without it.")
    return text


def _require_readable(filters: EntryFilters) -> None:
    if filters.state and filters.state not in STATES:
        raise RequestError("ValidationException", f"state must be one of {', '.join(STATES)}.")
    for name, value in filters._asdict().items():
        if isinstance(value, str) and len(value) > _MAX_FILTER:
            raise RequestError("ValidationException", f"{name} must have at most {_MAX_FILTER} characters.")
