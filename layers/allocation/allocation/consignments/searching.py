"""Searches of consignments: terms in, a page of consignments and their number out. What one looks at is bounded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Protocol

from allocation.batches import batches
from allocation.consignments.errors import RequestError
from allocation.consignments.store import ConsignmentStore, Known
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


@dataclass(frozen=True, slots=True)
class Listing:
    """What an index can tell: consignments in one of the states, and with one of the carriers or a carrier service.

    `changed_since` and `changed_until` leave out those whose allocation, or its end, is older or newer (aware UTC).
    """

    states: tuple[str, ...] = STATES
    carriers: frozenset[str] | None = None
    service: str | None = None
    changed_since: datetime | None = None
    changed_until: datetime | None = None

    @property
    def is_of_allocated(self) -> bool:
        """Whether a consignment must have a carrier service."""
        return self.carriers is not None or self.service is not None


class Listings(Protocol):
    """Lists consignments from indexes."""

    def listed(self, listing: Listing, *, newest_first: bool) -> Iterator[ConsignmentReference]:
        """Yield consignments in the order of their last allocation; read as they are asked for.

        Raises `RetryableError`.
        """


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What the consignments of a search have in common.

    `direct` are the only ones that may meet the terms, where a term names them. `others` are what the index can't tell.
    """

    listing: Listing = field(default_factory=Listing)
    direct: Sequence[ConsignmentReference] | None = None
    others: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search. `count` is the number of all that meet the terms, `MAX_COUNTED` for that many or more."""

    consignments: Sequence[Known]
    count: int


@dataclass(frozen=True, slots=True)
class Searching:
    """Finds consignments."""

    store: ConsignmentStore
    listings: Listings
    now: Callable[[], datetime]

    def page(self, terms: SearchTerms, take: int, skip: int) -> Found:
        """Return the consignments from `skip` on, at most `take`, those newest allocated first.

        Raises `RequestError` where too many must be read to find them.
        """
        if terms.direct is None and not terms.others:
            references = list(islice(self.listings.listed(terms.listing, newest_first=True), MAX_COUNTED))
            wanted = references[skip : skip + take]
            known = self.store.find(wanted)
            return Found([known[each] for each in wanted if each in known], len(references))
        matching = list(self._matching(terms, self._candidates(terms, newest_first=True), needed=skip + take))
        return Found(matching[skip : skip + take], len(matching))

    def _matching(
        self, terms: SearchTerms, references: Iterable[ConsignmentReference], needed: int, most_read: int = _MAX_READ
    ) -> Iterator[Known]:
        """Yield those that meet the terms. Raises `RequestError` if fewer than `needed` are found in the time."""
        until, found, read = self.now() + _MAX_DURATION, 0, 0
        for batch in batches(references, _BATCH):
            if read >= most_read or self.now() >= until:
                if found < needed:
                    raise _too_broad(read)
                return
            read += len(batch)
            known = self.store.find(batch)
            for each in (known[reference] for reference in batch if reference in known):
                if each.state in terms.listing.states and all(term(each) for term in terms.others):
                    found += 1
                    yield each

    def _candidates(self, terms: SearchTerms, *, newest_first: bool) -> Iterable[ConsignmentReference]:
        if terms.direct is not None:
            return list(dict.fromkeys(terms.direct))
        return self.listings.listed(terms.listing, newest_first=newest_first)

    def oldest(self, terms: SearchTerms, most: int) -> list[Known]:
        """Return up to `most` consignments that meet the terms, those allocated longest ago first.

        Ends in time with what it has.
        """
        references = self._candidates(terms, newest_first=False)
        return list(islice(self._matching(terms, references, needed=0, most_read=2 * most), most))


def _too_broad(read: int) -> RequestError:
    text = (
        f"{read} consignments were read, and too few of them meet the terms. Narrow the search by State, Carriers, "
        "CarrierService or CreatedDateFrom."
    )
    return RequestError("SearchTooBroadException", text)
