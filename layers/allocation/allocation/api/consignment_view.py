"""A consignment in PRO's shape: the sender's description, every name of PRO's, and the state of allocation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from allocation.api.consignment_shape import (
    OF_CONSIGNMENTS,
    AddressView,
    ConsignmentView,
    ContactView,
    PackageView,
    is_sent,
    nulls_of,
)
from allocation.api.measures import in_pro_units, total_value, total_weight
from allocation.api.record_view import allocation_of, dates_of, failed_allocation_of, journey_of, legs_of, with_offset
from allocation.api.searched_values import is_late
from allocation.api.typed_values import consignment_values
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.intake import usable_part
from allocation.consignments.items import named_items
from allocation.consignments.labels_given import LabelsGiven
from allocation.consignments.store import Known
from allocation.domain.tracking_reference import package_references

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
    legs = legs_of(known.record)
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
        **journey_of(known.record),
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
    return with_offset(known.record.allocated_at) if known.record else None


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


def _optional(moment: str | None) -> str | None:
    return with_offset(moment) if moment else None
