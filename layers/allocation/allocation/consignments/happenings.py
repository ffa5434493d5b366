"""What happened to consignments within a time, as far as it is kept: for clients that ask now and then.

A consignment keeps its creation, its last failure, its allocation, the manifest, the dispatch and its last step, each
with its moment. What lies between two questions and was overtaken by a later step is not told.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from allocation.consignments.searching import Listing, Searching, SearchTerms
from allocation.consignments.store import UNALLOCATED, Known
from allocation.domain.frozen import frozen
from allocation.domain.state import CARRIED

# Consignments in a reply.
MAX_HAPPENINGS: Final = 1_000
# How long before a step its consignment was allocated, at most: those allocated earlier are not looked at.
_MAX_JOURNEY: Final = timedelta(days=45)
_CREATED: Final = "ConsignmentCreated"
_LABELS: Final = "LabelsPrinted"
# PRO's types of events that are kept.
KEPT_TYPES: Final = (_CREATED, _LABELS)

# Yields when what happened to a consignment.
_Told = Callable[[Known], Iterator[tuple[datetime, str]]]


@frozen
class Happening:
    """What happened to a consignment: `kind` is the state that it came into, or what else happened. `at` is aware."""

    at: datetime
    kind: str
    known: Known


@frozen
class Happenings:
    """Finds what happened to consignments."""

    searching: Searching

    def states(self, start: datetime, end: datetime, wanted: Collection[str]) -> list[Happening]:
        """Return which consignments came into one of the states from `start` on and before `end`, the earliest first.

        Raises `RequestError` where more than `MAX_HAPPENINGS` consignments, or too many to be read, have to do with it.
        """
        moved = Listing(CARRIED, changed_since=start - _MAX_JOURNEY, moved_since=start)
        return self._within(start, end, wanted, _changes_of_state, [Listing(changed_since=start), moved])

    def others(self, start: datetime, end: datetime, wanted: Collection[str]) -> list[Happening]:
        """Return which consignments were created, or had labels given out, as `states` does.

        No index has when labels were given out: all that were allocated shortly before are read.
        """
        listings = [Listing(changed_since=start)]
        if _LABELS in wanted:
            listings.append(Listing(CARRIED, changed_since=start - _MAX_JOURNEY, changed_until=start))
        return self._within(start, end, wanted, _other_happenings, listings)

    def _within(
        self, start: datetime, end: datetime, wanted: Collection[str], told: _Told, listings: Sequence[Listing]
    ) -> list[Happening]:
        def happened(known: Known) -> bool:
            return any(start <= at < end and kind in wanted for at, kind in told(known))

        found = {
            known.reference: known
            for each in listings
            for known in self.searching.all(SearchTerms(each, others=(happened,)), MAX_HAPPENINGS)
        }
        happenings = [
            Happening(at, kind, known)
            for known in found.values()
            for at, kind in told(known)
            if start <= at < end and kind in wanted
        ]
        return sorted(happenings, key=lambda each: (each.at, each.known.reference))


def _changes_of_state(known: Known) -> Iterator[tuple[datetime, str]]:
    """Yield when a consignment came into which state, as far as it is kept."""
    yield from dict.fromkeys((datetime.fromisoformat(at), state) for at, state in _states(known) if at)


def _states(known: Known) -> Iterator[tuple[str | None, str]]:
    record = known.record
    if known.stored:
        yield known.stored.created_at.isoformat(), UNALLOCATED
    if record is None:
        return
    if failed := record.latest_failure:
        yield failed.failed_at.isoformat(), "AllocationFailed"
    if record.allocation_summary is None:
        yield record.allocated_at, record.state
        return
    yield record.allocated_at, "Allocated"
    yield record.manifested_at, "Manifested"
    yield record.dispatched_at, "Dispatched"
    yield record.moved_at, record.state


def _other_happenings(known: Known) -> Iterator[tuple[datetime, str]]:
    """Yield when a consignment was created and its labels were given out, by the names of PRO's types of events."""
    if known.stored:
        yield known.stored.created_at, _CREATED
    if given := known.labels_given:
        yield given.at, _LABELS
