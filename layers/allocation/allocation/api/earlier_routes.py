"""What clients of 2016 call for a day's work: everything that ships by a date, updates, labels, what the catalogue has.

Version 1.1 has all of this at other addresses, or a consignment at a time.
"""

from typing import Any, Final

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from allocation.api.catalogue_views import journey_view
from allocation.api.consignment_routes import update_consignment
from allocation.api.document_routes import get_labels
from allocation.api.measures import TaxRate, tax_rate
from allocation.api.operations import Operation, operation
from allocation.api.replies import ApiLinkView, Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.documents.results import LabelFile
from allocation.domain.countries import read_country
from allocation.domain.summary import AllocationSummary
from allocation.engine.place_keys import ANYWHERE

OPERATIONS: Final[list[Operation]] = []
_SUMMARIES: Final = list[AllocationSummary]
# PRO publishes no list of its titles: these are the usual ones. A contact's may be any text.
_TITLES: Final = ("Mr", "Mrs", "Miss", "Ms", "Mx", "Dr")


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
