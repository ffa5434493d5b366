"""The customs declaration CN 22 of one package, on A6."""

from typing import Final

from reportlab.platypus import Flowable

from allocation.documents.customs_declaration import Declaration, Goods, Parcel
from allocation.documents.customs_pdf import entry, paragraph, pdf_file, signature, table
from allocation.documents.customs_wording import CERTIFIED, SIGNATURE, party_lines, telephone, ticked_categories
from allocation.documents.writing import amount_text, weight_text

PAGE_MM: Final = (105, 148)
WIDTH_MM: Final = 93
COLUMNS_MM: Final = (39, 16, 18, 20)


def cn22_pdf(declaration: Declaration, parcel: Parcel, tracking_reference: str) -> bytes:
    """The form as PDF."""
    reference = f"{declaration.reference}, package {parcel.number} of {len(declaration.parcels)}"
    parts: list[Flowable] = [
        table([[paragraph("CUSTOMS DECLARATION", 9, bold=True), paragraph("CN 22", 12, bold=True)]], (73, 20)),
        table([[entry("May be opened officially", [f"{reference}, {tracking_reference}"])]], (WIDTH_MM,)),
        parties(declaration),
        table([[entry("Category of item", [ticked_categories(declaration.details)])]], (WIDTH_MM,)),
        goods_table(declaration, parcel),
        table([[paragraph(CERTIFIED, 5.5)]], (WIDTH_MM,)),
        table([[signature(SIGNATURE, [f"{declaration.declared_on:%Y-%m-%d}"])]], (WIDTH_MM,)),
    ]
    return pdf_file(parts, PAGE_MM, f"CN 22 of {reference}")


def parties(declaration: Declaration) -> Flowable:
    """Sender and receiver, side by side."""
    sender = party_lines(declaration.sender, ("Tel", telephone(declaration.sender)))
    receiver = party_lines(declaration.receiver, ("Tel", telephone(declaration.receiver)))
    return table([[entry("From", sender, 6), entry("To", receiver, 6)]], (46.5, 46.5))


def goods_table(declaration: Declaration, parcel: Parcel) -> Flowable:
    """What is in the package, and the totals."""
    titles = ("Quantity and detailed description", "Net weight", "Value", "Tariff number, country of origin")
    heading: list[Flowable] = [paragraph(title, 5) for title in titles]
    net, value = weight_text(parcel.net_weight_kg), f"{amount_text(parcel.value)} {declaration.currency}"
    totals: list[Flowable] = [paragraph(text, 6.5, bold=True) for text in ("Total", net, value, "")]
    rows: list[list[Flowable]] = [heading, *(goods_row(goods, declaration.currency) for goods in parcel.goods), totals]
    return table(rows, COLUMNS_MM, heading_rows=1)


def goods_row(goods: Goods, currency: str) -> list[Flowable]:
    """One kind of goods."""
    texts = (
        f"{goods.quantity} x {goods.description}",
        weight_text(goods.weight_kg),
        f"{amount_text(goods.value)} {currency}",
        f"{goods.harmonised_code} {goods.country_of_origin}",
    )
    return [paragraph(text, 6) for text in texts]
