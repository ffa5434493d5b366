"""What clients of the API's first version write otherwise, in the words of version 1.1.

The forms are those of PRO's own .NET SDK of 2016 and of the clients generated from its descriptions: weights as
`{"Kg": 0.5}`, sizes without a unit, numbers for names, the first day of the year 1 for no date.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

SOURCES: Final = {0: "Api", 1: "Web"}
CATEGORIES: Final = {1: "Gift", 2: "CommercialSample", 4: "Documents", 8: "Other", 16: "ReturnedGoods"}
SHIPPING_TERMS: Final = {
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
}
"""The numbers of .NET's enumerations; 0 is `None` in the last two."""
NO_DATE: Final = "0001-01-01"

Form = Callable[[Any], Any]


def consignment_in_current_form(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A consignment in the forms of version 1.1; what is in them already, or in none that is known, stays as it is."""
    formed = with_forms(sent, OF_A_CONSIGNMENT)
    required = formed.pop("RequiredDeliveryDate", None)
    if formed.get("RequestedDeliveryDate") is None and required is not None:
        formed["RequestedDeliveryDate"] = required
    return formed


def with_forms(part: Mapping[str, Any], forms: Mapping[str, Form]) -> dict[str, Any]:
    """The part with the values under these names in their present form."""
    return {name: forms[name](value) if name in forms else value for name, value in part.items()}


def each(form: Callable[[Mapping[str, Any]], Any]) -> Form:
    """The form of a list's objects, or of one object; anything else is left for whoever checks it."""

    def formed(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [formed(item) for item in value]
        return form(value) if isinstance(value, Mapping) else value

    return formed


def package(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A package and its items."""
    return with_forms(sent, {**OF_GOODS, "Items": each(item)})


def item(sent: Mapping[str, Any]) -> dict[str, Any]:
    """An item, `UnitOfQuantity` and `ItemUnit` under the names that followed them; a count of 0 says nothing."""
    others = {name: value for name, value in sent.items() if name not in {"UnitOfQuantity", "ItemUnit"}}
    older = {"Quantity": sent.get("UnitOfQuantity") or None, "Unit": sent.get("ItemUnit")}
    given = {name: value for name, value in older.items() if value is not None and others.get(name) is None}
    return with_forms(others | given, OF_GOODS)


def weight(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A weight: `{"Kg": 0.5}` with value and unit, and `lbs` as the unit that it is."""
    if sent.get("Value") is None and "Kg" in sent:
        return {"Value": sent["Kg"], "Unit": "Kg"}
    value = {name: part for name, part in sent.items() if name != "Kg"}
    return {**value, "Unit": "lb"} if str(sent.get("Unit")).lower() == "lbs" else value


def dimensions(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A box; without a unit its sides are in Cm."""
    return {**sent, "Unit": sent.get("Unit") or "Cm"}


def customs(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared to customs."""
    return with_forms(sent, {"CategoryType": category, "ShippingTerms": lambda value: named(value, SHIPPING_TERMS)})


def category(value: Any) -> Any:
    """A customs category; of several flags the first one counts, and none is PRO's default."""
    return named(value.partition(",")[0].strip() if isinstance(value, str) else value, CATEGORIES)


def named(value: Any, names: Mapping[int, str]) -> Any:
    """The name that a number stands for, of flags the lowest one's; null for `None`, which 0 stands for."""
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 6 else value
    if isinstance(number, bool) or not isinstance(number, int):
        return None if value == "None" else value
    return names.get(number & -number, value) if number else None


def source(value: Any) -> Any:
    """Where a consignment was written."""
    return SOURCES.get(value, value) if isinstance(value, int) and not isinstance(value, bool) else value


def day(value: Any) -> Any:
    """A date; the first day of the year 1 is none."""
    return None if isinstance(value, str) and value.startswith(NO_DATE) else value


def promise(sent: Mapping[str, Any]) -> Any:
    """A delivery promise; one for the first day of the year 1 is none."""
    return None if sent.get("Date") is not None and day(sent["Date"]) is None else sent


OF_GOODS: Final[Mapping[str, Form]] = {"Weight": each(weight), "Dimensions": each(dimensions)}
OF_A_CONSIGNMENT: Final[Mapping[str, Form]] = {
    "Source": source,
    "ShippingDate": day,
    "RequestedDeliveryDate": each(promise),
    "RequiredDeliveryDate": each(promise),
    "Packages": each(package),
    "CustomsDocumentation": each(customs),
}
