"""Translates consignments from the API's first version, and from short forms, into version 1.1.

PRO's .NET SDK of 2016, and clients generated from its descriptions, write older forms: weights as `{"Kg": 0.5}`, sizes
without a unit, numbers in place of names, and 0001-01-01 where there is no date. Anyone may write a country or a
currency as its code alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from allocation.consignments.content_flags import classification_named, details_named
from allocation.consignments.pro_values import country_object, currency_object

# The numbers of .NET's enumerations. Categories and shipping terms have 0 for `None`.
_SOURCES: Final = {0: "Api", 1: "Web"}
_DIRECTIONS: Final = {0: "Outbound", 1: "Inbound"}
_ADDRESS_TYPES: Final = {1: "Origin", 2: "Destination", 4: "Return", 8: "Sender", 16: "Recipient", 32: "Importer"}
_CATEGORIES: Final = {1: "Gift", 2: "CommercialSample", 4: "Documents", 8: "Other", 16: "ReturnedGoods"}
_SHIPPING_TERMS: Final = {
    1: "EXW",
    2: "FCA",
    4: "CPT",
    8: "CIP",
    16: "DAT",
    32: "DAP",
    64: "DDP",
    128: "FAS",
    256: "FOB",
    512: "CFR",
    1024: "CIF",
    2048: "DDU",
}
_NO_DATE: Final = "0001-01-01"

_Form = Callable[[Any], Any]


def consignment_in_current_form(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a consignment in the forms of version 1.1. Current and unknown forms stay as they are."""
    formed = with_forms(sent, _CONSIGNMENT_FORMS)
    required = formed.pop("RequiredDeliveryDate", None)
    if formed.get("RequestedDeliveryDate") is None and required is not None:
        formed["RequestedDeliveryDate"] = required
    return formed


def with_forms(part: Mapping[str, Any], forms: Mapping[str, _Form]) -> dict[str, Any]:
    """Return the part with each form applied to the value under its name."""
    return {name: forms[name](value) if name in forms else value for name, value in part.items()}


def each(form: Callable[[Mapping[str, Any]], Any]) -> _Form:
    """Return a form that applies to one object, or to each object in a list. Other values pass through unchecked."""

    def formed(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [formed(item) for item in value]
        return form(value) if isinstance(value, Mapping) else value

    return formed


def _package(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a package and its items in current form."""
    return with_forms(sent, {**_GOODS_FORMS, "Items": each(_item)})


def _item(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item with `UnitOfQuantity` as `Quantity` and `ItemUnit` as `Unit`. A quantity of 0 means none given."""
    others = {name: value for name, value in sent.items() if name not in {"UnitOfQuantity", "ItemUnit"}}
    older = {"Quantity": sent.get("UnitOfQuantity") or None, "Unit": sent.get("ItemUnit")}
    given = {name: value for name, value in older.items() if value is not None and others.get(name) is None}
    return with_forms(others | given, _ITEM_FORMS)


def _weight(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a weight with value and unit: `{"Kg": 0.5}` is 0.5 Kg."""
    if sent.get("Value") is None and "Kg" in sent:
        return {"Value": sent["Kg"], "Unit": "Kg"}
    return {name: part for name, part in sent.items() if name != "Kg"}


def _dimensions(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sides of a box; they are in centimetres where no unit is given."""
    return {**sent, "Unit": sent.get("Unit") or "Cm"}


def _customs(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customs declaration in current form."""
    return with_forms(sent, {"CategoryType": _category, "ShippingTerms": lambda value: _named(value, _SHIPPING_TERMS)})


def _category(value: Any) -> Any:
    """Return a customs category by name. The first of several flags counts."""
    return _named(value.partition(",")[0].strip() if isinstance(value, str) else value, _CATEGORIES)


def _named(value: Any, names: Mapping[int, str]) -> Any:
    """Return the name of a number: of combined flags the lowest, null for 0 and for the name `None`."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 6 else value
    if isinstance(number, bool) or not isinstance(number, int):
        return None if value == "None" else value
    return names.get(number & -number, value) if number else None


def _one_of(names: Mapping[int, str]) -> _Form:
    """Return a form that gives an enumeration's number its name. Numbers without one pass through unchecked."""
    return lambda value: names.get(value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def _day(value: Any) -> Any:
    """Return a date, null for 0001-01-01."""
    return None if isinstance(value, str) and value.startswith(_NO_DATE) else value


def _promise(sent: Mapping[str, Any]) -> Any:
    """Return a delivery promise, null for one whose date is 0001-01-01."""
    return None if sent.get("Date") is not None and _day(sent["Date"]) is None else sent


def _value(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value whose currency is an object."""
    return with_forms(sent, {"Currency": currency_object})


def _address(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return an address whose country is an object, with the name of its type."""
    return with_forms(sent, {"AddressType": _one_of(_ADDRESS_TYPES), "Country": country_object})


_GOODS_FORMS: Final[Mapping[str, _Form]] = {
    "Weight": each(_weight),
    "Dimensions": each(_dimensions),
    "Value": each(_value),
}
_ITEM_FORMS: Final[Mapping[str, _Form]] = {
    **_GOODS_FORMS,
    "ContentClassification": classification_named,
    "ContentClassificationDetails": details_named,
    "CountryOfOrigin": country_object,
}
_CONSIGNMENT_FORMS: Final[Mapping[str, _Form]] = {
    "Direction": _one_of(_DIRECTIONS),
    "Source": _one_of(_SOURCES),
    "ShippingDate": _day,
    "RequestedDeliveryDate": each(_promise),
    "RequiredDeliveryDate": each(_promise),
    "Packages": each(_package),
    "Addresses": each(_address),
    "CustomsDocumentation": each(_customs),
}
