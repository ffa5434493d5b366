"""Writes a reply as PRO's XML: the elements of its JSON, absent where that has null, in .NET's namespaces.

PRO's classes stand in two namespaces that matter here, and an element belongs to that of the class that declares it:
`Rel` of an `ApiLink` to `Common`, `StatusCode` of an `AllocationSummary` to `Consignments`. XmlSerializer, with which
its clients read, ignores an element that is in the wrong one.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

from allocation.api.xml_reading import ITEM_NAMES, MAX_DIGITS

SCHEMAS: Final = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
COMMON: Final = f"{SCHEMAS}Common"
CONSIGNMENTS: Final = f"{SCHEMAS}Consignments"
NAMESPACES: Final[Mapping[str, str]] = {
    "Address": COMMON,
    "ApiLink": COMMON,
    "Barcode": COMMON,
    "Contact": COMMON,
    "Country": COMMON,
    "CountryOfOrigin": COMMON,
    "Currency": COMMON,
    "Dimensions": COMMON,
    "GetLabelsResponse": f"{SCHEMAS}LabelGeneration",
    "KeyValuePairOfCustomChargeTypeDecimal": COMMON,
    "LatLong": COMMON,
    "MetaData": COMMON,
    "Quote": f"{SCHEMAS}Quotes",
    "QuoteResult": f"{SCHEMAS}Quotes",
    "ServiceGroupQuotes": f"{SCHEMAS}Quotes",
    "SubscriptionMpdCarrierServiceResponse": f"{SCHEMAS}Subscription",
    "MpdCarrierService": COMMON,
    "UnqualifiedService": f"{SCHEMAS}Quotes",
    "Value": COMMON,
    "Weight": COMMON,
    "WithMessageOfString": COMMON,
}
"""The namespace of what stands in an element, by the class that the element is of; `Consignments` for all others."""
DECLARED_BY_CONSIGNMENTS: Final = frozenset({"AddressType", "ShopLocationReference"})
"""What a consignment's address has beyond an address."""
LIST_ITEMS: Final[Mapping[str, str]] = {
    **ITEM_NAMES,
    "CN22Documents": "KeyValuePairOfStringString",
    "CN23Documents": "KeyValuePairOfStringString",
    "CommercialInvoiceDocuments": "KeyValuePairOfStringString",
    "Details": "ApiErrorDetail",
    "Journey": "Leg",
    "Legs": "Leg",
    "MpdCarrierServices": "MpdCarrierService",
    "Quotes": "Quote",
    "Surcharges": "Surcharge",
    "UnqualifiedServices": "UnqualifiedService",
}
DECLARATIONS: Final = (
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def write_xml(data: Any, root: str) -> bytes:
    """The XML document of a reply's data. For a list, `root` is the name of the elements in it."""
    if isinstance(data, list):
        name, namespace = f"ArrayOf{root[:1].upper()}{root[1:]}", ""
        inside = "".join(element(root, item, "") for item in data)
    else:
        name, namespace = root, NAMESPACES.get(root, CONSIGNMENTS)
        inside = content(root, data, namespace)
    declared = f'{DECLARATIONS} xmlns="{namespace}"' if namespace else DECLARATIONS
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{name}{declared}>{inside}</{name}>'.encode()


def element(name: str, value: Any, outer: str, own: str | None = None) -> str:
    """An element; `outer` is the namespace around it and `own` its own, where that is another."""
    namespace = outer if own is None else own
    declared = f' xmlns="{namespace}"' if namespace != outer else ""
    return f"<{name}{declared}>{content(name, value, namespace)}</{name}>"


def content(name: str, value: Any, namespace: str) -> str:
    """What stands in an element that is in a namespace."""
    if isinstance(value, Mapping):
        return "".join(members(name, value, namespace))
    if isinstance(value, list | tuple):
        item = LIST_ITEMS.get(name, "string")
        return "".join(element(item, each, namespace) for each in value if each is not None)
    return text(value)


def members(name: str, value: Mapping[str, Any], namespace: str) -> Iterator[str]:
    """The elements of an object; a name that XML can't have is left out with its value."""
    inside = NAMESPACES.get(name) or (namespace if namespace else CONSIGNMENTS)
    for member, item in value.items():
        if item is not None and NAME.fullmatch(member):
            own = CONSIGNMENTS if name == "Address" and member in DECLARED_BY_CONSIGNMENTS else inside
            yield element(member, item, namespace, own)


def text(value: Any) -> str:
    """A value as XML Schema writes it; characters that XML can't have are left out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < MAX_DIGITS else str(value)
    return escape(NOT_IN_XML.sub("", str(value)))
