"""Manifests as PRO shows them, and as their document lists them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from typing_extensions import TypedDict

from allocation.api.measures import total_weight
from allocation.api.record_view import dates_of
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import kept_consignment
from allocation.consignments.manifests import Manifest
from allocation.consignments.store import Known
from allocation.documents.results import ManifestHeading, ManifestLine
from allocation.engine.loaded_catalogue import Location

_Located = Callable[[FullConsignment], FullConsignment]


class ManifestFileInfo(TypedDict):
    """A manifest in the list of manifests."""

    ManifestReference: str
    ManifestFileStorageContainer: str
    ManifestFileName: str
    ShippingLocationReference: str | None
    ShippingLocationName: str | None
    Created: str
    CarrierName: str
    BookingsCount: int
    ManifestFileNameSentToCarrier: str | None


class ManifestFileItem(TypedDict):
    """A consignment of a manifest."""

    ConsignmentReferenceForAllLegsAssignedByMpd: str
    ConsignmentReferenceProvidedByCustomer: str | None
    CarrierServiceName: str | None
    DestinationAddress: str
    ShippingDate: str | None
    EstimatedDeliveryDate: str | None


class ManifestView(TypedDict):
    """A manifest with its consignments."""

    ManifestReference: str
    TotalRecords: int
    PageSize: int
    ManifestItems: list[ManifestFileItem]


def manifest_info(manifest: Manifest, locations: Mapping[str, Location]) -> ManifestFileInfo:
    """Return a manifest as the list of manifests has it. `locations` are those of the catalogue."""
    location = locations.get(manifest.location or "")
    named = (manifest.location or "").replace("-", "_")
    return ManifestFileInfo(
        ManifestReference=manifest.reference,
        ManifestFileStorageContainer="manifests",
        ManifestFileName=f"{named}-{manifest.reference}.pdf".lstrip("-"),
        ShippingLocationReference=manifest.location,
        ShippingLocationName=(location.name or None) if location else None,
        Created=manifest.created_at.isoformat(),
        CarrierName=manifest.carrier_name,
        BookingsCount=manifest.bookings,
        ManifestFileNameSentToCarrier=None,
    )


def manifest_view(manifest: Manifest, booked: Sequence[Known], located: _Located) -> ManifestView:
    """Return a manifest with its items."""
    return ManifestView(
        ManifestReference=manifest.reference,
        TotalRecords=len(booked),
        PageSize=len(booked),
        ManifestItems=[_item(known, located) for known in booked],
    )


def _item(known: Known, located: _Located) -> ManifestFileItem:
    dates = dates_of(known.record)
    summary = known.record.allocation_summary if known.record else None
    return ManifestFileItem(
        ConsignmentReferenceForAllLegsAssignedByMpd=known.reference,
        ConsignmentReferenceProvidedByCustomer=known.stored.customer_reference if known.stored else None,
        CarrierServiceName=summary.carrier_service_name if summary else None,
        DestinationAddress=_destination(_consignment(known, located)),
        ShippingDate=dates.get("CollectionDate"),
        EstimatedDeliveryDate=dates.get("LatestDeliveryDate"),
    )


def manifest_lines(
    manifest: Manifest, booked: Sequence[Known], located: _Located
) -> tuple[ManifestHeading, list[ManifestLine]]:
    """Return what a manifest's document says."""
    heading = ManifestHeading(
        manifest.reference,
        manifest.carrier_name,
        manifest.location or "",
        f"{manifest.created_at:%Y-%m-%d %H:%M} UTC",
    )
    return heading, [_line(known, located) for known in booked]


def _line(known: Known, located: _Located) -> ManifestLine:
    consignment, dates = _consignment(known, located), dates_of(known.record)
    summary = known.record.allocation_summary if known.record else None
    legs = summary.consignment_legs if summary else ()
    return ManifestLine(
        consignment=known.reference,
        customer_reference=(known.stored.customer_reference if known.stored else None) or "",
        service=(summary.carrier_service_name if summary else None) or "",
        packages=str(len(consignment.packages)) if consignment else "0",
        weight_kg=str(total_weight(consignment)["Value"]) if consignment else "",
        destination=_destination(consignment),
        tracking=" ".join(text for leg in legs for text in leg.tracking_references),
        ships_on=_day(dates.get("CollectionDate")),
        expected_on=_day(dates.get("LatestDeliveryDate")),
    )


def _consignment(known: Known, located: _Located) -> FullConsignment | None:
    """Return the whole consignment; None once its personal data is deleted."""
    return located(kept_consignment(known.stored.content)) if known.stored else None


def _destination(consignment: FullConsignment | None) -> str:
    # Its libraries slow every cold start: they are loaded with the first manifest that is shown.
    from allocation.documents.text import address_lines

    return ", ".join(address_lines(consignment.address("Destination"))) if consignment else ""


def _day(moment: str | None) -> str:
    return datetime.fromisoformat(moment).date().isoformat() if moment else ""
