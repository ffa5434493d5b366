"""The parts that customs documents share: their words, paragraphs, ruled tables, and the file around them.

The words are those of the Universal Postal Union's forms CN 22 and CN 23.
"""

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import black
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from allocation.consignments.full_consignment import CustomsDocumentation, FullAddress
from allocation.documents.customs_declaration import Declaration
from allocation.documents.fonts import FONT_NAMES, FontWeight, covers, register_fonts
from allocation.documents.text import address_lines, legible

# PRO's categories as the forms name them. PRO has none for a sale: its `ReasonForExport` tells.
CATEGORIES: Final = {
    "Gift": "Gift",
    "Documents": "Documents",
    "CommercialSample": "Commercial sample",
    "ReturnedGoods": "Returned goods",
    "Sale": "Sale of goods",
    "Other": "Other",
}
CERTIFIED: Final = (
    "I certify that the particulars given in this customs declaration are correct and that this item does not contain "
    "any dangerous article or articles prohibited by legislation or by postal or customs regulations."
)
SIGNATURE: Final = "Date and sender's signature"

_MARGIN_MM: Final = 6
# In points.
_SIGNATURE_HEIGHT: Final = 24
# Between a cell's rule and its text, in points.
_PADDING: Final = 2


def ticked_categories(details: CustomsDocumentation) -> str:
    """Return all categories in a row, with the right one ticked and explained."""
    chosen = category(details)
    boxes = "   ".join(f"[{'X' if name == chosen else '  '}] {words}" for name, words in CATEGORIES.items())
    explanation = details.category_type_explanation or details.reason_for_export or ""
    return f"{boxes}: {explanation}" if chosen == "Other" else boxes


def category(details: CustomsDocumentation) -> str:
    """Return the key of `CATEGORIES` that applies."""
    is_sale = (details.reason_for_export or "").strip().casefold().startswith("sale")
    return "Sale" if details.category_type == "Other" and is_sale else details.category_type


def party_lines(address: FullAddress, *numbers: tuple[str, str | None]) -> list[str]:
    """Return the lines of sender or receiver, with those numbers, as VAT number or telephone, that are known."""
    return [*address_lines(address), *(f"{title} {number}" for title, number in numbers if number)]


def sender_lines(declaration: Declaration) -> list[str]:
    """Return the lines of the sender, with the numbers by which customs know the sender."""
    details = declaration.details
    return party_lines(
        declaration.sender,
        ("Tel", telephone(declaration.sender)),
        ("VAT number", details.shippers_vat_number),
        ("Customs reference", details.shipper_customs_reference),
    )


def telephone(address: FullAddress) -> str | None:
    """Return the telephone number of an address."""
    contact = address.contact
    return (contact.telephone or contact.mobile or contact.land_line) if contact else None


def paragraph(text: str, size: float = 7, *, bold: bool = False) -> Paragraph:
    """Return text as it stands in a cell. Nothing in it is read as markup."""
    made = Paragraph(escape(legible(text, covers)) or " ", _style(size, "Bold" if bold else "Regular"))
    # Of each < and & the parser makes a fragment, and a table lays out every one of them again and again.
    for first in made.frags[:1]:
        first.text = "".join(each.text for each in made.frags)
    del made.frags[1:]
    return made


@cache
def _style(size: float, weight: FontWeight) -> ParagraphStyle:
    """Return the packaged font at a size in points. A paragraph looks its font up as soon as it is made."""
    register_fonts()
    return ParagraphStyle(f"{weight} {size}", fontName=FONT_NAMES[weight], fontSize=size, leading=size * 1.3)


def entry(title: str, lines: Sequence[str], size: float = 7) -> list[Flowable]:
    """Return a field of a form: its title in small letters, and its content."""
    return [paragraph(title, 5), *(paragraph(line, size) for line in lines)]


def signature(title: str, lines: Sequence[str]) -> list[Flowable]:
    """Return a field with room for a signature."""
    return [*entry(title, lines), Spacer(1, _SIGNATURE_HEIGHT)]


def grid(rows: Sequence[Sequence[object]], widths_mm: Sequence[float], heading_rows: int = 0) -> Table:
    """Return rows in ruled cells. They may break across pages, even inside a row, and repeat their headings there."""
    ruled = Table(
        [list(row) for row in rows],
        colWidths=[width * mm for width in widths_mm],
        repeatRows=heading_rows,
        splitInRow=1,
    )
    ruled.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, black),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            *((f"{side}PADDING", (0, 0), (-1, -1), _PADDING) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")),
        ]
    )
    return ruled


def pdf_file(parts: Sequence[Flowable], page_mm: tuple[float, float], title: str) -> bytes:
    """Return the document. The same parts give the same bytes."""
    file = BytesIO()
    margin = _MARGIN_MM * mm
    width, height = page_mm
    document = SimpleDocTemplate(
        file,
        pagesize=(width * mm, height * mm),
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=title,
        author="",
        invariant=1,
    )
    document.build(list(parts))
    return file.getvalue()
