"""The customs declaration CN 23 of one package, on A5."""

from collections.abc import Sequence
from typing import Final

from reportlab.platypus import Flowable

from allocation.documents.customs_declaration import Declaration, Goods, Parcel
from allocation.documents.customs_pdf import entry, paragraph, pdf_file, signature, table
from allocation.documents.customs_wording import (
    CERTIFIED,
    SIGNATURE,
    party_lines,
    sender_lines,
    telephone,
    ticked_categories,
)
from allocation.documents.writing import amount_text, weight_text

PAGE_MM: Final = (210, 148)
WIDTH_MM: Final = 198
COLUMNS_MM: Final = (88, 16, 24, 28, 24, 18)


def cn23_pdf(declaration: Declaration, parcel: Parcel, tracking_reference: str) -> bytes:
    """The form as PDF."""
    reference = f"{declaration.reference}, package {parcel.number} of {len(declaration.parcels)}"
    details = declaration.details
    title = [paragraph("CUSTOMS DECLARATION", 10, bold=True), entry("Item", [f"{reference}, {tracking_reference}"])]
    certificate = [paragraph(CERTIFIED, 6), signature(SIGNATURE, [f"{declaration.declared_on:%Y-%m-%d}"])]
    parts: list[Flowable] = [
        table([[*title, paragraph("CN 23", 12, bold=True)]], (70, 104, 24)),
        parties(declaration),
        goods_table(declaration, parcel),
        table([[entry("Category of item", [ticked_categories(details)])]], (WIDTH_MM,)),
        table(
            [[entry("Comments (goods subject to quarantine or other restrictions)", texts(details.cn23_comments))]],
            (WIDTH_MM,),
        ),
        attachments(declaration),
        table([certificate], (128, 70)),
    ]
    return pdf_file(parts, PAGE_MM, f"CN 23 of {reference}")


def parties(declaration: Declaration) -> Flowable:
    """Sender, receiver and importer, side by side."""
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
    return table([[entry("From", sender), entry("To", receiver), entry("Importer", numbers)]], (70, 70, 58))


def goods_table(declaration: Declaration, parcel: Parcel) -> Flowable:
    """What is in the package, and the totals."""
    titles = ("Detailed description", "Quantity", "Net weight", "Value", "Tariff number", "Origin")
    gross = f"Total; gross weight {weight_text(parcel.gross_weight_kg)}"
    total = (
        gross,
        "",
        weight_text(parcel.net_weight_kg),
        f"{amount_text(parcel.value)} {declaration.currency}",
        "",
        "",
    )
    rows: list[list[Flowable]] = [
        [paragraph(title, 5) for title in titles],
        *(goods_row(goods, declaration.currency) for goods in parcel.goods),
        [paragraph(text, bold=True) for text in total],
    ]
    return table(rows, COLUMNS_MM, heading_rows=1)


def goods_row(goods: Goods, currency: str) -> list[Flowable]:
    """One kind of goods."""
    cells = (
        goods.description,
        str(goods.quantity),
        weight_text(goods.weight_kg),
        f"{amount_text(goods.value)} {currency}",
        goods.harmonised_code,
        goods.country_of_origin,
    )
    return [paragraph(cell) for cell in cells]


def attachments(declaration: Declaration) -> Flowable:
    """The papers that go with the package, and where it was posted."""
    details = declaration.details
    cells = [
        entry("Licences", [", ".join(details.references_of_attached_licences)]),
        entry("Certificates", [", ".join(details.references_of_attached_certificates)]),
        entry("Invoices", [", ".join(details.references_of_attached_invoices)]),
        entry("Office of origin", texts(details.office_of_posting)),
    ]
    return table([cells], (49.5, 49.5, 49.5, 49.5))


def texts(text: str | None) -> Sequence[str]:
    """A text that may be missing, as the lines of a field."""
    return [text or ""]
