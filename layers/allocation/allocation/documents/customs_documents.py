"""Customs documents of an allocated consignment as PRO's `GET /consignments/docs/{consignment}` returns them.

A CN 22 or CN 23 belongs to a package, by the value of its goods; the commercial invoice belongs to the consignment.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from allocation.consignments.full_consignment import FullConsignment
from allocation.documents.cn22 import cn22_pdf
from allocation.documents.cn23 import cn23_pdf
from allocation.documents.commercial_invoice import commercial_invoice_pdf
from allocation.documents.customs_declaration import declaration_of
from allocation.documents.customs_territories import passes_customs
from allocation.documents.replies import CustomsDocuments, DocumentFile
from allocation.domain.summary import AllocationSummary

MOST_ON_A_CN22: Final = Decimal(270)
"""GBP; a package of more needs a CN 23 (Royal Mail, customs declarations)."""
NO_RATES: Final[Mapping[str, Decimal]] = MappingProxyType({})


def customs_documents(
    consignment: FullConsignment,
    summary: AllocationSummary,
    on: date,
    gbp_rates: Mapping[str, Decimal] = NO_RATES,
) -> CustomsDocuments:
    """PRO's reply; its lists are empty where goods pass no customs.

    `on` dates what the consignment leaves undated. `gbp_rates` has the GBP of one unit of each other currency that
    goods may be declared in. Raises `CustomsDataError` with all that is missing.
    """
    if not is_international(consignment):
        return {"CommercialInvoiceDocuments": [], "CN22Documents": [], "CN23Documents": []}
    rates = {**gbp_rates, "GBP": Decimal(1)}
    declaration = declaration_of(consignment, on, rates.keys())
    rate = rates[declaration.currency]
    forms: dict[bool, list[DocumentFile]] = {True: [], False: []}
    for parcel in declaration.parcels:
        is_small = parcel.value * rate <= MOST_ON_A_CN22
        name, draw = ("CN22", cn22_pdf) if is_small else ("CN23", cn23_pdf)
        pdf = draw(declaration, parcel, tracking_references(summary, parcel.number))
        forms[is_small].append(document_file(f"{declaration.reference}-{parcel.number}-{name}.pdf", pdf))
    invoice = commercial_invoice_pdf(declaration, tracking_references(summary))
    return {
        "CommercialInvoiceDocuments": [document_file(f"{declaration.reference}-commercial-invoice.pdf", invoice)],
        "CN22Documents": forms[True],
        "CN23Documents": forms[False],
    }


def is_international(consignment: FullConsignment) -> bool:
    """Tells whether the goods pass customs; an address that leaves this open is refused later."""
    origin, destination = consignment.address("Origin"), consignment.address("Destination")
    if origin is None or destination is None or origin.country is None or destination.country is None:
        return True
    return passes_customs(origin, destination)


def tracking_references(summary: AllocationSummary, package: int | None = None) -> str:
    """The tracking references of a package, by its number from 1, or of all packages."""
    legs = (leg.tracking_references for leg in summary.consignment_legs)
    chosen = (
        references if package is None or len(references) < package else references[package - 1 : package]
        for references in legs
    )
    return ", ".join(reference for references in chosen for reference in references)


def document_file(name: str, pdf: bytes) -> DocumentFile:
    """A document under its file name."""
    return {"Key": name, "Value": b64encode(pdf).decode("ascii")}
