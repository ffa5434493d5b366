"""Allocation by a date, which clients of 2016 call once a day: everything unallocated that ships by it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import strftime, strptime
from typing import Final

from pydantic import BaseModel, Field

from allocation.api.allocation_requests import carrier_service, service_group
from allocation.api.allocation_routes import allocated_all
from allocation.api.operations import Operation, operation
from allocation.api.replies import MAX_DURATION, Reply
from allocation.api.requests import MAX_REFERENCES, Request
from allocation.api.search_terms import moment_named, moment_of
from allocation.api.searched_values import locations_of
from allocation.api.use_cases import UseCases
from allocation.consignments.allocations import allocatable
from allocation.consignments.errors import RequestError
from allocation.consignments.searching import Listing, SearchTerms, reference_of
from allocation.consignments.store import UNALLOCATED, Known
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Failure
from allocation.domain.summary import AllocationSummary
from allocation.engine.engine import Engine

OPERATIONS: Final[list[Operation]] = []
_SUMMARIES: Final = list[AllocationSummary]


class _ShippingFrom(BaseModel):
    """Where consignments are to leave from; anywhere where it is left out."""

    location: str | None = Field(None, alias="ShippingLocationReference", max_length=64)


class AllocateAllWithCarrierService(_ShippingFrom):
    """The carrier service to use, and where consignments leave from; from anywhere where it is left out."""

    reference: str = Field(alias="MpdCarrierServiceReference", min_length=1, max_length=64)


class AllocateAllWithServiceGroup(_ShippingFrom):
    """The service group to choose from, and where consignments leave from; from anywhere where it is left out."""

    reference: str = Field(alias="MpdCarrierServiceGroupReference", min_length=1, max_length=64)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocate/{date}",
    "Allocate everything that ships by a date",
    gives=_SUMMARIES,
    errors=(400,),
)
def allocate_by_date(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what is unallocated and whose `ShippingDate` is not after a date, to the cheapest service that fits.

    At most 200, those created first: ask again while one of them has the `StatusCode` 200.
    """
    return _allocated_by_date(request, use_cases, DefaultRules(), None)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithcarrierservice/{date}",
    "Allocate with a carrier service what ships by a date",
    gives=_SUMMARIES,
    takes=AllocateAllWithCarrierService,
    errors=(400,),
)
def allocate_by_date_with_carrier_service(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what is unallocated and ships by a date to one carrier service; at most 200, those created first."""
    wanted = request.model(AllocateAllWithCarrierService)
    return _allocated_by_date(request, use_cases, carrier_service(wanted.reference), wanted.location)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithservicegroup/{date}",
    "Allocate with a service group what ships by a date",
    gives=_SUMMARIES,
    takes=AllocateAllWithServiceGroup,
    errors=(400,),
)
def allocate_by_date_with_service_group(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what is unallocated and ships by a date within a service group; at most 200, those created first."""
    wanted = request.model(AllocateAllWithServiceGroup)
    return _allocated_by_date(request, use_cases, service_group(wanted.reference), wanted.location)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocate/{month}/{day}/{year}",
    "Allocate by a date of .NET",
    gives=_SUMMARIES,
    errors=(400,),
)
def allocate_by_date_of_net(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what ships by a date, which PRO's SDK writes as 11/27/2026 00:00:00."""
    return allocate_by_date(_at_date(request), use_cases)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithcarrierservice/{month}/{day}/{year}",
    "Allocate with carrier service by a date of .NET",
    gives=_SUMMARIES,
    takes=AllocateAllWithCarrierService,
    errors=(400,),
)
def allocate_by_date_of_net_with_carrier_service(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what ships by a date, as PRO's SDK writes it, to one carrier service."""
    return allocate_by_date_with_carrier_service(_at_date(request), use_cases)


@operation(
    OPERATIONS,
    "PUT",
    "/allocation/allocatewithservicegroup/{month}/{day}/{year}",
    "Allocate with service group by a date of .NET",
    gives=_SUMMARIES,
    takes=AllocateAllWithServiceGroup,
    errors=(400,),
)
def allocate_by_date_of_net_with_service_group(request: Request, use_cases: UseCases) -> Reply:
    """Allocate what ships by a date, as PRO's SDK writes it, within a service group."""
    return allocate_by_date_with_service_group(_at_date(request), use_cases)


def _at_date(request: Request) -> Request:
    """Return the request with the date that a month, a day and a year with its time come to."""
    month, day, (year, _, time) = request.path["month"], request.path["day"], request.path["year"].partition(" ")
    return request.at(date=f"{year}-{month.zfill(2)}-{day.zfill(2)}" + (f"T{_of_24_hours(time)}" if time else ""))


def _of_24_hours(text: str) -> str:
    """Return a time as ISO 8601 has it: .NET writes 12:00:00 AM where its culture is American.

    >>> _of_24_hours("12:30:00 AM")
    '00:30:00'
    """
    with suppress(ValueError):
        return strftime("%H:%M:%S", strptime(" ".join(text.split()), "%I:%M:%S %p"))
    return text


def _allocated_by_date(request: Request, use_cases: UseCases, mode: AllocationMode, location: str | None) -> Reply:
    """Allocate the consignments that a request by date means. Raises `RequestError`."""
    last = moment_named(request.path["date"], "The date")
    end = last if (last.hour or last.minute or last.second) else last + timedelta(days=1, microseconds=-1)
    choose, until = use_cases.choices(request.base_url).by_mode(mode), use_cases.now() + MAX_DURATION
    return allocated_all(request, use_cases, _unallocated(use_cases, end, location), choose, until)


def _unallocated(use_cases: UseCases, end: datetime, location: str | None) -> Sequence[str]:
    """Return the consignments that are to ship by a moment, and from a location if one is named.

    What lacks data comes last, so that however much of it there is, it keeps nothing back that can be allocated.
    """
    engine, incomplete = use_cases.engine, list[str]()

    def is_meant(known: Known) -> bool:
        day = known.stored.content.get("ShippingDate") if known.stored else None
        ships = moment_of(day)
        return ships is not None and ships <= end and (not location or location in locations_of(known))

    def is_complete(known: Known) -> bool:
        if _lacks_data(engine, known):
            incomplete.append(known.reference)
            return False
        return True

    terms = SearchTerms(Listing((UNALLOCATED,)), others=(is_meant, is_complete))
    found: list[str] = []
    try:
        found = [*use_cases.searching.oldest(terms, MAX_REFERENCES, reference_of)]
    except RequestError:
        if not incomplete:
            raise
    return [*found, *incomplete][:MAX_REFERENCES]


def _lacks_data(engine: Engine, known: Known) -> bool:
    """Tell whether a consignment can't be allocated before it is changed, whatever the catalogue has."""
    try:
        return isinstance(engine.inquire(allocatable(known)), Failure)
    except RequestError:
        return True
