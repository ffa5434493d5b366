"""Customs documents of an allocated consignment, as PRO's `GET /consignments/docs/{consignment}` returns them.

Goods that cross a border (`customs_territories`) need a CN 22 or CN 23 for each package, by the value of its goods, and
one commercial invoice for the consignment. `docs/decisions/0062-where-customs-begin.md` says which form and why.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from allocation.consignments.full_consignment import FullAddress, FullConsignment
from allocation.documents.commercial_invoice import commercial_invoice_pdf
from allocation.documents.customs_declaration import Declaration, Parcel, declaration_of
from allocation.documents.customs_forms import cn22_pdf, cn23_pdf
from allocation.documents.customs_territories import Border, Place, border_between
from allocation.documents.results import MAX_FILE, CustomsDocuments, DocumentFile, DocumentTooLargeError
from allocation.domain.frozen import frozen
from allocation.domain.summary import AllocationSummary
from allocation.domain.tracking_reference import package_references

# GBP. A package worth more needs a CN 23 (Royal Mail, customs declarations).
_MAX_CN22_VALUE: Final = Decimal(270)
# Packages whose documents one reply holds: a form has 41,500 characters of base64 and takes 10 ms of a core, of which
# Lambda gives 58%. A kind of goods adds 1,000 characters and 2.3 ms.
_MAX_PACKAGES: Final = 100
_MAX_ITEMS: Final = 2000
_ONE_BY_ONE: Final = (
    "Get them one by one: /consignments/docs/{CN22 or CN23}/{consignment}/{package} and "
    "/consignments/docs/commercialinvoice/{consignment}."
)


class CustomsForm(StrEnum):
    """PRO's types of a package's customs document."""

    CN22 = "CN22"
    CN23 = "CN23"


_DRAWN: Final = {CustomsForm.CN22: cn22_pdf, CustomsForm.CN23: cn23_pdf}


@frozen
class CustomsPapers:
    """The documents of one consignment, each drawn when it is asked for.

    `on` dates what the consignment leaves undated. `gbp_rates` has the GBP of one unit of each other currency that
    goods may be declared in. Every method raises `CustomsDataError` with everything that is missing, and
    `DocumentTooLargeError`.
    """

    consignment: FullConsignment
    summary: AllocationSummary
    on: date
    gbp_rates: Mapping[str, Decimal]

    def all(self) -> CustomsDocuments:
        """Return PRO's reply. Its lists are empty if the goods pass no customs."""
        if not _is_international(self.consignment):
            return {"CommercialInvoiceDocuments": [], "CN22Documents": [], "CN23Documents": []}
        self._require_few_packages()
        declaration = self._declaration()
        forms: dict[CustomsForm, list[DocumentFile]] = {form: [] for form in CustomsForm}
        for parcel in declaration.parcels:
            form = self._form_of(parcel, declaration)
            name = f"{declaration.reference}-{parcel.number}-{form}.pdf"
            forms[form].append(_document_file(name, self._drawn(form, parcel, declaration)))
        pdf = commercial_invoice_pdf(declaration, _tracking_references(self.summary))
        invoice = _document_file(f"{declaration.reference}-commercial-invoice.pdf", pdf)
        size = sum(len(file["Value"]) for files in ([invoice], *forms.values()) for file in files)
        if size > MAX_FILE:
            text = f"The documents have {size} characters of base64, and a reply up to {MAX_FILE}."
            raise DocumentTooLargeError(f"{text} {_ONE_BY_ONE}")
        return {
            "CommercialInvoiceDocuments": [invoice],
            "CN22Documents": forms[CustomsForm.CN22],
            "CN23Documents": forms[CustomsForm.CN23],
        }

    def form(self, form: CustomsForm, package: int) -> bytes | None:
        """Return the form of a package, by its position from 0, as PDF. None: it needs none, or the other one."""
        if not _is_international(self.consignment):
            return None
        declaration = self._declaration()
        parcel = declaration.parcels[package]
        return self._drawn(form, parcel, declaration) if self._form_of(parcel, declaration) is form else None

    def commercial_invoice(self) -> bytes | None:
        """Return the commercial invoice as PDF, or None if the goods pass no customs."""
        if not _is_international(self.consignment):
            return None
        return commercial_invoice_pdf(self._declaration(), _tracking_references(self.summary))

    def _declaration(self) -> Declaration:
        items = sum(len(package.items) for package in self.consignment.packages)
        if items > _MAX_ITEMS:
            text = f"{items} kinds of goods are too many for customs documents, which list up to {_MAX_ITEMS}."
            raise DocumentTooLargeError(f"{text} Split the consignment.")
        return declaration_of(self.consignment, self.on, {*self.gbp_rates, "GBP"})

    def _require_few_packages(self) -> None:
        count = len(self.consignment.packages)
        if count > _MAX_PACKAGES:
            text = f"The documents of {count} packages are too many for one reply, which holds up to {_MAX_PACKAGES}."
            raise DocumentTooLargeError(f"{text} {_ONE_BY_ONE}")

    def _form_of(self, parcel: Parcel, declaration: Declaration) -> CustomsForm:
        """Return which form a package needs, by the value of its goods."""
        rate = Decimal(1) if declaration.currency == "GBP" else self.gbp_rates[declaration.currency]
        return CustomsForm.CN22 if parcel.value * rate <= _MAX_CN22_VALUE else CustomsForm.CN23

    def _drawn(self, form: CustomsForm, parcel: Parcel, declaration: Declaration) -> bytes:
        return _DRAWN[form](declaration, parcel, _tracking_references(self.summary, parcel.number))


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
    chosen = (references if package is None else package_references(references, package - 1) for references in legs)
    return ", ".join(reference for references in chosen for reference in references)


def _document_file(name: str, pdf: bytes) -> DocumentFile:
    return {"Key": name, "Value": b64encode(pdf).decode("ascii")}
