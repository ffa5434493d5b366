"""Reads PRO's XML into the data that its JSON would hold.

Only elements and text are read. A document type is refused before any of it is used, and with it custom entities and
external references. Depth and number of elements are bounded. Namespaces are ignored, because old clients differ.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NoReturn
from xml.parsers import expat

_MAX_DEPTH: Final = 32
_MAX_ELEMENTS: Final = 20_000
MAX_DIGITS: Final = 40
# What a document may begin with: a byte order mark, or the first two characters in UTF-16. The longest come first.
_BEGINNINGS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("<?".encode("utf-16-le"), "utf-16-le"),
    ("<?".encode("utf-16-be"), "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"""\A\s*<\?xml[^>]{1,100}?encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.ASCII)
# In these encodings, bytes that are ASCII mean other characters.
_SHIFTING: Final = re.compile(r"utf-7|iso2022|hz|punycode|idna|.*escape")
_SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
# The lists in a request, each with the name of its elements.
ITEM_NAMES: Final[Mapping[str, str]] = {
    "Addresses": "Address",
    "ApiLinks": "ApiLink",
    "Carriers": "string",
    "Charges": "KeyValuePairOfCustomChargeTypeDecimal",
    "ConsignmentLegs": "ConsignmentLeg",
    "ConsignmentReferences": "string",
    "ConsignmentStates": "ConsignmentState",
    "DeliveryOptions": "SelectDeliveryOptionRequest",
    "ConsignmentTrackingEvents": "ConsignmentTrackingEvent",
    "EventTypes": "ConsignmentEventType",
    "HarmonisationKeyWords": "string",
    "Items": "Item",
    "MetaData": "MetaData",
    "PackageTrackingEvents": "PackageTrackingEvent",
    "Packages": "Package",
    "ReferencesOfAttachedCertificates": "string",
    "ReferencesOfAttachedInvoices": "string",
    "ReferencesOfAttachedLicences": "string",
    "ShippingLocationReferences": "string",
    "States": "string",
    "Tags": "Tag",
    "TrackingEvents": "EventViewModel",
    "TrackingReferences": "string",
}
_NUMBERS: Final = frozenset(
    {
        "Amount",
        "DecimalValue",
        "Height",
        "IntValue",
        "Kg",
        "Latitude",
        "Leg",
        "Length",
        "Longitude",
        "MaxResults",
        "Quantity",
        "ReceiversShippingCost",
        "UnitOfQuantity",
        "Value",
        "Width",
    }
)
_BOOLEANS: Final = frozenset({"BoolValue", "GenerateReturn", "GuaranteedOnly", "IsCached", "LabelsPrinted"})
_TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}


class UnreadableXmlError(ValueError):
    """The body is not XML, or XML that is not allowed here. The message says why."""


@dataclass(slots=True)
class _Element:
    """An element by its name without a namespace."""

    name: str
    is_nil: bool = False
    children: list["_Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class _Builder:
    """Builds the tree while parsing, and stops at the bounds."""

    def __init__(self) -> None:
        self.root = _Element("")
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._open) > _MAX_DEPTH or self._count > _MAX_ELEMENTS:
            raise UnreadableXmlError(f"more than {_MAX_DEPTH} levels or {_MAX_ELEMENTS} elements")
        element = _Element(_local(name), attributes.get(f"{_SCHEMA_INSTANCE} nil") in ("true", "1"))
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def read_xml(body: bytes) -> Any:
    """Return the data of an XML document. Raises `UnreadableXmlError`."""
    text = _decoded(body)
    builder = _Builder()
    # Whatever encoding the document declares, it is in UTF-8 now.
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003 - the whole document
    except (expat.ExpatError, UnicodeError) as error:
        raise UnreadableXmlError(str(error)) from error
    return _data_of(builder.root.children[0], parent="")


def _decoded(body: bytes) -> str:
    """Return the text of a document. Raises `UnreadableXmlError` for an encoding that can't be read.

    What is UTF-8 is read as UTF-8, whatever it declares: API Gateway and .NET's writers change the encoding of a
    document without changing its declaration. No document in another encoding is UTF-8 by accident, but in ASCII.
    """
    known = next((encoding for beginning, encoding in _BEGINNINGS if body.startswith(beginning)), "utf-8")
    found = _DECLARED.match(body)
    declared = found[1].decode() if found else "utf-8"
    try:
        if _SHIFTING.match(codecs.lookup(declared).name):
            raise UnreadableXmlError(f"the encoding {declared} is not read, send UTF-8")
        try:
            return body.decode(known)
        except UnicodeDecodeError:
            return body.decode(declared)
    except (LookupError, UnicodeError) as error:
        raise UnreadableXmlError(
            f"the text is not in the encoding {declared}, or that is unknown: send UTF-8"
        ) from error


def _refuse_document_type(*_: object) -> NoReturn:
    """Refuse a document type before any of its entities is declared."""
    raise UnreadableXmlError("a document type is not allowed")


def _data_of(element: _Element, parent: str) -> Any:
    """Return a list or an object for an element that holds elements, else a value by the element's name."""
    if element.is_nil:
        return None
    if _is_list(element, parent):
        return [_data_of(child, element.name) for child in element.children]
    if element.children:
        names = [child.name for child in element.children]
        if len(set(names)) < len(names):
            raise UnreadableXmlError(f"{element.name} has the same element twice")
        return {child.name: _data_of(child, element.name) for child in element.children}
    return _value_of(element.name, "".join(element.texts).strip())


def _is_list(element: _Element, parent: str) -> bool:
    """Return whether an element is a list. PRO's list `MetaData` has elements that are also called `MetaData`."""
    if element.name.casefold().startswith("arrayof"):
        return True
    return element.name in ITEM_NAMES and not (element.name == "MetaData" and parent == "MetaData")


def _value_of(name: str, text: str) -> Any:
    """Return text as the number or boolean that an element of this name holds, or null for empty text."""
    if not text:
        return None
    if name in _NUMBERS:
        return _number(name, text)
    if name in _BOOLEANS or (name.startswith("Is") and text in ("true", "false")):
        return _TRUTHS.get(text, text)
    return text


def _number(name: str, text: str) -> int | Decimal:
    """Return a plain decimal number. Raises `UnreadableXmlError`."""
    if len(text) > MAX_DIGITS or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII):
        raise UnreadableXmlError(f"{name} must be a plain number")
    return Decimal(text) if "." in text else int(text)


def _local(name: str) -> str:
    """Return an element's name without its namespace."""
    return name.rpartition(" ")[2]
