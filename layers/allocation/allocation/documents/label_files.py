"""Labels of an allocated consignment, as PRO's `GET /labels/{consignment}/{format}` returns them.

There is one label for each package and, if several carriers share the journey, for each leg. Every label is marked as
a sample: a parcel travels with the label that its carrier issues.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.consignments.strict_values import KILOGRAMS
from allocation.documents.fonts import covers
from allocation.documents.label_formats import pdf_of, png_of, zpl_covers, zpl_of
from allocation.documents.label_layout import Label, label_drawings
from allocation.documents.results import MAX_FILE, DataProblem, DocumentTooLargeError, LabelDataError, LabelFile
from allocation.documents.text import address_lines, weight_text
from allocation.domain.summary import AllocationSummary, ConsignmentLeg

# The formats, in upper case, and their media types.
CONTENT_TYPES: Final = {
    "PDF": "application/pdf",
    "PNG": "image/png",
    "ZPL": "application/zpl",
    "ZPLII": "application/zpl",
}
# Labels in one file. As PNG, one with the longest addresses has 83,000 characters of base64 and takes 130 ms of a core,
# of which Lambda gives 58% (1,024 of 1,769 MB). As PDF it has 8,000, as ZPL 7,500, and takes a sixth of the time.
_MAX_LABELS: Final = {"PDF": 1000, "PNG": 60, "ZPL": 1000, "ZPLII": 1000}


def label_file(
    consignment: FullConsignment, summary: AllocationSummary, label_format: str, package: int | None = None
) -> LabelFile:
    """Return PRO's reply: the labels of all packages in one file, or those of one package, by its position from 0.

    `label_format` is a key of `CONTENT_TYPES`, in any case. Raises `KeyError` for another format, `LabelDataError`, and
    `DocumentTooLargeError`.
    """
    name = label_format.upper()
    content_type = CONTENT_TYPES[name]
    packages = range(len(consignment.packages)) if package is None else (package,)
    count = len(packages) * len(summary.consignment_legs)
    if count > _MAX_LABELS[name]:
        raise _too_large(
            f"{count} labels are too many for one {name} file, which holds up to {_MAX_LABELS[name]}.", name
        )
    file = b64encode(_drawn(consignment, summary, name, packages)).decode("ascii")
    if len(file) > MAX_FILE:
        text = f"The {name} file of {count} labels has {len(file)} characters of base64, and a reply up to {MAX_FILE}."
        raise _too_large(text, name)
    return {"File": file, "ContentType": content_type}


def _too_large(text: str, name: str) -> DocumentTooLargeError:
    others = "as PDF or ZPL, or " if name == "PNG" else ""
    way = "package by package: /labels/package/{consignment}/{package}/{format}."
    return DocumentTooLargeError(f"{text} Get them {others}{way}")


def _drawn(consignment: FullConsignment, summary: AllocationSummary, name: str, packages: Sequence[int]) -> bytes:
    """Draw the labels of packages in a format of `CONTENT_TYPES`."""
    is_zpl = name.startswith("ZPL")
    labels = _labels_of(consignment, summary, packages)
    drawings = label_drawings(labels, zpl_covers if is_zpl else covers)
    if is_zpl:
        return zpl_of(drawings)
    return png_of(drawings) if name == "PNG" else pdf_of(drawings, f"Labels of {consignment.reference}")


def _labels_of(consignment: FullConsignment, summary: AllocationSummary, packages: Sequence[int]) -> tuple[Label, ...]:
    """Return the labels, package by package and, within a package, leg by leg.

    Raises `LabelDataError` if packages, legs or tracking references are missing; an allocated consignment has them.
    """
    problems = _missing(consignment, summary)
    if problems:
        raise LabelDataError(problems)
    return tuple(
        _label(consignment, summary, package, leg)
        for package in packages
        for leg in range(len(summary.consignment_legs))
    )


def _missing(consignment: FullConsignment, summary: AllocationSummary) -> list[DataProblem]:
    """Return what is missing for a label."""
    problems = []
    if not consignment.packages:
        problems.append(DataProblem("Packages", "is empty: a label belongs to a package"))
    if consignment.address("Destination") is None:
        problems.append(DataProblem("Addresses", "has no Destination"))
    if not summary.consignment_legs:
        problems.append(DataProblem("ConsignmentLegs", "is empty: allocate the consignment first"))
    for at, leg in enumerate(summary.consignment_legs):
        found = len(leg.tracking_references)
        if found not in {1, len(consignment.packages)}:
            message = f"has {found} members: there must be one for all packages, or one for each"
            problems.append(DataProblem(f"ConsignmentLegs[{at}].TrackingReferences", message))
    return problems


def _label(consignment: FullConsignment, summary: AllocationSummary, package_at: int, leg_at: int) -> Label:
    """Return the label of one package on one leg."""
    leg, package = summary.consignment_legs[leg_at], consignment.packages[package_at]
    reference_at = package_at if len(leg.tracking_references) > 1 else 0
    return Label(
        tracking_reference=leg.tracking_references[reference_at],
        tracking_target=f"ConsignmentLegs[{leg_at}].TrackingReferences[{reference_at}]",
        carrier=_carrier_of(leg, summary),
        service=summary.carrier_service_name or summary.carrier_service_reference or "",
        destination=(*address_lines(consignment.address("Destination")), *_pickup_line(consignment)),
        sender=address_lines(_return_address(consignment)),
        consignment=consignment.reference,
        customer_reference=consignment.consignment_reference_provided_by_customer or "",
        weight=weight_text(package.weight.value * KILOGRAMS[package.weight.unit]),
        package=package_at + 1,
        packages=len(consignment.packages),
        leg=leg_at + 1,
        legs=len(summary.consignment_legs),
    )


def _pickup_line(consignment: FullConsignment) -> tuple[str, ...]:
    """Return what names the pickup location, if the recipient collects at one."""
    destination = consignment.address("Destination")
    reference = destination.shop_location_reference if destination else None
    return (f"Pickup location {reference}",) if reference else ()


def _carrier_of(leg: ConsignmentLeg, summary: AllocationSummary) -> str:
    """Return the name of the carrier of this leg."""
    return leg.carrier_name or leg.carrier_reference or summary.carrier_name or ""


def _return_address(consignment: FullConsignment) -> FullAddress | None:
    """Return where an undeliverable package goes: the address for returns, else the origin."""
    return consignment.address("Return") or consignment.address("Origin")
