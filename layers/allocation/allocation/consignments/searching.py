"""Searches of consignments: terms in, a page of consignments and their number out. What one looks at is bounded."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Generic, Protocol, TypeVar

from allocation.batches import batches
from allocation.consignments.errors import TooBroadError
from allocation.consignments.store import ConsignmentStore, Known
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import STATES

# Consignments that one search counts, and beyond which it skips nothing.
MAX_COUNTED: Final = 10_000
# Consignments that are read whole because a term asks for more than the index has.
_MAX_READ: Final = 5_000
# A search ends in time for API Gateway's 29 seconds.
_MAX_DURATION: Final = timedelta(seconds=10)
_BATCH: Final = 100

# Tells whether a consignment meets a term.
Term = Callable[[Known], bool]
# What a search keeps of a consignment: 10,000 whole ones would not fit into a function's memory.
Kept = TypeVar("Kept")


@frozen
class Listing:
    """What an index can tell: consignments in one of the states, and with one of the carriers or a carrier service.

    `changed_since` and `changed_until` leave out those whose allocation, or its end, is older or newer, `moved_since`
    those whose last step is older, or that took none (aware UTC).
    """

    states: tuple[str, ...] = STATES
    carriers: frozenset[str] | None = None
    service: str | None = None
    changed_since: datetime | None = None
    changed_until: datetime | None = None
    moved_since: datetime | None = None

    @property
    def is_of_allocated(self) -> bool:
        """Whether a consignment must have a carrier service."""
        return self.carriers is not None or self.service is not None


class Listings(Protocol):
    """Lists consignments from indexes. Both call `go_on` before each read, and raise what it raises.

    A filter may leave out all that a read finds, so that only `go_on` can end a list that nothing of is wanted.
    """

    def listed(
        self, listing: Listing, *, newest_first: bool, go_on: Callable[[], None]
    ) -> Iterator[ConsignmentReference]:
        """Yield consignments in the order of their last allocation; read as they are asked for.

        Raises `RetryableError`.
        """

    def counted(self, listing: Listing, *, most: int, go_on: Callable[[], None]) -> Mapping[str, int]:
        """Return how many consignments are in each of the states, up to `most` in each that has a list of its own.

        Raises `RetryableError`.
        """


@frozen
class SearchTerms:
    """What the consignments of a search have in common.

    `direct` are the only ones that may meet the terms, where a term names them. `others` are what the index can't tell.
    """

    listing: Listing = field(default_factory=Listing)
    direct: Sequence[ConsignmentReference] | None = None
    others: tuple[Term, ...] = ()


@frozen
class Found(Generic[Kept]):
    """A page of a search: what is kept of each consignment.

    `count` is the number of all that meet the terms, `MAX_COUNTED` for that many or more.
    """

    consignments: Sequence[Kept]
    count: int


def reference_of(known: Known) -> ConsignmentReference:
    """Return all that is kept of a consignment where only its reference is asked for."""
    return known.reference


@frozen
class Searching:
    """Finds consignments."""

    store: ConsignmentStore
    listings: Listings
    now: Callable[[], datetime]

    def page(self, terms: SearchTerms, take: int, skip: int, keep: Callable[[Known], Kept]) -> Found[Kept]:
        """Return what to `keep` of the consignments from `skip` on, at most `take`, those newest allocated first.

        Raises `RequestError` where too many must be read to find them.
        """
        clock = _Clock(self.now)
        candidates = self._candidates(terms, clock, newest_first=True)
        if terms.direct is None and not terms.others:
            references = list(islice(candidates, MAX_COUNTED))
            return Found(self._kept(references[skip : skip + take], clock, keep), len(references))
        found: list[Kept] = []
        count = 0
        for each in self._matching(terms, candidates, clock, needed=skip + take):
            if skip <= count < skip + take:
                found.append(keep(each))
            count += 1
        return Found(found, count)

    def _kept(
        self, references: Sequence[ConsignmentReference], clock: "_Clock", keep: Callable[[Known], Kept]
    ) -> list[Kept]:
        """Return what to keep of consignments, which are read a batch at a time. Raises `RequestError`."""
        found: list[Kept] = []
        for batch in batches(references, _BATCH):
            clock.go_on()
            known = self.store.find(batch)
            found += [keep(known[each]) for each in batch if each in known]
        return found

    def counts(self, listing: Listing) -> Mapping[str, int]:
        """Return how many consignments are in each state, `MAX_COUNTED` for that many or more.

        Raises `RequestError` where too many must be read to count them.
        """
        counted = self.listings.counted(listing, most=MAX_COUNTED, go_on=_Clock(self.now).go_on)
        return {state: min(count, MAX_COUNTED) for state, count in counted.items()}

    def oldest(
        self, terms: SearchTerms, most: int, keep: Callable[[Known], Kept], *, partly: bool = True
    ) -> list[Kept]:
        """Return what to `keep` of up to `most` consignments that meet the terms, those allocated longest ago first.

        Ends in time with what it has, or `partly` false raises `RequestError`, as it does where it has nothing.
        """
        clock = _Clock(self.now)
        found: list[Kept] = []
        try:
            candidates = self._candidates(terms, clock, newest_first=False)
            matching = self._matching(terms, candidates, clock, needed=most, most_read=None)
            for each in islice(matching, most):
                found.append(keep(each))  # noqa: PERF401 - what was found stays where the time ends
        except TooBroadError:
            if not (partly and found):
                raise
        return found

    def all(self, terms: SearchTerms, most: int) -> list[Known]:
        """Return all consignments that meet the terms.

        Raises `RequestError` for more than `most`, or where too many must be read.
        """
        clock = _Clock(self.now)
        candidates = self._candidates(terms, clock, newest_first=True)
        found = list(islice(self._matching(terms, candidates, clock, needed=most + 1), most + 1))
        if len(found) > most:
            raise TooBroadError(f"More than {most} consignments meet the terms.")
        return found

    def _matching(
        self,
        terms: SearchTerms,
        references: Iterable[ConsignmentReference],
        clock: "_Clock",
        needed: int,
        most_read: int | None = _MAX_READ,
    ) -> Iterator[Known]:
        """Yield those that meet the terms, of `most_read` or, for None, of as many as are read in the time.

        Raises `RequestError` if fewer than `needed` are found.
        """
        found, read = 0, 0
        for batch in batches(references, _BATCH):
            if (most_read is not None and read >= most_read) or clock.is_over:
                if found < needed:
                    raise _too_broad(read)
                return
            read += len(batch)
            known = self.store.find(batch)
            for each in (known[reference] for reference in batch if reference in known):
                if each.state in terms.listing.states and all(term(each) for term in terms.others):
                    found += 1
                    yield each

    def _candidates(self, terms: SearchTerms, clock: "_Clock", *, newest_first: bool) -> Iterable[ConsignmentReference]:
        if terms.direct is not None:
            return list(dict.fromkeys(terms.direct))
        return self.listings.listed(terms.listing, newest_first=newest_first, go_on=clock.go_on)


class _Clock:
    """The time that a search may take."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._until = now() + _MAX_DURATION

    @property
    def is_over(self) -> bool:
        return self._now() >= self._until

    def go_on(self) -> None:
        """Raise `TooBroadError` once the time is over."""
        if self.is_over:
            raise TooBroadError(f"The search was not done in {_MAX_DURATION.seconds} s.")


def _too_broad(read: int) -> TooBroadError:
    return TooBroadError(f"{read} consignments were read, and too few of them meet the terms.")
