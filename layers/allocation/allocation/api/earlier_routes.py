"""What clients of 2016 call for a day's work: everything that ships by a date, updates, labels, what the catalogue has.

Version 1.1 has all of this at other addresses, or a consignment at a time.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from time import strftime, strptime
from typing import Any, Final

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from allocation.api.allocation_requests import carrier_service, service_group
from allocation.api.allocation_routes import allocated_all
from allocation.api.catalogue_views import journey_view
from allocation.api.consignment_routes import update_consignment
from allocation.api.document_routes import get_labels
from allocation.api.measures import TaxRate, tax_rate
from allocation.api.operations import Operation, UseCases, operation
from allocation.api.replies import ApiLinkView, Reply
from allocation.api.requests import MAX_REFERENCES, Request
from allocation.api.search_terms import moment_named, moment_of
from allocation.api.searched_values import locations_of
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.searching import Listing, SearchTerms
from allocation.consignments.store import Known
from allocation.documents.results import LabelFile
from allocation.domain.countries import read_country
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.summary import AllocationSummary
from allocation.engine.place_keys import ANYWHERE

OPERATIONS: Final[list[Operation]] = []
_SUMMARIES: Final = list[AllocationSummary]
# PRO publishes no list of its titles: these are the usual ones. A contact's may be any text.
_TITLES: Final = ("Mr", "Mrs", "Miss", "Ms", "Mx", "Dr")


class _ShippingFrom(BaseModel):
    """Where consignments are to leave from; anywhere where it is left out."""

    location: str | None = Field(None, alias="ShippingLocationReference", max_length=64)


class AllocateAllWithCarrierService(_ShippingFrom):
    """The carrier service to use, and where consignments leave from; from anywhere where it is left out."""

    reference: str = Field(alias="MpdCarrierServiceReference", min_length=1, max_length=64)


class AllocateAllWithServiceGroup(_ShippingFrom):
    """The service group to choose from, and where consignments leave from; from anywhere where it is left out."""

    reference: str = Field(alias="MpdCarrierServiceGroupReference", min_length=1, max_length=64)


class LabelsRequest(BaseModel):
    """The consignment whose labels are wanted. Of PRO's page sizes, labels have the one of their format."""

    reference: str = Field(alias="MpdConsignmentReference", min_length=1, max_length=64)


class CarrierServicesOfSubscription(TypedDict):
    """All carrier services, as a leg of a journey has them."""

    CarrierServices: list[dict[str, Any]]
    Success: bool
    ErrorMessage: str | None


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


@operation(
    OPERATIONS,
    "PUT",
    "/consignments/update",
    "Update a consignment at the address of 2016",
    gives=list[ApiLinkView],
    takes=FullConsignment,
    errors=(400, 404, 409),
)
def update_consignment_as_earlier(request: Request, use_cases: UseCases) -> Reply:
    """Change a consignment, named by its `Reference`, as `PUT /consignments` does."""
    return update_consignment(request, use_cases)


@operation(
    OPERATIONS,
    "POST",
    "/labels/GetLabels",
    "Get labels by a request",
    gives=LabelFile,
    takes=LabelsRequest,
    errors=(400, 404),
)
def post_labels(request: Request, use_cases: UseCases) -> Reply:
    """Return the labels of all packages of a consignment in one PDF, as `GET /labels/{consignment}` does."""
    wanted = request.model(LabelsRequest).reference
    return get_labels(request.at(consignment=wanted), use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/carrierservices/carrierservices",
    "Get carrier services as legs have them",
    gives=CarrierServicesOfSubscription,
)
def get_available_carrier_services(_: Request, use_cases: UseCases) -> Reply:
    """Return all enabled carrier services of the catalogue, each as the first leg of its journey has it."""
    enabled = (each for each in use_cases.engine.catalogue.services if each.enabled)
    found = [journey_view(service)[0]["CarrierService"] for service in enabled]
    data = CarrierServicesOfSubscription(CarrierServices=found, Success=True, ErrorMessage=None)
    return Reply(data, root="SubscriptionCarrierServiceResponse")


@operation(OPERATIONS, "GET", "/staticdata/titles", "Get titles", gives=list[str])
def get_titles(_: Request, __: UseCases) -> Reply:
    """Return the usual titles of people. A contact may have any other."""
    return Reply(list(_TITLES), root="string")


@operation(
    OPERATIONS,
    "GET",
    "/rates/management/staticdata/vat/{country}",
    "Get the tax rates of a country",
    gives=list[TaxRate],
    errors=(404,),
)
def get_vat_rates(request: Request, use_cases: UseCases) -> Reply:
    """Return the taxes of the catalogue on deliveries to a country, or to any country where none names it."""
    named = read_country(request.path["country"])
    if named is None:
        text = "country is not a two-letter code of ISO 3166-1 such as GB"
        raise RequestError("CountryNotFoundException", text, NOT_FOUND)
    taxes = use_cases.engine.catalogue.taxes
    own = [each for each in taxes if named.code in each.places] or [each for each in taxes if ANYWHERE in each.places]
    return Reply([tax_rate(each.reference, each.rate) for each in own], root="VatRate")


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
    choose = use_cases.choices(request.base_url).by_mode(mode)
    return allocated_all(request, use_cases, _unallocated(use_cases, end, location), choose)


def _unallocated(use_cases: UseCases, end: datetime, location: str | None) -> Sequence[str]:
    """Return the consignments that are to ship by a moment, and from a location if one is named."""

    def is_meant(known: Known) -> bool:
        day = known.stored.content.get("ShippingDate") if known.stored else None
        ships = moment_of(day)
        return ships is not None and ships <= end and (not location or location in locations_of(known))

    terms = SearchTerms(Listing(("Unallocated",)), others=(is_meant,))
    return [known.reference for known in use_cases.searching.oldest(terms, MAX_REFERENCES)]
