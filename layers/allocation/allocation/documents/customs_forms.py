"""The customs declarations of one package: CN 22 on A6, and CN 23 on A5."""

from collections.abc import Sequence
from typing import Final

from reportlab.platypus import Flowable

from allocation.documents.customs_declaration import Declaration, Goods, Parcel
from allocation.documents.customs_parts import (
    CERTIFIED,
    SIGNATURE,
    entry,
    grid,
    paragraph,
    party_lines,
    pdf_file,
    sender_lines,
    signature,
    telephone,
    ticked_categories,
)
from allocation.documents.text import money_text, weight_text

# CN 22

_CN22_PAGE_MM: Final = (105, 148)
_CN22_WIDTH_MM: Final = 93
_CN22_COLUMNS_MM: Final = (39, 16, 18, 20)


def cn22_pdf(declaration: Declaration, parcel: Parcel, tracking_reference: str) -> bytes:
    """Return the CN 22 of one package as PDF."""
    reference = _reference(declaration, parcel)
    parts: list[Flowable] = [
        grid([[paragraph("CUSTOMS DECLARATION", 9, bold=True), paragraph("CN 22", 12, bold=True)]], (73, 20)),
        grid([[entry("May be opened officially", [f"{reference}, {tracking_reference}"])]], (_CN22_WIDTH_MM,)),
        _cn22_parties(declaration),
        grid([[entry("Category of item", [ticked_categories(declaration.details)])]], (_CN22_WIDTH_MM,)),
        _cn22_goods(declaration, parcel),
        grid([[paragraph(CERTIFIED, 5.5)]], (_CN22_WIDTH_MM,)),
        grid([[signature(SIGNATURE, [f"{declaration.declared_on:%Y-%m-%d}"])]], (_CN22_WIDTH_MM,)),
    ]
    return pdf_file(parts, _CN22_PAGE_MM, f"CN 22 of {reference}")


def _reference(declaration: Declaration, parcel: Parcel) -> str:
    return f"{declaration.reference}, package {parcel.number} of {len(declaration.parcels)}"


def _cn22_parties(declaration: Declaration) -> Flowable:
    sender = party_lines(declaration.sender, ("Tel", telephone(declaration.sender)))
    receiver = party_lines(declaration.receiver, ("Tel", telephone(declaration.receiver)))
    return grid([[entry("From", sender, 6), entry("To", receiver, 6)]], (46.5, 46.5))


def _cn22_goods(declaration: Declaration, parcel: Parcel) -> Flowable:
    """Return what is in the package, and the totals."""
    titles = ("Quantity and detailed description", "Net weight", "Value", "Tariff number, country of origin")
    heading: list[Flowable] = [paragraph(title, 5) for title in titles]
    net, value = weight_text(parcel.net_weight_kg), money_text(parcel.value, declaration.currency)
    totals: list[Flowable] = [paragraph(text, 6.5, bold=True) for text in ("Total", net, value, "")]
    rows = [heading, *(_cn22_row(goods, declaration.currency) for goods in parcel.goods), totals]
    return grid(rows, _CN22_COLUMNS_MM, heading_rows=1)


def _cn22_row(goods: Goods, currency: str) -> list[Flowable]:
    texts = (
        f"{goods.quantity} x {goods.description}",
        weight_text(goods.weight_kg),
        money_text(goods.value, currency),
        f"{goods.harmonised_code} {goods.country_of_origin}",
    )
    return [paragraph(text, 6) for text in texts]


# CN 23

_CN23_PAGE_MM: Final = (210, 148)
_CN23_WIDTH_MM: Final = 198
_CN23_COLUMNS_MM: Final = (88, 16, 24, 28, 24, 18)
_CN23_COMMENTS: Final = "Comments (goods subject to quarantine or other restrictions)"


def cn23_pdf(declaration: Declaration, parcel: Parcel, tracking_reference: str) -> bytes:
    """Return the CN 23 of one package as PDF."""
    reference = _reference(declaration, parcel)
    details = declaration.details
    title = [paragraph("CUSTOMS DECLARATION", 10, bold=True), entry("Item", [f"{reference}, {tracking_reference}"])]
    certificate = [paragraph(CERTIFIED, 6), signature(SIGNATURE, [f"{declaration.declared_on:%Y-%m-%d}"])]
    parts: list[Flowable] = [
        grid([[*title, paragraph("CN 23", 12, bold=True)]], (70, 104, 24)),
        _cn23_parties(declaration),
        _cn23_goods(declaration, parcel),
        grid([[entry("Category of item", [ticked_categories(details)])]], (_CN23_WIDTH_MM,)),
        grid([[entry(_CN23_COMMENTS, _one_line(details.cn23_comments))]], (_CN23_WIDTH_MM,)),
        _cn23_attachments(declaration),
        grid([certificate], (128, 70)),
    ]
    return pdf_file(parts, _CN23_PAGE_MM, f"CN 23 of {reference}")


def _cn23_parties(declaration: Declaration) -> Flowable:
    """Return sender, receiver and importer, side by side."""
    details = declaration.details
    sender = sender_lines(declaration)
    receiver = party_lines(
        declaration.receiver,
        ("Tel", telephone(declaration.receiver)),
        ("VAT number", details.receivers_vat_number),
        ("Tax code", details.receivers_tax_code),
    )
    importer = {
        "VAT number": details.importers_vat_number,
        "Tax code": details.importers_tax_code,
        "Tel": details.importers_telephone,
        "Fax": details.importers_fax,
        "E-mail": details.importers_email,
    }
    numbers = [f"{title} {number}" for title, number in importer.items() if number]
    return grid([[entry("From", sender), entry("To", receiver), entry("Importer", numbers)]], (70, 70, 58))


def _cn23_goods(declaration: Declaration, parcel: Parcel) -> Flowable:
    """Return what is in the package, and the totals."""
    titles = ("Detailed description", "Quantity", "Net weight", "Value", "Tariff number", "Origin")
    total = (
        f"Total; gross weight {weight_text(parcel.gross_weight_kg)}",
        "",
        weight_text(parcel.net_weight_kg),
        money_text(parcel.value, declaration.currency),
        "",
        "",
    )
    rows: list[list[Flowable]] = [
        [paragraph(title, 5) for title in titles],
        *(_cn23_row(goods, declaration.currency) for goods in parcel.goods),
        [paragraph(text, bold=True) for text in total],
    ]
    return grid(rows, _CN23_COLUMNS_MM, heading_rows=1)


def _cn23_row(goods: Goods, currency: str) -> list[Flowable]:
    cells = (
        goods.description,
        str(goods.quantity),
        weight_text(goods.weight_kg),
        money_text(goods.value, currency),
        goods.harmonised_code,
        goods.country_of_origin,
    )
    return [paragraph(cell) for cell in cells]


def _cn23_attachments(declaration: Declaration) -> Flowable:
    """Return the papers that go with the package, and the office where it was posted."""
    details = declaration.details
    cells = [
        entry("Licences", [", ".join(details.references_of_attached_licences)]),
        entry("Certificates", [", ".join(details.references_of_attached_certificates)]),
        entry("Invoices", [", ".join(details.references_of_attached_invoices)]),
        entry("Office of origin", _one_line(details.office_of_posting)),
    ]
    return grid([cells], (49.5, 49.5, 49.5, 49.5))


def _one_line(text: str | None) -> Sequence[str]:
    """Return a text that may be missing as the one line of a field."""
    return [text or ""]
