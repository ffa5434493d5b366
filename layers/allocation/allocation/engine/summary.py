"""Writes the Allocation Summary of a choice, as SortedPRO writes it (`pro-api.md`, Allocation Summary)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allocation.domain.reference import ConsignmentReference
from allocation.domain.summary import AllocationSummary, ApiLink, ConsignmentLeg, success_text


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier by its reference and the name people know."""

    reference: str
    name: str


@dataclass(frozen=True, slots=True)
class ChosenService:
    """The carrier service that takes a consignment: its legs' carriers in order, and when it is collected."""

    reference: str
    name: str
    carrier: Carrier
    leg_carriers: Sequence[Carrier]
    collected_at: datetime
    """Aware; written in UTC."""


def allocation_summary(
    consignment: ConsignmentReference, chosen: ChosenService, api_base_url: str
) -> AllocationSummary:
    """The summary of an allocation that succeeded. `api_base_url` has no trailing slash."""
    return AllocationSummary(
        status_code=200,
        api_links=(
            ApiLink(rel="detail", href=f"{api_base_url}/consignments/{consignment}"),
            ApiLink(rel="label", href=f"{api_base_url}/labels/{consignment}"),
        ),
        description=success_text(consignment, chosen.carrier.name, chosen.name, chosen.collected_at),
        consignment_legs=tuple(
            ConsignmentLeg(
                leg=leg,
                tracking_references=(tracking_reference(consignment, chosen.reference, leg),),
                carrier_reference=carrier.reference,
                carrier_name=carrier.name,
            )
            for leg, carrier in enumerate(chosen.leg_carriers, start=1)
        ),
        carrier_reference=chosen.carrier.reference,
        carrier_name=chosen.carrier.name,
        carrier_service_reference=chosen.reference,
        carrier_service_name=chosen.name,
    )


def tracking_reference(consignment: ConsignmentReference, service: str, leg: int) -> str:
    """A reference that two concurrent allocations of the same consignment agree on.

    >>> tracking_reference(ConsignmentReference("EC-000-05B-MMA"), "CX_NDS", 1)
    'TRK01434512204729748571'
    """
    digest = hashlib.sha256(f"{consignment}/{service}/{leg}".encode()).digest()
    return f"TRK{int.from_bytes(digest[:8]):020d}"
