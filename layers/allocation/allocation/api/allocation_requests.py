"""The bodies of the allocation endpoints (`pro-api.md`, Allocation endpoints)."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from allocation.consignments.allocatable_consignment import ProModel

MAX_REFERENCES: Final = 200
"""Consignments a bulk call: they are taken in turn, and API Gateway waits for 29 seconds."""
Reference = Annotated[str, StringConstraints(min_length=1, max_length=64)]
References = Annotated[list[Reference], Field(min_length=1, max_length=MAX_REFERENCES)]
ReferenceList = Annotated[list[str], Field(min_length=1, max_length=MAX_REFERENCES)]
"""A body that is a list of references."""


class AllocateConsignments(ProModel):
    """The consignments to allocate."""

    consignment_references: References


class AllocateWithServiceGroup(AllocateConsignments):
    """The consignments to allocate, and the service group to allocate them with."""

    mpd_carrier_service_group_reference: Reference


class AllocateWithCarrierService(AllocateConsignments):
    """The consignments to allocate, and the carrier service to allocate them to."""

    mpd_carrier_service_reference: Reference


class Filters(ProModel):
    """What a carrier service has to be; a filter that is false or null leaves none out."""

    service_direction: Literal["Inbound", "Outbound", "InboundAndOutbound", "Any"] | None = None
    is_pickup: bool | None = None
    is_drop_off: bool | None = None


class AllocateWithServiceFilters(AllocateConsignments):
    """The consignments to allocate, and what their carrier services have to be."""

    filters: Filters = Filters()
