"""What a record says of a consignment, in PRO's shape: its allocation, its failure, its dates and its journey."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from allocation.api.consignment_shape import Allocation, FailedAllocation
from allocation.api.measures import TaxRate, rate, tax_rate
from allocation.domain.errors import UnreadableExplanationError
from allocation.domain.mode import ModeName
from allocation.domain.outcome import Price
from allocation.records.explanations import winner_of
from allocation.records.stored_record import PriceDocument, StoredRecord


def journey_of(record: StoredRecord | None) -> dict[str, Any]:
    """Return when what happened to a consignment on its way, by its carrier's events."""
    delivery = record.delivery if record else None
    if delivery is None:
        return {}
    moments = {
        "DateCollected": delivery.collected_at,
        "FirstAttemptedDeliveryDate": delivery.first_attempted_at,
        "AttemptedDeliveryDate": delivery.attempted_at,
        "DateDelivered": delivery.delivered_at,
        "DateReturned": delivery.returned_at,
    }
    return {name: with_offset(moment) for name, moment in moments.items() if moment}


def legs_of(record: StoredRecord | None) -> list[Any]:
    """Return the legs of an allocation, empty where there is none."""
    if record is None or record.allocation_summary is None:
        return []
    legs: list[Any] = record.allocation_summary.to_json()["ConsignmentLegs"]
    return legs


def allocation_of(record: StoredRecord | None) -> Allocation | None:
    """Return the allocation of a record, or None."""
    if record is None or record.allocation_summary is None:
        return None
    summary, group = record.allocation_summary, _group_asked_for(record)
    return Allocation(
        MpdCarrierServiceReference=summary.carrier_service_reference,
        MpdCarrierServiceName=summary.carrier_service_name,
        CarrierServiceGroupReference=group,
        MpdCarrierServiceGroupName=group,
        AllocationDate=with_offset(record.allocated_at),
        Price=rate(_price_of(record.price), _tax_of(record)) if record.price else None,
    )


def _group_asked_for(record: StoredRecord) -> str | None:
    """Return the service group of the last allocation, or None. A group has no name but its reference."""
    return record.mode_reference if record.mode == ModeName.SERVICE_GROUP else None


def failed_allocation_of(record: StoredRecord | None) -> FailedAllocation | None:
    """Return the last failure in a record, or None. Of a past failure, the mode is no longer known."""
    if record is None:
        return None
    if record.failure:
        group = _group_asked_for(record)
        service = record.mode_reference if record.mode == ModeName.CARRIER_SERVICE else None
        return _failed_allocation(record.failure.message, record.allocated_at, service, group)
    past = record.past_failure
    return _failed_allocation(past.message, past.failed_at) if past else None


def _failed_allocation(message: str, at: str, service: str | None = None, group: str | None = None) -> FailedAllocation:
    return FailedAllocation(
        Message=message,
        AttemptedAllocationDate=with_offset(at),
        MpdCarrierServiceReference=service,
        MpdCarrierServiceName=None,
        CarrierServiceGroupReference=group,
        MpdCarrierServiceGroupName=group,
    )


def _winner_of(record: StoredRecord | None) -> Mapping[str, Any]:
    """Return the engine's notes on the service it chose, empty where another system chose or they can't be read."""
    if record is None or record.allocation_summary is None:
        return {}
    try:
        return winner_of(record)
    except UnreadableExplanationError:
        return {}


def _tax_of(record: StoredRecord) -> TaxRate | None:
    """Return the tax in an allocation's price, or None where it is unknown."""
    tax = _winner_of(record).get("tax")
    return tax_rate(tax["reference"], Decimal(tax["rate"])) if tax else None


def dates_of(record: StoredRecord | None) -> dict[str, str]:
    """Return when an allocated consignment is collected and delivered, empty where that is unknown.

    A delivery window is in local time at the destination. PRO writes it with the offset `+00:00` all the same.
    """
    winner = _winner_of(record)
    if not winner:
        return {}
    earliest, latest = winner["deliveryWindow"]
    return {
        "CollectionDate": with_offset(winner["collectedAt"]),
        "EarliestDeliveryDate": f"{winner['deliveredOn']}T{earliest}:00+00:00",
        "LatestDeliveryDate": f"{winner['deliveredOn']}T{latest}:00+00:00",
    }


def _price_of(price: PriceDocument) -> Price:
    """Return a recorded price in decimals."""
    return Price(Decimal(price.net), Decimal(price.vat), Decimal(price.gross), price.currency)


def with_offset(moment: str) -> str:
    """Return an ISO 8601 timestamp with `+00:00` for `Z`, as PRO writes it."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()
