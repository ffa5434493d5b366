"""The commercial invoice of a consignment, on A4."""

from decimal import Decimal
from typing import Final

from reportlab.platypus import Flowable

from allocation.documents.customs_declaration import Declaration, Goods
from allocation.documents.customs_parts import (
    CATEGORIES,
    category,
    entry,
    grid,
    paragraph,
    party_lines,
    pdf_file,
    sender_lines,
    signature,
    telephone,
)
from allocation.documents.text import amount_text, money_text, weight_text

_PAGE_MM: Final = (210, 297)
_WIDTH_MM: Final = 198
_COLUMNS_MM: Final = (70, 24, 16, 18, 22, 22, 26)
_DECLARED: Final = "I declare that the information in this invoice is true and correct."


def commercial_invoice_pdf(declaration: Declaration, tracking_references: str) -> bytes:
    """Return the invoice as PDF."""
    parts: list[Flowable] = [
        grid([[paragraph("COMMERCIAL INVOICE", 14, bold=True)]], (_WIDTH_MM,)),
        _references(declaration, tracking_references),
        _parties(declaration),
        _goods_table(declaration),
        _totals(declaration),
        grid([[paragraph(_DECLARED), _signed(declaration)]], (99, 99)),
    ]
    return pdf_file(parts, _PAGE_MM, f"Commercial invoice of {declaration.reference}")


def _references(declaration: Declaration, tracking_references: str) -> Flowable:
    """Return the numbers of the invoice, and the terms of the sale."""
    details = declaration.details
    number = ", ".join(details.references_of_attached_invoices) or declaration.reference
    reason = details.reason_for_export or details.category_type_explanation or CATEGORIES[category(details)]
    return grid(
        [
            [entry("Invoice", [number]), entry("Date", [f"{declaration.invoiced_on:%Y-%m-%d}"])],
            [entry("Consignment", [declaration.reference]), entry("Tracking reference", [tracking_references])],
            [entry("Reason for export", [reason]), entry("Shipping terms", [details.shipping_terms or ""])],
        ],
        (99, 99),
    )


def _parties(declaration: Declaration) -> Flowable:
    """Return seller and buyer, side by side."""
    details = declaration.details
    seller = sender_lines(declaration)
    buyer = party_lines(
        declaration.receiver,
        ("Tel", telephone(declaration.receiver)),
        ("VAT number", details.receivers_vat_number or details.importers_vat_number),
        ("Tax code", details.receivers_tax_code or details.importers_tax_code),
    )
    return grid([[entry("Sender / exporter", seller, 8), entry("Receiver / importer", buyer, 8)]], (99, 99))


def _goods_table(declaration: Declaration) -> Flowable:
    """Return the goods of all packages."""
    titles = ("Description", "Tariff number", "Origin", "Quantity", "Net weight", "Unit value", "Value")
    rows: list[list[Flowable]] = [[paragraph(title, 6) for title in titles]]
    rows += [_goods_row(goods, declaration.currency) for parcel in declaration.parcels for goods in parcel.goods]
    return grid(rows, _COLUMNS_MM, heading_rows=1)


def _goods_row(goods: Goods, currency: str) -> list[Flowable]:
    cells = (
        goods.description,
        goods.harmonised_code,
        goods.country_of_origin,
        str(goods.quantity),
        weight_text(goods.weight_kg),
        amount_text(goods.unit_value, currency),
        amount_text(goods.value, currency),
    )
    return [paragraph(cell) for cell in cells]


def _totals(declaration: Declaration) -> Flowable:
    """Return the sums over all packages."""
    parcels = declaration.parcels
    gross = weight_text(sum((parcel.gross_weight_kg for parcel in parcels), Decimal(0)))
    net = weight_text(sum((parcel.net_weight_kg for parcel in parcels), Decimal(0)))
    value = money_text(sum((parcel.value for parcel in parcels), Decimal(0)), declaration.currency)
    cells = {"Packages": str(len(parcels)), "Gross weight": gross, "Net weight": net, "Invoice total": value}
    return grid([[entry(title, [text], 9) for title, text in cells.items()]], (49.5, 49.5, 49.5, 49.5))


def _signed(declaration: Declaration) -> list[Flowable]:
    """Return who signs, and when."""
    lines = [declaration.details.designated_person_responsible or "", f"{declaration.declared_on:%Y-%m-%d}"]
    return signature("Name, date and signature", lines)
