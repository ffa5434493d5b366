"""A consignment as a search shows it (PRO's `ConsignmentSummary`)."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from typing_extensions import TypedDict

from allocation.api.consignment_view import labels_part
from allocation.api.measures import MoneyView, WeightView, total_value, total_weight
from allocation.api.record_view import allocation_of, dates_of, failed_allocation_of
from allocation.api.replies import ApiLinkView
from allocation.api.searched_values import created_at, is_late, shipping_date
from allocation.api.typed_values import shipping_terms
from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.intake import kept_consignment
from allocation.consignments.store import Known


class ConsignmentSummary(TypedDict):
    """A consignment as a search shows it."""

    Source: str | None
    MpdCarrierServiceName: str | None
    MpdCarrierServiceGroupName: str | None
    MpdCarrierServiceGroupReference: str | None
    DestinationAddressLine1: str | None
    DestinationAddressTown: str | None
    DestinationAddressPostcode: str | None
    DestinationAddressCountry: str | None
    DestinationShippingLocationReference: str | None
    RequestedDeliveryDate: str | None
    RequestedDeliveryDateIsToBeExactlyOnTheDateSpecified: bool | None
    LabelsPrinted: bool
    DateLabelsWereFirstPrinted: str | None
    EstimatedDeliveryDate: str | None
    ShippingTerms: str | None
    FailedAllocationAttemptedAllocationDate: str | None
    FailedAllocationMessage: str | None
    FailedAllocationMpdCarrierServiceReference: str | None
    FailedAllocationMpdCarrierServiceGroupName: str | None
    FailedAllocationMpdCarrierServiceGroupReference: str | None
    FailedAllocationMpdCarrierServiceName: str | None
    IsLate: bool
    DeliveryDate: str | None
    CollectionDate: str | None
    AttemptedDeliveryDate: str | None
    Value: MoneyView | None
    Weight: WeightView | None
    ApiLink: ApiLinkView
    FailedManifestMessage: str | None
    FailedManifestTimeStamp: str | None
    Reference: str
    ConsignmentReferenceProvidedByCustomer: str | None
    DateCreated: str
    State: str
    ShippingDate: str | None
    MpdCarrierReference: str | None
    MpdCarrierServiceReference: str | None
    AllocationDate: str | None
    ShippedDate: str | None


def summary_view(
    known: Known, located: Callable[[FullConsignment], FullConsignment], base_url: str, now: datetime
) -> ConsignmentSummary:
    """Return a consignment as a search shows it. `located` completes addresses from shipping locations."""
    consignment = located(kept_consignment(known.stored.content)) if known.stored else None
    summary: Any = {
        **dict.fromkeys(ConsignmentSummary.__annotations__),
        **_allocation(known),
        **_failures(known),
        **(_description(consignment) if consignment else {}),
        **_promise(known),
        "LabelsPrinted": False,
        "IsLate": is_late(known, now),
        **{name: value for name, value in labels_part(known.labels_given).items() if name != "LabelCount"},
        "Source": known.stored.content.get("Source") if known.stored else "Queue",
        "Reference": known.reference,
        "ConsignmentReferenceProvidedByCustomer": known.stored.customer_reference if known.stored else None,
        "DateCreated": _moment(created_at(known)),
        "ShippingDate": _moment(shipping_date(known)),
        "State": known.state,
        "ApiLink": ApiLinkView(Rel="detail", Href=f"{base_url}/consignments/{known.reference}"),
    }
    result: ConsignmentSummary = summary
    return result


def _allocation(known: Known) -> dict[str, Any]:
    """Return the allocation of a consignment, and its dates."""
    allocation, dates = allocation_of(known.record), dates_of(known.record)
    if allocation is None or known.record is None:
        return {}
    return {
        "MpdCarrierReference": known.record.carrier_reference,
        "MpdCarrierServiceReference": allocation["MpdCarrierServiceReference"],
        "MpdCarrierServiceName": allocation["MpdCarrierServiceName"],
        "MpdCarrierServiceGroupReference": allocation["CarrierServiceGroupReference"],
        "MpdCarrierServiceGroupName": allocation["MpdCarrierServiceGroupName"],
        "AllocationDate": allocation["AllocationDate"],
        "EstimatedDeliveryDate": dates.get("LatestDeliveryDate"),
        "ShippedDate": _moment(known.record.dispatched_at),
    }


def _failures(known: Known) -> dict[str, Any]:
    """Return the last allocation and the last manifest that failed."""
    failed, found = failed_allocation_of(known.record), dict[str, Any]()
    if failed:
        found = {
            "FailedAllocationAttemptedAllocationDate": failed["AttemptedAllocationDate"],
            "FailedAllocationMessage": failed["Message"],
            "FailedAllocationMpdCarrierServiceReference": failed["MpdCarrierServiceReference"],
            "FailedAllocationMpdCarrierServiceGroupReference": failed["CarrierServiceGroupReference"],
            "FailedAllocationMpdCarrierServiceGroupName": failed["MpdCarrierServiceGroupName"],
        }
    if known.record and known.record.state == "ManifestFailed":
        found["FailedManifestMessage"] = known.record.manifest_problem
        found["FailedManifestTimeStamp"] = _moment(known.record.moved_at)
    return found


def _description(consignment: FullConsignment) -> dict[str, Any]:
    address = consignment.address("Destination") or FullAddress.model_validate({})
    customs = consignment.customs_documentation
    return {
        "DestinationAddressLine1": address.address_line1,
        "DestinationAddressTown": address.town,
        "DestinationAddressPostcode": address.postcode,
        "DestinationAddressCountry": address.country.iso_code.two_letter_code if address.country else None,
        "DestinationShippingLocationReference": address.shipping_location_reference,
        "Value": total_value(consignment),
        "Weight": total_weight(consignment),
        "ShippingTerms": shipping_terms(customs.shipping_terms) if customs else None,
    }


def _promise(known: Known) -> dict[str, Any]:
    """Return the delivery date that the sender asked for."""
    promise = (known.stored.content.get("RequestedDeliveryDate") if known.stored else None) or {}
    if not promise.get("Date"):
        return {}
    return {
        "RequestedDeliveryDate": _moment(promise["Date"]),
        "RequestedDeliveryDateIsToBeExactlyOnTheDateSpecified": bool(promise.get("IsToBeExactlyOnTheDateSpecified")),
    }


def _moment(given: Any) -> str | None:
    """Return a moment with its offset, as PRO writes it; a day begins at 00:00 UTC."""
    if not given:
        return None
    moment = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
