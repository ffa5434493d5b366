"""What is late, and what each carrier has: of how many consignments, and by how many days."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import ApiLinkView, Reply
from allocation.api.requests import Request
from allocation.api.search_routes import PERIOD, LateConsignments, period_in
from allocation.api.search_terms import moment_named, moment_of
from allocation.api.search_views import summary_view
from allocation.api.searched_values import requested_date
from allocation.api.use_cases import UseCases
from allocation.consignments.searching import Listing, SearchTerms
from allocation.consignments.store import Known
from allocation.domain.state import CARRIED

OPERATIONS: Final[list[Operation]] = []
# Summaries in a reply, as in a search, and consignments that a summary of all counts.
_MAX_LISTED: Final = 500
_MAX_SUMMARISED: Final = 5_000
# The numbers of PRO's SDK of 2016. It has none for the states that came later, which follow its last one.
_NUMBERS: Final = {
    "Allocated": 3,
    "Manifesting": 4,
    "Manifested": 5,
    "ManifestFailed": 6,
    "AtDropOffPoint": 9,
    "Collected": 10,
    "CollectionFailed": 11,
    "InTransit": 12,
    "Delayed": 13,
    "OutForDelivery": 14,
    "DeliveryFailed": 15,
    "DeliveryFailedCardLeft": 16,
    "Delivered": 17,
    "PartiallyDelivered": 18,
    "AtCollectionPoint": 19,
    "ReturnToSender": 20,
    "ActionRequired": 21,
    "Missing": 22,
    "Lost": 23,
    "Damaged": 24,
    "InTransitWaiting": 27,
    "HeldByCarrier": 28,
    "ExchangeFailed": 29,
    "AtCustoms": 30,
    "CarrierUnableToCollect": 31,
    "DeliveredDamaged": 32,
    "ReadyToShip": 33,
    "Dispatched": 34,
}


class ServiceCount(TypedDict):
    """How many consignments of a carrier service are in a state, which is a number of PRO's."""

    MpdCarrierName: str
    MpdCarrierServiceName: str
    MpdCarrierReference: str
    MpdCarrierServiceReference: str
    NumberOfConsignments: int
    ConsignmentState: int
    Created: str


class CarrierSummary(TypedDict):
    """The consignments of each carrier service by state."""

    Summary: list[ServiceCount]


class LateCount(TypedDict):
    """How many consignments of a carrier are late by so many days."""

    CarrierName: str
    CarrierReference: str
    DaysLate: int
    NumberOfConsignments: int
    ApiLink: ApiLinkView


class OnTimeCount(TypedDict):
    """How many consignments of a carrier are not late."""

    CarrierName: str
    CarrierReference: str
    NumberOfConsignments: int


class LateSummary(TypedDict):
    """Late consignments by carrier and days: after the carrier's day of delivery, and after the one asked for."""

    LateConsignments: list[LateCount]
    OnTimeConsignments: list[OnTimeCount]
    LateConsignmentsFromCustomerPerspective: list[LateCount]


@operation(
    OPERATIONS,
    "GET",
    "/consignments/summary/courier",
    "Count consignments by carrier service",
    gives=CarrierSummary,
    errors=(400,),
    query=("StartFrom", "EndAt"),
)
def summarise_by_carrier(request: Request, use_cases: UseCases) -> Reply:
    """Return how many consignments of each carrier service are in each state, of those allocated within a time.

    Without `StartFrom` and `EndAt`, of the last 30 days. More than 5,000 are refused.
    """
    counts, now = Counter[tuple[str, str, str]](), use_cases.now()
    for known in _carried(request, use_cases):
        if known.record and known.record.carrier_service_reference:
            counts[known.record.carrier_reference or "", known.record.carrier_service_reference, known.state] += 1
    names = {each.reference: each for each in use_cases.engine.catalogue.services}
    rows = [
        ServiceCount(
            MpdCarrierName=_carrier_name(use_cases, carrier),
            MpdCarrierServiceName=names[service].name if service in names else service,
            MpdCarrierReference=carrier,
            MpdCarrierServiceReference=service,
            NumberOfConsignments=count,
            ConsignmentState=_NUMBERS[state],
            Created=now.isoformat(),
        )
        for (carrier, service, state), count in sorted(counts.items())
    ]
    return Reply(CarrierSummary(Summary=rows), root="ConsignmentCarrierSummaryResponse")


@operation(
    OPERATIONS,
    "GET",
    "/consignments/summary/latepackages",
    "Count late consignments by carrier",
    gives=LateSummary,
    errors=(400,),
    query=("StartFrom", "EndAt"),
)
def summarise_late(request: Request, use_cases: UseCases) -> Reply:
    """Return how many consignments are late by how many days, by carrier, of those allocated within a time.

    Without `StartFrom` and `EndAt`, of the last 30 days. More than 5,000 are refused.
    """
    now, late, asked, on_time = use_cases.now(), Counter[tuple[str, int]](), Counter[tuple[str, int]](), Counter[str]()
    for known in _carried(request, use_cases):
        carrier = (known.record.carrier_reference if known.record else None) or ""
        by_carrier, by_customer = _days_late(known, _due(known), now), _days_late(known, _promised(known), now)
        if by_carrier:
            late[carrier, by_carrier] += 1
        else:
            on_time[carrier] += 1
        if by_customer:
            asked[carrier, by_customer] += 1
    summary = LateSummary(
        LateConsignments=list(_late_counts(late, request, use_cases)),
        OnTimeConsignments=[
            OnTimeCount(
                CarrierName=_carrier_name(use_cases, each), CarrierReference=each, NumberOfConsignments=on_time[each]
            )
            for each in sorted(on_time)
        ],
        LateConsignmentsFromCustomerPerspective=list(_late_counts(asked, request, use_cases)),
    )
    return Reply(summary, root="LateConsignmentSummaryResponse")


@operation(
    OPERATIONS,
    "GET",
    "/lateconsignments/carrierlate/{from}/{to}",
    "List consignments that their carrier delivers late",
    gives=LateConsignments,
    errors=(400,),
)
def get_late_by_carrier(request: Request, use_cases: UseCases) -> Reply:
    """Return the consignments that were, or are, not delivered by their carrier's day, where it lies between two times.

    At most 500, those first that were allocated first, of those allocated from 30 days before the first time on. More
    than 5,000 of these are refused.
    """
    return _late_between(request, use_cases, _due)


@operation(
    OPERATIONS,
    "GET",
    "/lateconsignments/customer/{from}/{to}",
    "List consignments that come late for the customer",
    gives=LateConsignments,
    errors=(400,),
)
def get_late_for_customer(request: Request, use_cases: UseCases) -> Reply:
    """Return the consignments that were, or are, not delivered on the day asked for, where it lies between two times.

    At most 500, those first that were allocated first, of those allocated from 30 days before the first time on. More
    than 5,000 of these are refused.
    """
    return _late_between(request, use_cases, _promised)


def _late_between(request: Request, use_cases: UseCases, due: Callable[[Known], datetime | None]) -> Reply:
    begins, ends = (moment_named(request.path[name], f"The time {name!r}") for name in ("from", "to"))
    now = use_cases.now()

    def is_meant(known: Known) -> bool:
        moment = due(known)
        return moment is not None and begins <= moment <= ends and _days_late(known, moment, now) > 0

    listing = Listing(CARRIED, changed_since=begins - PERIOD)
    found = use_cases.searching.all(SearchTerms(listing, others=(is_meant,)), _MAX_SUMMARISED)
    shown = found[::-1][:_MAX_LISTED]
    summaries = [summary_view(known, use_cases.located, request.base_url, now) for known in shown]
    late = LateConsignments(TotalNumberOfLateConsignments=len(found), ConsignmentSummaries=summaries)
    return Reply(late, root="LateConsignmentsResponse")


def _carried(request: Request, use_cases: UseCases) -> list[Known]:
    """Return the consignments with a carrier that were allocated in the time of a request. Raises `RequestError`."""
    start, end = period_in(request, use_cases.now())
    terms = SearchTerms(Listing(CARRIED, changed_since=start, changed_until=end))
    return use_cases.searching.all(terms, _MAX_SUMMARISED)


def _due(known: Known) -> datetime | None:
    """Return by when a consignment's carrier delivers it."""
    text = known.record.delivered_by if known.record else None
    return moment_of(text)


def _promised(known: Known) -> datetime | None:
    """Return the end of the day by which its sender asked for a consignment."""
    text = requested_date(known)
    day = moment_of(str(text)[: len("2026-11-27")]) if text else None
    return day + timedelta(days=1, microseconds=-1) if day else None


def _days_late(known: Known, due: datetime | None, now: datetime) -> int:
    """Return by how many days a consignment is late, a day that has begun included; 0 where it is not."""
    if due is None:
        return 0
    delivery = known.record.delivery if known.record else None
    arrived = (delivery.delivered_at or delivery.returned_at) if delivery else None
    over = (moment_of(arrived) or now.astimezone(UTC)) - due
    return max(0, -(-over // timedelta(days=1)))


def _late_counts(counts: Counter[tuple[str, int]], request: Request, use_cases: UseCases) -> Iterator[LateCount]:
    link = ApiLinkView(Rel="Link", Href=f"{request.base_url}/consignments/late")
    for (carrier, days), count in sorted(counts.items()):
        yield LateCount(
            CarrierName=_carrier_name(use_cases, carrier),
            CarrierReference=carrier,
            DaysLate=days,
            NumberOfConsignments=count,
            ApiLink=link,
        )


def _carrier_name(use_cases: UseCases, reference: str) -> str:
    carrier = use_cases.engine.catalogue.carriers.get(reference)
    return carrier.name if carrier else reference
