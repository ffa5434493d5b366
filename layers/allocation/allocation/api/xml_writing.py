"""Writes a reply as PRO's XML: the names of its JSON as elements in .NET's namespaces, without nulls.

An element belongs to the namespace of the class that declares it: `Rel` of an `ApiLink` to `Common`, `StatusCode` of an
`AllocationSummary` to `Consignments`. PRO's clients read with XmlSerializer, which ignores an element in the wrong one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

from allocation.api.consignment_shape import ADDRESS_FIELDS, EXTERNAL
from allocation.api.measures import WEEKDAYS
from allocation.api.xml_reading import ITEM_NAMES, MAX_DIGITS

_SCHEMAS: Final = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
COMMON: Final = f"{_SCHEMAS}Common"
CONSIGNMENTS: Final = f"{_SCHEMAS}Consignments"
_OPTIONS: Final = f"{_SCHEMAS}DeliveryOptions"
_ORDERS: Final = f"{_SCHEMAS}Orders"
_QUOTES: Final = f"{_SCHEMAS}Quotes"
_TRACKING: Final = f"{_SCHEMAS}Tracking"
_RATES: Final = f"{_SCHEMAS}Rates"
_WEBHOOKS: Final = f"{_SCHEMAS}Webhooks"
_AVAILABILITY: Final = f"{_SCHEMAS}ServiceAvailability"
_SUBSCRIPTION: Final = f"{_SCHEMAS}Subscription"
# The namespace of an element's content, by the element's class. All others are in that around them.
_NAMESPACES: Final[Mapping[str, str]] = {
    "Address": COMMON,
    "ApiError": COMMON,
    "ApiLink": COMMON,
    "Barcode": COMMON,
    "BasePrice": _RATES,
    "Carrier": COMMON,
    "CarrierService": COMMON,
    # What is offered is a consignment to be: its fields are inherited.
    "ConsignmentDetail": CONSIGNMENTS,
    "ConsignmentLeg": CONSIGNMENTS,
    "Contact": COMMON,
    "Country": COMMON,
    "CountryOfOrigin": COMMON,
    "Currency": COMMON,
    "CustomsDocumentation": CONSIGNMENTS,
    "DestinationAddress": COMMON,
    "Dimensions": COMMON,
    "DeliveryOption": _OPTIONS,
    "DeliveryOptionDetails": _OPTIONS,
    "DeliveryOptionSummary": _OPTIONS,
    "DeliveryOptionsResponse": _OPTIONS,
    "PickupOptionsResponse": _OPTIONS,
    "Location": _OPTIONS,
    "OpeningTimes": _OPTIONS,
    "OpeningTime": COMMON,
    "AdditionalInformation": COMMON,
    "DeliveryWindow": COMMON,
    "CollectionCalendar": _AVAILABILITY,
    "ConsignmentEventPayload": _WEBHOOKS,
    "ConsignmentEventPayloadResponse": _WEBHOOKS,
    "ConsignmentPayload": _WEBHOOKS,
    "ConsignmentViewModel": _TRACKING,
    "FlattenedConsignmentViewModel": _TRACKING,
    "GetLabelsResponse": f"{_SCHEMAS}LabelGeneration",
    "KeyValuePairOfCustomChargeTypeDecimal": COMMON,
    "KeyValuePairOfStringInt32": COMMON,
    "KeyValuePairOfStringString": COMMON,
    "LatLong": COMMON,
    "Leg": COMMON,
    "MetaData": COMMON,
    "MpdCarrierServiceGroup": COMMON,
    "Order": _ORDERS,
    "OriginAddress": COMMON,
    "PackageSize": COMMON,
    "PackOrderResponse": f"{_SCHEMAS}PackOrders",
    "Price": _RATES,
    "Quote": _QUOTES,
    "QuoteResult": _QUOTES,
    "QuoteSurcharge": _RATES,
    "RequestedDeliveryDate": CONSIGNMENTS,
    "RequiredDeliveryDate": CONSIGNMENTS,
    "SelectOrderResponse": _ORDERS,
    "ServiceGroupQuoteResult": _QUOTES,
    "ShippingLocation": f"{_SCHEMAS}Profile",
    "SubscriptionCarrierServiceResponse": _SUBSCRIPTION,
    "SubscriptionMpdCarrierServiceResponse": _SUBSCRIPTION,
    "MpdCarrierService": COMMON,
    "TaxRate": COMMON,
    "UnqualifiedService": _QUOTES,
    "Value": COMMON,
    "Weight": COMMON,
    # As PRO's own example of a manifest has it, whose links' content is in `Common`.
    "WithMessageOfString": CONSIGNMENTS,
}
# Where a class inherits fields of another namespace: the namespace of some of them, by the element of the class.
_DECLARED_ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "Address": dict.fromkeys(("AddressType", "ShopLocationReference"), CONSIGNMENTS),
    "ShippingLocation": dict.fromkeys(ADDRESS_FIELDS, COMMON),
}
# The elements of lists whose name alone does not say it.
_LIST_ITEMS_OF: Final[Mapping[tuple[str, str], str]] = {
    ("ConsignmentEventPayloadResponse", "Events"): "ConsignmentEventPayload",
    ("ConsignmentCarrierSummaryResponse", "Summary"): "ConsignmentStateByCarrierService",
    ("ConsignmentPayload", "Packages"): "PackagePayload",
    ("ConsignmentStateSummaryResponse", "Summary"): "KeyValuePairOfStringInt32",
    ("DeliveryOptionSummary", "DeliveryOptions"): "dateTime",
    ("EventDetails", "EventDetails"): "ConsignmentEventDetail",
    ("PackagePayload", "TrackingDetails"): "TrackingDetails",
    ("ConsignmentViewModel", "TrackedPackages"): "PackageViewModel",
    ("FlattenedConsignmentViewModel", "TrackedPackages"): "FlattenedPackageViewModel",
    ("FlattenedPackageViewModel", "Events"): "FlattenedEventViewModel",
    ("LegViewModel", "Events"): "EventViewModel",
    ("PackageViewModel", "Legs"): "LegViewModel",
}
_LIST_ITEMS: Final[Mapping[str, str]] = {
    **ITEM_NAMES,
    "CalendarExceptions": "CalendarException",
    "CalendarRules": "CalendarRule",
    "CN22Documents": "KeyValuePairOfStringString",
    "ConsignmentSummaries": "ConsignmentSummary",
    "ManifestItems": "ManifestFileItem",
    "CN23Documents": "KeyValuePairOfStringString",
    "CommercialInvoiceDocuments": "KeyValuePairOfStringString",
    "CarrierServices": "CarrierService",
    "CarrierServiceTypes": "CarrierServiceType",
    "DeliveryOptions": "DeliveryOption",
    "DropOff": "dateTime",
    "LateConsignments": "LateConsignmentSummary",
    "LateConsignmentsFromCustomerPerspective": "LateConsignmentSummary",
    "LinkedAccounts": "ShippingLocationAccount",
    "Locations": "Location",
    **dict.fromkeys(WEEKDAYS, "OpeningTime"),
    "AdditionalInformation": "AdditionalInformation",
    "Details": "ApiErrorDetail",
    "Journey": "Leg",
    "Legs": "Leg",
    "Links": "ApiLink",
    "MpdCarrierServiceProfiles": "MpdCarrierServiceProfile",
    "MpdCarrierServices": "MpdCarrierService",
    "OnTimeConsignments": "OnTimeConsignmentSummary",
    "PickUp": "dateTime",
    "Quotes": "Quote",
    "Results": "PackOrderResult",
    "SelectOrderResults": "SelectOrderResult",
    "Surcharges": "QuoteSurcharge",
    "TimeSlots": "dateTime",
    "UnqualifiedServices": "UnqualifiedService",
}
_DECLARATIONS: Final = (
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
_NOT_IN_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TIME: Final = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def write_xml(data: Any, root: str) -> bytes:
    """Return the XML of a reply's data. For a list, `root` is the name of its elements."""
    if isinstance(data, list):
        name, namespace = f"ArrayOf{root[:1].upper()}{root[1:]}", ""
        inside = "".join(_element(root, item, "") for item in data)
    else:
        name, namespace = root, _NAMESPACES.get(root, CONSIGNMENTS) if isinstance(data, Mapping) else ""
        inside = _content(root, data, namespace)
    declared = f'{_DECLARATIONS} xmlns="{namespace}"' if namespace else _DECLARATIONS
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{name}{declared}>{inside}</{name}>'.encode()


def _element(name: str, value: Any, outer: str, own: str | None = None, parent: str = "") -> str:
    """Return an element of a parent. `outer` is the namespace around it, `own` its own where that differs."""
    namespace = outer if own is None else own
    declared = f' xmlns="{namespace}"' if namespace != outer else ""
    return f"<{name}{declared}>{_content(name, value, namespace, parent)}</{name}>"


def _content(name: str, value: Any, namespace: str, parent: str = "") -> str:
    """Return the content of an element of a parent that is in a namespace."""
    if isinstance(value, Mapping):
        return "".join(_members(name, value, namespace))
    if isinstance(value, list | tuple):
        item = _LIST_ITEMS_OF.get((parent, name)) or _LIST_ITEMS.get(name, "string")
        return "".join(_element(item, each, namespace) for each in value if each is not None)
    if isinstance(value, str) and name in _WRITTEN_OTHERWISE:
        return _text(_WRITTEN_OTHERWISE[name](value))
    if name == "MpdCarrierServiceSource" and value == EXTERNAL:
        return "External"
    return _text(value)


def _duration(text: str) -> str:
    """Return a time of day as XmlSerializer writes a TimeSpan.

    >>> _duration("23:59:00"), _duration("00:00:00")
    ('PT23H59M', 'PT0S')
    """
    if not _TIME.fullmatch(text):
        return text
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return f"PT{''.join(f'{number}{unit}' for number, unit in parts if number) or '0S'}"


def _flags(text: str) -> str:
    """Return an enum's flags as XmlSerializer writes them: with spaces."""
    return text.replace(", ", " ")


# What .NET works out and does not write in XML: an element and its member.
_ONLY_IN_JSON: Final = frozenset({("EstimatedDeliveryDate", "DayOfWeek")})
# What XML has in another form than JSON, by the name of the element.
_WRITTEN_OTHERWISE: Final[Mapping[str, Callable[[str], str]]] = {
    "ContentClassificationDetails": _flags,
    "End": _duration,
    "ManifestTime": _duration,
    "ServiceDirection": _flags,
    "Start": _duration,
    "Time": _duration,
    "Type": _flags,
}


def _members(name: str, value: Mapping[str, Any], namespace: str) -> Iterator[str]:
    """Yield the elements of an object. Names that XML does not allow are left out with their values."""
    inside = _NAMESPACES.get(name) or (namespace if namespace else CONSIGNMENTS)
    elsewhere = _DECLARED_ELSEWHERE.get(name, {})
    for member, item in value.items():
        if item is not None and _NAME.fullmatch(member) and (name, member) not in _ONLY_IN_JSON:
            yield _element(member, item, namespace, elsewhere.get(member, inside), name)


def _text(value: Any) -> str:
    """Return a value as XML Schema writes it, without characters that XML does not allow."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < MAX_DIGITS else str(value)
    return escape(_NOT_IN_XML.sub("", str(value)))
