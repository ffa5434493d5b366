"""Labels of an allocated consignment as PRO's `GET /labels/{consignment}/{format}` returns them.

Each is marked as a sample: a parcel travels with the label that its carrier issues.
"""

from base64 import b64encode
from typing import Final

from allocation.consignments.full_consignment import FullConsignment
from allocation.documents.fonts import covers
from allocation.documents.label import labels_of
from allocation.documents.label_layout import label_drawing
from allocation.documents.label_pdf import pdf_of
from allocation.documents.label_png import png_of
from allocation.documents.label_zpl import zpl_covers, zpl_of
from allocation.documents.replies import LabelFile
from allocation.domain.summary import AllocationSummary

CONTENT_TYPES: Final = {
    "PDF": "application/pdf",
    "PNG": "image/png",
    "ZPL": "application/zpl",
    "ZPLII": "application/zpl",
}
"""The formats, in upper case, and what each is called on the web."""


def label_file(consignment: FullConsignment, summary: AllocationSummary, label_format: str = "PDF") -> LabelFile:
    """PRO's reply with the labels of all packages in one file.

    `label_format` is one of `CONTENT_TYPES`, in any case. Raises `KeyError` for another, and `LabelDataError`.
    """
    name = label_format.upper()
    content_type = CONTENT_TYPES[name]
    return {"File": b64encode(drawn(consignment, summary, name)).decode("ascii"), "ContentType": content_type}


def drawn(consignment: FullConsignment, summary: AllocationSummary, name: str) -> bytes:
    """The labels in a format of `CONTENT_TYPES`."""
    is_zpl = name.startswith("ZPL")
    labels = labels_of(consignment, summary)
    drawings = [label_drawing(label, zpl_covers if is_zpl else covers) for label in labels]
    if is_zpl:
        return zpl_of(drawings)
    return png_of(drawings) if name == "PNG" else pdf_of(drawings, f"Labels of {consignment.reference}")
