"""PRO's replies to who asks for documents; importing them loads no drawing library."""

from typing_extensions import TypedDict


class LabelFile(TypedDict):
    """A file with labels in base64, and its media type."""

    File: str
    ContentType: str


class DocumentFile(TypedDict):
    """A document: `Key` is its file name, `Value` the PDF in base64."""

    Key: str
    Value: str


class CustomsDocuments(TypedDict):
    """What customs want to see of a consignment; the lists are empty for one that passes no customs."""

    CommercialInvoiceDocuments: list[DocumentFile]
    CN22Documents: list[DocumentFile]
    CN23Documents: list[DocumentFile]
