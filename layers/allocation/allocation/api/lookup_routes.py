"""What earlier clients look up: consignments by the sender's own reference, and the countries and currencies of PRO."""

from dataclasses import replace
from typing import Any, Final

from allocation.api.catalogue_routes import CarrierView, get_carriers
from allocation.api.consignment_routes import ConsignmentStatus, get_consignment, get_consignment_status
from allocation.api.consignment_shape import ConsignmentView
from allocation.api.measures import CurrencyView, all_countries, all_currencies
from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.tracking_routes import ConsignmentViewModel, get_tracking_events
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import UnknownConsignmentError

OPERATIONS: Final[list[Operation]] = []
_COUNTRIES: Final[Any] = list[dict[str, Any]]


@operation(
    OPERATIONS,
    "GET",
    "/consignments/clientReference/{reference}",
    "Get a consignment by the sender's reference",
    gives=ConsignmentView,
    errors=(404,),
)
def get_consignment_by_client_reference(request: Request, use_cases: UseCases) -> Reply:
    """Return the consignment that its sender calls by this reference; of several, the one created last."""
    return get_consignment(_by_own_reference(request, use_cases), use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/consignments/clientReference/{reference}/status",
    "Get a consignment's state by the sender's reference",
    gives=ConsignmentStatus,
    errors=(404,),
)
def get_status_by_client_reference(request: Request, use_cases: UseCases) -> Reply:
    """Return the state of the consignment that its sender calls by this reference; of several, of the last one."""
    return get_consignment_status(_by_own_reference(request, use_cases), use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/tracking/clientreference/{reference}",
    "Get tracking events by the sender's reference",
    gives=ConsignmentViewModel,
    errors=(404,),
)
def get_tracking_events_by_client_reference(request: Request, use_cases: UseCases) -> Reply:
    """Return the events of the consignment that its sender calls by this reference; of several, of the last one."""
    return get_tracking_events(_by_own_reference(request, use_cases), use_cases)


@operation(
    OPERATIONS,
    "GET",
    "/consignments/getconsignmentonly/{consignment}",
    "Get a consignment without its parts",
    gives=ConsignmentView,
    errors=(404,),
)
def get_consignment_only(request: Request, use_cases: UseCases) -> Reply:
    """Return a consignment without its packages, addresses and metadata."""
    whole = get_consignment(request, use_cases)
    return replace(whole, data={**whole.data, "Packages": [], "Addresses": [], "MetaData": []})


@operation(OPERATIONS, "GET", "/carrieraccounts/getcarriers", "Get carriers with accounts", gives=list[CarrierView])
def get_carriers_with_accounts(request: Request, use_cases: UseCases) -> Reply:
    """Return all carriers of the catalogue, at the address that PRO also has for them."""
    return get_carriers(request, use_cases)


@operation(OPERATIONS, "GET", "/staticdata/countries", "Get countries", gives=_COUNTRIES)
def get_countries(_: Request, __: UseCases) -> Reply:
    """Return the countries with their codes of ISO 3166-1."""
    return Reply(all_countries(), root="Country")


@operation(OPERATIONS, "GET", "/staticdata/currencies", "Get currencies", gives=list[CurrencyView])
def get_currencies(_: Request, __: UseCases) -> Reply:
    """Return the currencies with their codes of ISO 4217."""
    return Reply(all_currencies(), root="Currency")


def _by_own_reference(request: Request, use_cases: UseCases) -> Request:
    """Return the request for the consignment that is meant. Raises `UnknownConsignmentError`."""
    own = request.path["reference"]
    known = use_cases.changes.store.find(use_cases.register.provided_by_customer(own))
    created = [each.stored for each in known.values() if each.stored and each.stored.customer_reference == own]
    if not created:
        raise UnknownConsignmentError(own)
    last = max(created, key=lambda stored: (stored.created_at, stored.reference))
    return replace(request, path={"consignment": last.reference})
