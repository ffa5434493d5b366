"""A manifest's list of consignments for the driver and the warehouse: PDF on A4, and CSV for programs."""

import csv
from collections.abc import Sequence
from dataclasses import astuple
from io import StringIO
from typing import Final

from allocation.documents.customs_parts import entry, grid, paragraph, pdf_file, signature
from allocation.documents.results import ManifestHeading, ManifestLine

_PAGE_MM: Final = (297, 210)
_WIDTH_MM: Final = 285
# The fields of `ManifestLine`.
_TITLES: Final = (
    "Consignment",
    "Your reference",
    "Carrier service",
    "Packages",
    "Weight (kg)",
    "Destination",
    "Tracking references",
    "Ships",
    "Expected",
)
_COLUMNS_MM: Final = (30, 30, 38, 15, 17, 71, 46, 19, 19)
# How a cell begins that a spreadsheet would read as a formula. Some of them take the full-width forms for the same.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def manifest_pdf(heading: ManifestHeading, lines: Sequence[ManifestLine]) -> bytes:
    """Return the list as PDF, with room for the driver's signature."""
    told = {
        "Carrier": heading.carrier,
        "Shipping location": heading.location,
        "Created": heading.created,
        "Manifest": heading.reference,
        "Consignments": str(len(lines)),
        "Packages": str(sum(int(line.packages) for line in lines)),
    }
    rows = [[paragraph(title, 6, bold=True) for title in _TITLES]]
    rows += [[paragraph(text, 6) for text in astuple(line)] for line in lines]
    parts = [
        grid([[paragraph("MANIFEST", 14, bold=True)]], (_WIDTH_MM,)),
        grid([[entry(title, [text], 8) for title, text in told.items()]], (50, 60, 45, 80, 25, 25)),
        grid(rows, _COLUMNS_MM, heading_rows=1),
        grid([[signature("Driver's name, date and signature", [""])]], (_WIDTH_MM,)),
    ]
    return pdf_file(parts, _PAGE_MM, f"Manifest {heading.reference}")


def manifest_csv(lines: Sequence[ManifestLine]) -> bytes:
    """Return the list as CSV (RFC 4180) in UTF-8 with a byte order mark, by which spreadsheets know it."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(_TITLES)
    writer.writerows([_as_text(cell) for cell in astuple(line)] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _as_text(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
