"""The bodies of the allocation endpoints (`pro-api.md`, Allocation endpoints), and the modes and filters they name."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from allocation.api.requests import MAX_REFERENCES
from allocation.consignments.errors import RequestError
from allocation.consignments.pro_values import ProModel
from allocation.domain.consignment import Direction
from allocation.domain.errors import InvalidReferenceError
from allocation.domain.mode import CarrierService, ServiceGroup
from allocation.domain.outcome import FailureCode
from allocation.engine.question import ServiceFilters

_Reference = Annotated[str, StringConstraints(min_length=1, max_length=64)]
# The other directions leave no carrier service out.
_DIRECTIONS: Final = {"Inbound": Direction.INBOUND, "Outbound": Direction.OUTBOUND}


class AllocateConsignments(ProModel):
    """The consignments to allocate."""

    consignment_references: Annotated[list[_Reference], Field(min_length=1, max_length=MAX_REFERENCES)]


class AllocateWithServiceGroup(AllocateConsignments):
    """The consignments to allocate, and the service group to choose from."""

    mpd_carrier_service_group_reference: _Reference


class AllocateWithCarrierService(AllocateConsignments):
    """The consignments to allocate, and the carrier service to use."""

    mpd_carrier_service_reference: _Reference


class Filters(ProModel):
    """Properties that a carrier service must have. A filter that is false or null excludes none."""

    service_direction: Literal["Inbound", "Outbound", "InboundAndOutbound", "Any"] | None = None
    is_pickup: bool | None = None
    is_drop_off: bool | None = None

    def to_engine(self) -> ServiceFilters:
        """Return the filters in the engine's form."""
        return ServiceFilters(
            direction=_DIRECTIONS.get(self.service_direction or ""),
            pick_up=bool(self.is_pickup),
            drop_off=bool(self.is_drop_off),
        )


class AllocateWithServiceFilters(AllocateConsignments):
    """The consignments to allocate, and the properties that a carrier service must have."""

    filters: Filters = Filters()


def service_group(reference: str) -> ServiceGroup:
    """Return the mode of a service group. Raises `RequestError` for a malformed reference."""
    try:
        return ServiceGroup(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.SERVICE_GROUP_NOT_FOUND, str(error)) from error


def carrier_service(reference: str) -> CarrierService:
    """Return the mode of a carrier service. Raises `RequestError` for a malformed reference."""
    try:
        return CarrierService(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.CARRIER_SERVICE_NOT_FOUND, str(error)) from error
