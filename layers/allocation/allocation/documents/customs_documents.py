"""Customs documents of an allocated consignment, as PRO's `GET /consignments/docs/{consignment}` returns them.

Goods that cross a border (`customs_territories`) need a CN 22 or CN 23 for each package, by the value of its goods, and
one commercial invoice for the consignment. `docs/decisions/0062-where-customs-begin.md` says which form and why.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.documents.commercial_invoice import commercial_invoice_pdf
from allocation.documents.customs_declaration import declaration_of
from allocation.documents.customs_forms import cn22_pdf, cn23_pdf
from allocation.documents.customs_territories import Border, Place, border_between
from allocation.documents.results import CustomsDocuments, DocumentFile
from allocation.domain.summary import AllocationSummary

# GBP. A package worth more needs a CN 23 (Royal Mail, customs declarations).
_MAX_CN22_VALUE: Final = Decimal(270)


def customs_documents(
    consignment: FullConsignment,
    summary: AllocationSummary,
    on: date,
    gbp_rates: Mapping[str, Decimal],
) -> CustomsDocuments:
    """Return PRO's reply. Its lists are empty if the goods pass no customs.

    `on` dates what the consignment leaves undated. `gbp_rates` has the GBP of one unit of each other currency that
    goods may be declared in. Raises `CustomsDataError` with everything that is missing.
    """
    if not _is_international(consignment):
        return {"CommercialInvoiceDocuments": [], "CN22Documents": [], "CN23Documents": []}
    rates = {**gbp_rates, "GBP": Decimal(1)}
    declaration = declaration_of(consignment, on, rates.keys())
    rate = rates[declaration.currency]
    forms: dict[bool, list[DocumentFile]] = {True: [], False: []}
    for parcel in declaration.parcels:
        is_small = parcel.value * rate <= _MAX_CN22_VALUE
        name, draw = ("CN22", cn22_pdf) if is_small else ("CN23", cn23_pdf)
        pdf = draw(declaration, parcel, _tracking_references(summary, parcel.number))
        forms[is_small].append(_document_file(f"{declaration.reference}-{parcel.number}-{name}.pdf", pdf))
    invoice = commercial_invoice_pdf(declaration, _tracking_references(summary))
    return {
        "CommercialInvoiceDocuments": [_document_file(f"{declaration.reference}-commercial-invoice.pdf", invoice)],
        "CN22Documents": forms[True],
        "CN23Documents": forms[False],
    }


def _is_international(consignment: FullConsignment) -> bool:
    """Tell whether the goods pass customs. An address that leaves this open is refused later."""
    origin, destination = consignment.address("Origin"), consignment.address("Destination")
    if origin is None or destination is None or origin.country is None or destination.country is None:
        return True
    return passes_customs(origin, destination)


def passes_customs(origin: FullAddress, destination: FullAddress) -> bool:
    """Tell whether goods between two addresses need a customs declaration. Both have a country."""
    return border_between(_place(origin), _place(destination)) is not Border.NONE


def _place(address: FullAddress) -> Place:
    country = address.country.iso_code.two_letter_code if address.country else ""
    return Place(country, address.postcode, address.region)


def _tracking_references(summary: AllocationSummary, package: int | None = None) -> str:
    """Return the tracking references of a package, by its number from 1, or of all packages."""
    legs = (leg.tracking_references for leg in summary.consignment_legs)
    chosen = (
        references if package is None or len(references) < package else references[package - 1 : package]
        for references in legs
    )
    return ", ".join(reference for references in chosen for reference in references)


def _document_file(name: str, pdf: bytes) -> DocumentFile:
    return {"Key": name, "Value": b64encode(pdf).decode("ascii")}
