"""How an allocation request has its carrier service chosen: by a mode, by filters or by a quote."""

from typing import Final

from allocation.api.allocation_requests import Filters
from allocation.consignments.errors import RequestError
from allocation.domain.consignment import Direction
from allocation.domain.errors import InvalidReferenceError
from allocation.domain.mode import CarrierService, ServiceGroup
from allocation.domain.outcome import FailureCode
from allocation.engine.question import ServiceFilters


def service_group(reference: str) -> ServiceGroup:
    """The mode of a service group. Raises `RequestError` for a reference that no group can have."""
    try:
        return ServiceGroup(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.SERVICE_GROUP_NOT_FOUND, str(error)) from error


def carrier_service(reference: str) -> CarrierService:
    """The mode of a carrier service. Raises `RequestError` for a reference that no service can have."""
    try:
        return CarrierService(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.CARRIER_SERVICE_NOT_FOUND, str(error)) from error


def service_filters(filters: Filters) -> ServiceFilters:
    """Return the filters as the engine takes them."""
    return ServiceFilters(
        direction=DIRECTIONS.get(filters.service_direction or ""),
        pick_up=bool(filters.is_pickup),
        drop_off=bool(filters.is_drop_off),
    )


DIRECTIONS: Final = {"Inbound": Direction.INBOUND, "Outbound": Direction.OUTBOUND}
