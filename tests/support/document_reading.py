"""Reads documents back with other people's readers: a barcode scanner, and two PDF libraries."""

from base64 import b64decode
from io import BytesIO

import zxingcpp
from PIL import Image
from pypdf import PdfReader
from pypdfium2 import PdfDocument  # type: ignore[import-untyped]

POINTS_PER_INCH = 72
PRINTER_DPI = 203


def scanned(image: Image.Image) -> list[str]:
    """What a scanner reads, from top to bottom."""
    return [barcode.text for barcode in barcodes(image)]


def barcodes(image: Image.Image) -> list[zxingcpp.Barcode]:
    """The Code 128 barcodes of an image, from top to bottom."""
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
    return sorted(found, key=lambda barcode: barcode.position.top_left.y)


def png(file: str) -> Image.Image:
    """An image from base64."""
    return Image.open(BytesIO(b64decode(file)))


def printed(file: str) -> list[Image.Image]:
    """The pages of a PDF in base64, as a label printer prints them."""
    with PdfDocument(b64decode(file)) as pages:
        return [page.render(scale=PRINTER_DPI / POINTS_PER_INCH).to_pil() for page in pages]


def texts(file: str) -> list[str]:
    """The text of each page of a PDF in base64, on one line."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(b64decode(file))).pages]
