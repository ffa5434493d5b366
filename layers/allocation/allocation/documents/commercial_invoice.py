"""The commercial invoice of a consignment, on A4."""

from decimal import Decimal
from typing import Final

from reportlab.platypus import Flowable

from allocation.documents.customs_declaration import Declaration, Goods
from allocation.documents.customs_pdf import entry, paragraph, pdf_file, signature, table
from allocation.documents.customs_wording import CATEGORIES, category, party_lines, sender_lines, telephone
from allocation.documents.writing import amount_text, weight_text

PAGE_MM: Final = (210, 297)
WIDTH_MM: Final = 198
COLUMNS_MM: Final = (70, 24, 16, 18, 22, 22, 26)
DECLARED: Final = "I declare that the information in this invoice is true and correct."


def commercial_invoice_pdf(declaration: Declaration, tracking_references: str) -> bytes:
    """The invoice as PDF."""
    parts: list[Flowable] = [
        table([[paragraph("COMMERCIAL INVOICE", 14, bold=True)]], (WIDTH_MM,)),
        references(declaration, tracking_references),
        parties(declaration),
        goods_table(declaration),
        totals(declaration),
        table([[paragraph(DECLARED), signed(declaration)]], (99, 99)),
    ]
    return pdf_file(parts, PAGE_MM, f"Commercial invoice of {declaration.reference}")


def references(declaration: Declaration, tracking_references: str) -> Flowable:
    """What the invoice is known by, and the terms of the sale."""
    details = declaration.details
    number = ", ".join(details.references_of_attached_invoices) or declaration.reference
    reason = details.reason_for_export or details.category_type_explanation or CATEGORIES[category(details)]
    return table(
        [
            [entry("Invoice", [number]), entry("Date", [f"{declaration.invoiced_on:%Y-%m-%d}"])],
            [entry("Consignment", [declaration.reference]), entry("Tracking reference", [tracking_references])],
            [entry("Reason for export", [reason]), entry("Shipping terms", [details.shipping_terms or ""])],
        ],
        (99, 99),
    )


def parties(declaration: Declaration) -> Flowable:
    """Seller and buyer, side by side."""
    details = declaration.details
    seller = sender_lines(declaration)
    buyer = party_lines(
        declaration.receiver,
        ("Tel", telephone(declaration.receiver)),
        ("VAT number", details.receivers_vat_number or details.importers_vat_number),
        ("Tax code", details.receivers_tax_code or details.importers_tax_code),
    )
    return table([[entry("Sender / exporter", seller, 8), entry("Receiver / importer", buyer, 8)]], (99, 99))


def goods_table(declaration: Declaration) -> Flowable:
    """The goods of all packages."""
    titles = ("Description", "Tariff number", "Origin", "Quantity", "Net weight", "Unit value", "Value")
    rows: list[list[Flowable]] = [[paragraph(title, 6) for title in titles]]
    rows += [goods_row(goods) for parcel in declaration.parcels for goods in parcel.goods]
    return table(rows, COLUMNS_MM, heading_rows=1)


def goods_row(goods: Goods) -> list[Flowable]:
    """One kind of goods."""
    cells = (
        goods.description,
        goods.harmonised_code,
        goods.country_of_origin,
        str(goods.quantity),
        weight_text(goods.weight_kg),
        amount_text(goods.unit_value),
        amount_text(goods.value),
    )
    return [paragraph(cell) for cell in cells]


def totals(declaration: Declaration) -> Flowable:
    """The sums over all packages."""
    parcels = declaration.parcels
    gross = weight_text(sum((parcel.gross_weight_kg for parcel in parcels), Decimal(0)))
    net = weight_text(sum((parcel.net_weight_kg for parcel in parcels), Decimal(0)))
    value = f"{amount_text(sum((parcel.value for parcel in parcels), Decimal(0)))} {declaration.currency}"
    cells = {"Packages": str(len(parcels)), "Gross weight": gross, "Net weight": net, "Invoice total": value}
    return table([[entry(title, [text], 9) for title, text in cells.items()]], (49.5, 49.5, 49.5, 49.5))


def signed(declaration: Declaration) -> list[Flowable]:
    """Who signs, when."""
    lines = [declaration.details.designated_person_responsible or "", f"{declaration.declared_on:%Y-%m-%d}"]
    return signature("Name, date and signature", lines)
