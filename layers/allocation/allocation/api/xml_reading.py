"""Reads PRO's XML into the data that its JSON would have held.

Only elements and text are taken: a document type, and with it every entity of one's own and every outside reference,
is refused before anything of it is used, and depth and number of elements are bounded. Namespaces are ignored, since
old clients differ in theirs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any, Final, NoReturn
from xml.parsers import expat

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 20_000
MAX_DIGITS: Final = 40
SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
ITEM_NAMES: Final[Mapping[str, str]] = {
    "Addresses": "Address",
    "ApiLinks": "ApiLink",
    "Charges": "KeyValuePairOfCustomChargeTypeDecimal",
    "ConsignmentLegs": "ConsignmentLeg",
    "ConsignmentReferences": "string",
    "HarmonisationKeyWords": "string",
    "Items": "Item",
    "MetaData": "MetaData",
    "Packages": "Package",
    "ReferencesOfAttachedCertificates": "string",
    "ReferencesOfAttachedInvoices": "string",
    "ReferencesOfAttachedLicences": "string",
    "Tags": "string",
    "TrackingReferences": "string",
}
"""The lists of a request, and what the elements in them are called."""
NUMBERS: Final = frozenset(
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
        "Quantity",
        "UnitOfQuantity",
        "Value",
        "Width",
    }
)
TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}


class UnreadableXmlError(ValueError):
    """A body is not XML, or XML that is not read here; the message says why."""


@dataclass(slots=True)
class Element:
    """An element by its local name."""

    name: str
    is_nil: bool = False
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class _Builder:
    """Builds the tree as the parser goes, and ends it where it goes too far."""

    def __init__(self) -> None:
        self.root = Element("")
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._open) > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise UnreadableXmlError(f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements")
        element = Element(local(name), attributes.get(f"{SCHEMA_INSTANCE} nil") in ("true", "1"))
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def read_xml(body: bytes) -> Any:
    """The data of an XML document. Raises `UnreadableXmlError`."""
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = refuse_document_type
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.ParseFile(BytesIO(body))
    except expat.ExpatError as error:
        raise UnreadableXmlError(str(error)) from error
    except (LookupError, UnicodeError) as error:
        raise UnreadableXmlError("its encoding is not known: send UTF-8") from error
    return data_of(builder.root.children[0], parent="")


def refuse_document_type(*_: object) -> NoReturn:
    """Refuses a document type, before any entity of it is declared."""
    raise UnreadableXmlError("a document type is not allowed")


def data_of(element: Element, parent: str) -> Any:
    """The data of an element: a list or an object for one that holds elements, else a value by its name."""
    if element.is_nil:
        return None
    if is_list(element, parent):
        return [data_of(child, element.name) for child in element.children]
    if element.children:
        names = [child.name for child in element.children]
        if len(set(names)) < len(names):
            raise UnreadableXmlError(f"an element stands twice in {element.name}")
        return {child.name: data_of(child, element.name) for child in element.children}
    return value_of(element.name, "".join(element.texts).strip())


def is_list(element: Element, parent: str) -> bool:
    """Whether an element is a list. PRO's `MetaData` is a list of elements that are called `MetaData` too."""
    if element.name.casefold().startswith("arrayof"):
        return True
    return element.name in ITEM_NAMES and not (element.name == "MetaData" and parent == "MetaData")


def value_of(name: str, text: str) -> Any:
    """A text as the number or the truth value that an element of this name holds; an empty one as null."""
    if not text:
        return None
    if name in NUMBERS:
        return number(name, text)
    if name == "BoolValue" or (name.startswith("Is") and text in ("true", "false")):
        return TRUTHS.get(text, text)
    return text


def number(name: str, text: str) -> int | Decimal:
    """A plain decimal number. Raises `UnreadableXmlError`."""
    if len(text) > MAX_DIGITS or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text, re.ASCII):
        raise UnreadableXmlError(f"{name} has to be a plain number")
    return Decimal(text) if "." in text else int(text)


def local(name: str) -> str:
    """An element's name without its namespace."""
    return name.rpartition(" ")[2]
