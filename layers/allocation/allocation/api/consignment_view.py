"""A consignment as PRO tells it: what the sender said, every name that PRO has, and how it stands."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.api.consignment_shape import (
    Address,
    Allocation,
    Consignment,
    Contact,
    FailedAllocation,
    Package,
    is_sent,
    nulls_of,
)
from allocation.api.links import ApiLink, consignment_link
from allocation.api.measures import TaxRate, in_pro_units, rate, tax_rate, total_value, total_weight
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.store import ALLOCATED, Known
from allocation.domain.outcome import Price
from allocation.records.stored_record import PriceDocument, StoredRecord, explanation_of

NO_GUID: Final = "00000000-0000-0000-0000-000000000000"
"""PRO's customer is a GUID to its clients, which can't read null there; we have none."""
NULLS_OF_A_CONSIGNMENT: Final = nulls_of(
    Consignment,
    ConsignmentLegs=[],
    MetaData=[],
    Source="Api",
    LabelCount=0,
    LabelsPrinted=False,
    IsLate=False,
    LateForCustomer=False,
    CustomerReference=NO_GUID,
    Direction="Outbound",
    Tags=[],
    Addresses=[],
    Packages=[],
)
NULLS_OF_AN_ADDRESS: Final = nulls_of(Address, IsCached=False)
NULLS_OF_A_CONTACT: Final = nulls_of(Contact)
NULLS_OF_A_PACKAGE: Final = nulls_of(Package, Items=[], Charges=[], MetaData=[], ConsignmentLegs=[])


class ConsignmentStatus(TypedDict):
    """How a consignment stands."""

    ConsignmentReferenceForAllLegsAssignedByMpd: str
    Status: str
    ExpectedDeliveryDate: str | None
    ApiLink: ApiLink


def consignment_view(known: Known) -> dict[str, Any]:
    """The whole consignment, a `Consignment`; one of which only the record is known has no addresses and packages."""
    legs = legs_of(known.record)
    return {
        **NULLS_OF_A_CONSIGNMENT,
        **stored_part(known, legs),
        "ConsignmentLegs": legs,
        "Reference": known.reference,
        "ConsignmentState": known.state,
        "Allocation": allocation_of(known.record),
        "FailedAllocation": failed_allocation_of(known.record),
        "DateCreated": created_at(known),
        **dates_of(known.record),
    }


def stored_part(known: Known, legs: list[Any]) -> dict[str, Any]:
    """What the sender said, in PRO's units, with every name that PRO has."""
    if known.stored is None:
        return {}
    document = in_pro_units(known.stored.content)
    consignment = FullConsignment.model_validate(known.stored.content)
    return {
        **{name: value for name, value in document.items() if value is not None and is_sent(name)},
        "Weight": total_weight(consignment),
        "Value": total_value(consignment),
        "Addresses": [address_view(address) for address in document["Addresses"]],
        "Packages": [
            {**NULLS_OF_A_PACKAGE, **without_null_lists(package), "ConsignmentLegs": legs}
            for package in document["Packages"]
        ],
    }


def created_at(known: Known) -> str | None:
    """When a consignment became known here: by its sender, or else by the order queue's record."""
    if known.stored:
        return known.stored.created_at.isoformat()
    return with_offset(known.record.allocated_at) if known.record else None


def address_view(address: Mapping[str, Any]) -> dict[str, Any]:
    """An address with every name that PRO has."""
    contact = address.get("Contact")
    return {
        **NULLS_OF_AN_ADDRESS,
        **address,
        "Contact": {**NULLS_OF_A_CONTACT, **contact} if isinstance(contact, Mapping) else None,
    }


def without_null_lists(package: Mapping[str, Any]) -> dict[str, Any]:
    """A package without the lists that its sender wrote as null: PRO writes them empty."""
    return {name: value for name, value in package.items() if value is not None or NULLS_OF_A_PACKAGE.get(name) is None}


def legs_of(record: StoredRecord | None) -> list[Any]:
    """The legs of an allocation; none where there is no allocation."""
    if record is None or record.allocation_summary is None:
        return []
    legs: list[Any] = record.allocation_summary.to_json()["ConsignmentLegs"]
    return legs


def allocation_of(record: StoredRecord | None) -> Allocation | None:
    """The allocation of a record; None where it has none."""
    if record is None or record.state != ALLOCATED or record.allocation_summary is None:
        return None
    summary = record.allocation_summary
    return Allocation(
        MpdCarrierServiceReference=summary.carrier_service_reference,
        MpdCarrierServiceName=summary.carrier_service_name,
        MpdCarrierServiceGroupReference=record.mode_reference if record.mode == "service_group" else None,
        AllocationDate=with_offset(record.allocated_at),
        Price=rate(price_of(record.price), tax_of(record)) if record.price else None,
    )


def failed_allocation_of(record: StoredRecord | None) -> FailedAllocation | None:
    """The last failure that a record knows of."""
    if record is None:
        return None
    if record.failure:
        return FailedAllocation(
            Message=record.failure.message, AttemptedAllocationDate=with_offset(record.allocated_at)
        )
    past = record.past_failure
    return FailedAllocation(Message=past.message, AttemptedAllocationDate=with_offset(past.failed_at)) if past else None


def status_view(known: Known, base_url: str) -> ConsignmentStatus:
    """The state of a consignment and when it is expected to arrive, where that is known."""
    return ConsignmentStatus(
        ConsignmentReferenceForAllLegsAssignedByMpd=known.reference,
        Status=known.state,
        ExpectedDeliveryDate=dates_of(known.record).get("LatestDeliveryDate"),
        ApiLink=consignment_link(base_url, known.reference),
    )


def winner_of(record: StoredRecord | None) -> dict[str, Any]:
    """What the engine wrote down about the service it chose; empty where another system chose."""
    if record is None or record.state != ALLOCATED or record.explanation is None:
        return {}
    winner: dict[str, Any] = explanation_of(record.explanation).get("winner") or {}
    return winner


def tax_of(record: StoredRecord) -> TaxRate | None:
    """The tax in the price of an allocation, where it is known."""
    tax = winner_of(record).get("tax")
    return tax_rate(tax["reference"], Decimal(tax["rate"])) if tax else None


def dates_of(record: StoredRecord | None) -> dict[str, str]:
    """When an allocated consignment is collected and delivered, where that is known.

    A delivery window is on the destination's own clock; PRO writes it with the offset `+00:00` all the same.
    """
    winner = winner_of(record)
    if not winner:
        return {}
    earliest, latest = winner["deliveryWindow"]
    return {
        "CollectionDate": with_offset(winner["collectedAt"]),
        "EarliestDeliveryDate": f"{winner['deliveredOn']}T{earliest}:00+00:00",
        "LatestDeliveryDate": f"{winner['deliveredOn']}T{latest}:00+00:00",
    }


def price_of(price: PriceDocument) -> Price:
    """A recorded price in decimals."""
    return Price(Decimal(price.net), Decimal(price.vat), Decimal(price.gross), price.currency)


def with_offset(moment: str) -> str:
    """An ISO 8601 moment with `+00:00` for `Z`, as PRO writes it."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()
