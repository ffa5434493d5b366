"""Searches: consignments by any of PRO's terms, as summaries or as references, a page at a time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.search_terms import NAMES, moment_named, search_terms
from allocation.api.search_views import ConsignmentSummary, summary_view
from allocation.api.searched_values import UNDER_WAY, is_late
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import RequestError
from allocation.consignments.searching import MAX_COUNTED, Listing, SearchTerms, reference_of
from allocation.consignments.store import Known
from allocation.domain.state import STATES

OPERATIONS: Final[list[Operation]] = []
# Summaries in a reply: in XML they stay below the 6 MB that Lambda answers.
_MAX_TAKE: Final = 500
# What a summary covers where no time is given.
PERIOD: Final = timedelta(days=30)
_PAGING: Final = ("pagesize", "startpage")
_NAMES_AND_PAGING: Final = tuple(sorted({*NAMES, *_PAGING}))


class SearchResult(TypedDict):
    """The consignments on a page, and how many there are: 10,000 for that many or more."""

    Count: int
    ConsignmentSummaries: list[ConsignmentSummary]


@operation(
    OPERATIONS,
    "GET",
    "/consignments/getConsignmentReferences",
    "Find consignments' references by any terms",
    gives=list[str],
    errors=(400,),
    query=("State", "ReferenceProvidedByCustomer", "Direction", "PageSize", "StartPage"),
    beside_pro=True,
)
def get_consignment_references(request: Request, use_cases: UseCases) -> Reply:
    """Return the references of the consignments that meet the terms, those newest allocated first.

    The terms are those of a search. Without `PageSize` there are up to 10,000 references; `StartPage` counts from 1.
    """
    terms = _without_paging(request.query)
    if not any(text.strip() for text in terms.values()):
        text = "Search by State or ReferenceProvidedByCustomer, for example ?State=Allocated, or by another term."
        raise RequestError("ValidationException", text)
    take, skip = _page_in(request, MAX_COUNTED)
    found = use_cases.searching.page(_terms(use_cases, terms), take, skip, reference_of)
    return Reply(found.consignments, root="string")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/{take}/{skip}",
    "Search consignments",
    gives=SearchResult,
    errors=(400, 404),
    query=_NAMES_AND_PAGING,
    beside_pro=True,
)
def search_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Return summaries of the consignments that meet the terms, those newest allocated first.

    At most 500 are taken, and 10,000 skipped. `PageSize` and `StartPage`, two of PRO's terms, change nothing here.
    """
    if not (request.path["take"].isdecimal() and request.path["skip"].isdecimal()):
        raise RequestError("ResourceNotFoundException", "No operation has this address.", 404)
    take, skip = _whole(request.path["take"], "take", 0), _whole(request.path["skip"], "skip", 0)
    if take > _MAX_TAKE:
        raise RequestError("ValidationException", f"take must be 0 to {_MAX_TAKE}: ask for more by skip.")
    _require_near(skip)
    terms, now = _terms(use_cases, _without_paging(request.query)), use_cases.now()

    def summary(known: Known) -> ConsignmentSummary:
        return summary_view(known, use_cases.located, request.base_url, now)

    found = use_cases.searching.page(terms, take, skip, summary)
    result = SearchResult(Count=found.count, ConsignmentSummaries=list(found.consignments))
    return Reply(result, root="MatchingConsignmentsResponse")


class StateCount(TypedDict):
    """How many consignments are in a state."""

    Key: str
    Value: int


class StateSummary(TypedDict):
    """How many consignments are in which state: of those allocated, or that failed, within a time."""

    StartFrom: str
    EndAt: str
    NumberOfConsignments: int
    Summary: list[StateCount]


class LateConsignments(TypedDict):
    """A page of the consignments that should have been delivered by now. A total of 500 is that many or more."""

    TotalNumberOfLateConsignments: int
    ConsignmentSummaries: list[ConsignmentSummary]


@operation(
    OPERATIONS,
    "GET",
    "/consignments/count",
    "Count consignments",
    gives=int,
    errors=(400,),
    query=tuple(sorted(NAMES)),
    beside_pro=True,
)
def count_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Return how many consignments meet the terms of a search: 10,000 for that many or more."""
    found = use_cases.searching.page(_terms(use_cases, request.query), 0, 0, reference_of)
    return Reply(found.count, root="int")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/summary",
    "Count consignments by state",
    gives=StateSummary,
    errors=(400,),
    query=("StartFrom", "EndAt"),
    beside_pro=True,
)
def summarise_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Return how many consignments are in each state, of those last allocated from `StartFrom` to `EndAt`.

    Without them, of the last 30 days.
    """
    start, end = period_in(request, use_cases.now())
    counts = use_cases.searching.counts(Listing(changed_since=start, changed_until=end))
    summary = StateSummary(
        StartFrom=start.isoformat(),
        EndAt=end.isoformat(),
        NumberOfConsignments=sum(counts.values()),
        Summary=[StateCount(Key=state, Value=counts[state]) for state in STATES if counts.get(state)],
    )
    return Reply(summary, root="ConsignmentStateSummaryResponse")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/late",
    "List late consignments",
    gives=LateConsignments,
    errors=(400,),
    query=_NAMES_AND_PAGING,
    beside_pro=True,
)
def get_late_consignments(request: Request, use_cases: UseCases) -> Reply:
    """Return the consignments that should have been delivered by now, those first that were allocated first.

    They meet the terms of a search, if there are any. At most 500 are looked at; `StartPage` counts from 1. Refused
    where not all that are under way could be read in time.
    """
    now = use_cases.now()
    take, skip = _page_in(request, _MAX_TAKE)
    asked = _terms(use_cases, _without_paging(request.query))
    listing = replace(asked.listing, states=tuple(each for each in asked.listing.states if each in UNDER_WAY))
    terms = replace(asked, listing=listing, others=(*asked.others, lambda known: is_late(known, now)))
    found = use_cases.searching.oldest(terms, _MAX_TAKE, lambda known: known, partly=False)
    page = found[skip : skip + take]
    summaries = [summary_view(known, use_cases.located, request.base_url, now) for known in page]
    late = LateConsignments(TotalNumberOfLateConsignments=len(found), ConsignmentSummaries=summaries)
    return Reply(late, root="LateConsignmentsResponse")


def period_in(request: Request, now: datetime) -> tuple[datetime, datetime]:
    """Return `StartFrom` and `EndAt` of a query in aware UTC: without them, the last 30 days. Raises `RequestError`."""
    end = _time_in(request, "EndAt") or now
    return _time_in(request, "StartFrom") or end - PERIOD, end


def _time_in(request: Request, name: str) -> datetime | None:
    text = request.query.get(name.lower(), "").strip()
    return moment_named(text, name) if text else None


def _terms(use_cases: UseCases, terms: Mapping[str, str]) -> SearchTerms:
    by_customer = use_cases.register.provided_by_customer
    return search_terms(terms, lambda text: list(by_customer(text)))


def _without_paging(query: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in query.items() if name not in _PAGING}


def _page_in(request: Request, most: int) -> tuple[int, int]:
    """Return how many to take, `most` without `PageSize`, and how many to skip. Raises `RequestError`."""
    take = _whole(request.query.get("pagesize"), "PageSize", most)
    page = max(1, _whole(request.query.get("startpage"), "StartPage", 1))
    skip = (page - 1) * take
    _require_near(skip)
    return take, skip


def _require_near(skip: int) -> None:
    if skip > MAX_COUNTED:
        text = f"skip must be 0 to {MAX_COUNTED}: narrow the search by State or CreatedDateFrom."
        raise RequestError("ValidationException", text)


def _whole(text: str | None, name: str, otherwise: int) -> int:
    """Return a number of a request. Raises `RequestError` for one that is not whole, or too large to mean anything."""
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise RequestError("ValidationException", f"{name} must be a whole number of at most 9 digits.")
    return int(text)
