"""A consignment in PRO's shape: the sender's description, every name of PRO's, and the state of allocation."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from allocation.api.consignment_shape import (
    OF_CONSIGNMENTS,
    AddressView,
    Allocation,
    ConsignmentView,
    ContactView,
    FailedAllocation,
    PackageView,
    is_sent,
    nulls_of,
)
from allocation.api.measures import TaxRate, in_pro_units, rate, tax_rate, total_value, total_weight
from allocation.api.searched_values import is_late
from allocation.api.typed_values import consignment_values
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.intake import usable_part
from allocation.consignments.items import named_items
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.store import Known
from allocation.domain.errors import UnreadableExplanationError
from allocation.domain.mode import ModeName
from allocation.domain.outcome import Price
from allocation.domain.tracking_reference import package_references
from allocation.records.explanations import winner_of
from allocation.records.stored_record import PriceDocument, StoredRecord

# PRO's clients can't read null for the customer, which is a GUID to them. We have no customers.
NO_GUID: Final = "00000000-0000-0000-0000-000000000000"
_NULLS_OF_A_CONSIGNMENT: Final = nulls_of(
    ConsignmentView,
    ConsignmentLegs=[],
    MetaData=[],
    Source="Api",
    LabelCount=0,
    LabelsPrinted=False,
    IsLate=False,
    LateForCustomer=False,
    CustomerReference=NO_GUID,
    ConsignmentReferenceProvidedByCustomer="",
    Direction="Outbound",
    Tags=[],
    Addresses=[],
    Packages=[],
)
_NULLS_OF_AN_ADDRESS: Final = nulls_of(AddressView, IsCached=False, RegionCode="")
_NULLS_OF_A_CONTACT: Final = nulls_of(ContactView)
_NULLS_OF_A_PACKAGE: Final = nulls_of(
    PackageView, Items=[], Charges=[], MetaData=[], ConsignmentLegs=[], PackageReferenceProvidedByCustomer=""
)


def consignment_view(
    known: Known, located: Callable[[FullConsignment], FullConsignment], now: datetime
) -> dict[str, Any]:
    """Return the whole consignment. If only its record is known, it has no addresses or packages.

    `located` completes addresses from the shipping locations that they name. Whether it is late is told by `now`.
    """
    legs = _legs_of(known.record)
    return {
        **_NULLS_OF_A_CONSIGNMENT,
        **_stored_part(known, legs, located),
        "ConsignmentLegs": legs,
        "Reference": known.reference,
        "ConsignmentState": known.state,
        "Allocation": allocation_of(known.record),
        "FailedAllocation": failed_allocation_of(known.record),
        "DateCreated": _created_at(known),
        "IsLate": is_late(known, now),
        **labels_part(known.labels_given),
        "DateShipped": _optional(known.record.dispatched_at if known.record else None),
        **_journey_of(known.record),
        **dates_of(known.record),
    }


def _stored_part(
    known: Known, legs: list[Any], located: Callable[[FullConsignment], FullConsignment]
) -> dict[str, Any]:
    """Return the sender's description in PRO's units, with every name of PRO's."""
    if known.stored is None:
        return {}
    kept, consignment = usable_part(known.stored.content)
    content = consignment_values(in_pro_units(kept))
    return {
        **{name: value for name, value in content.items() if value is not None and is_sent(name)},
        "Weight": total_weight(consignment),
        "Value": total_value(consignment),
        "Addresses": [address_view(address) for address in completed_addresses(content, located(consignment))],
        "Packages": [
            package_view(package, _legs_of_package(legs, at)) for at, package in enumerate(content["Packages"])
        ],
    }


def completed_addresses(content: Mapping[str, Any], whole: FullConsignment) -> list[Any]:
    """Return the addresses of a description in PRO's units; those of `whole` give what they leave out."""
    pairs = zip(content["Addresses"], whole.addresses, strict=True)
    return [in_pro_units(_completed(address, known)) for address, known in pairs]


def _completed(address: Mapping[str, Any], whole: FullAddress) -> dict[str, Any]:
    """Return an address as it was sent; `whole` gives what it leaves out."""
    given = {name: value for name, value in address.items() if value is not None}
    return {**address, **whole.model_dump(mode="json", by_alias=True, exclude_none=True), **given}


def _created_at(known: Known) -> str | None:
    """Return when a consignment was created here, else when the order queue recorded it."""
    if known.stored:
        return known.stored.created_at.isoformat()
    return _with_offset(known.record.allocated_at) if known.record else None


def address_view(address: Mapping[str, Any]) -> dict[str, Any]:
    """Return an address with every name of PRO's."""
    contact = address.get("Contact")
    return {
        **_NULLS_OF_AN_ADDRESS,
        **address,
        "RegionCode": address.get("RegionCode") or "",
        "Contact": {**_NULLS_OF_A_CONTACT, **contact} if isinstance(contact, Mapping) else None,
    }


def package_view(package: Mapping[str, Any], legs: list[Any]) -> dict[str, Any]:
    """Return a package in PRO's units with every name of PRO's, and its own legs."""
    items = {"Items": named_items(package)} if package.get("Items") else {}
    return {**_NULLS_OF_A_PACKAGE, **_without_null_lists(package), **items, "ConsignmentLegs": legs}


def _legs_of_package(legs: list[Any], package: int) -> list[Any]:
    """Return the legs with the tracking references of one package, which counts from 0."""
    name = "TrackingReferences"
    return [{**leg, name: list(package_references(leg[name], package))} for leg in legs]


def _journey_of(record: StoredRecord | None) -> dict[str, Any]:
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
    return {name: _with_offset(moment) for name, moment in moments.items() if moment}


def labels_part(given: LabelsGiven | None) -> dict[str, Any]:
    """Return what PRO says of a consignment's labels."""
    if given is None:
        return {}
    return {"LabelCount": given.count, "LabelsPrinted": True, "DateLabelsWereFirstPrinted": given.at.isoformat()}


def plain_address_view(address: Mapping[str, Any]) -> dict[str, Any]:
    """Return an address with every name of PRO's, and without those that only a consignment's address has."""
    return {name: value for name, value in address_view(address).items() if name not in OF_CONSIGNMENTS}


def _without_null_lists(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return a package without its null lists, which PRO writes as empty lists."""
    return {
        name: value for name, value in package.items() if value is not None or _NULLS_OF_A_PACKAGE.get(name) is None
    }


def _legs_of(record: StoredRecord | None) -> list[Any]:
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
        AllocationDate=_with_offset(record.allocated_at),
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
        AttemptedAllocationDate=_with_offset(at),
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
        "CollectionDate": _with_offset(winner["collectedAt"]),
        "EarliestDeliveryDate": f"{winner['deliveredOn']}T{earliest}:00+00:00",
        "LatestDeliveryDate": f"{winner['deliveredOn']}T{latest}:00+00:00",
    }


def _price_of(price: PriceDocument) -> Price:
    """Return a recorded price in decimals."""
    return Price(Decimal(price.net), Decimal(price.vat), Decimal(price.gross), price.currency)


def _optional(moment: str | None) -> str | None:
    return _with_offset(moment) if moment else None


def _with_offset(moment: str) -> str:
    """Return an ISO 8601 timestamp with `+00:00` for `Z`, as PRO writes it."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()
