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


def consignment_in_current_form(sent: Mapping[str, Any]) -> dict[str, Any]:
    """A consignment in the forms of version 1.1, its delivery promise under the name that it has there."""
    others = {name: in_current_form(value) for name, value in sent.items() if name not in FORMS}
    formed = {name: FORMS[name](value) for name, value in sent.items() if name in FORMS}
    required = formed.pop("RequiredDeliveryDate", None)
    if formed.get("RequestedDeliveryDate") is None and required is not None:
        formed["RequestedDeliveryDate"] = required
    return others | formed


def in_current_form(value: Any) -> Any:
    """The same data in the forms of version 1.1; what is in them already, or in none that is known, stays as it is."""
    if isinstance(value, list):
        return [in_current_form(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = with_item_names(value)
    return {name: FORMS.get(name, in_current_form)(item) for name, item in renamed.items()}


def with_item_names(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's `UnitOfQuantity` and `ItemUnit` under the names that followed them; a count of 0 says nothing."""
    if item.keys().isdisjoint({"UnitOfQuantity", "ItemUnit"}):
        return dict(item)
    others = {name: value for name, value in item.items() if name not in {"UnitOfQuantity", "ItemUnit"}}
    older = {"Quantity": item.get("UnitOfQuantity") or None, "Unit": item.get("ItemUnit")}
    return older | {name: value for name, value in others.items() if value is not None or name not in older}


def weight(value: Any) -> Any:
    """A weight: `{"Kg": 0.5}` with value and unit, and `lbs` as the unit that it is."""
    if not isinstance(value, dict):
        return value
    if value.get("Value") is None and "Kg" in value:
        return {"Value": value["Kg"], "Unit": "Kg"}
    return {**value, "Unit": "lb"} if str(value.get("Unit")).lower() == "lbs" else value


def dimensions(value: Any) -> Any:
    """A box; without a unit its sides are in Cm."""
    return {**value, "Unit": value.get("Unit") or "Cm"} if isinstance(value, dict) else value


def category(value: Any) -> Any:
    """A customs category; of several flags the first one counts, and none is PRO's default."""
    return named(value.partition(",")[0].strip() if isinstance(value, str) else value, CATEGORIES)


def shipping_terms(value: Any) -> Any:
    """Shipping terms by their name."""
    return named(value, SHIPPING_TERMS)


def named(value: Any, names: Mapping[int, str]) -> Any:
    """The name that a number stands for; null for `None`, which 0 stands for."""
    if value in (0, "None"):
        return None
    return names.get(value, value) if isinstance(value, int) else value


def source(value: Any) -> Any:
    """Where a consignment was written."""
    return SOURCES.get(value, value) if isinstance(value, int) else value


def day(value: Any) -> Any:
    """A date; the first day of the year 1 is none."""
    return None if isinstance(value, str) and value.startswith(NO_DATE) else value


def promise(value: Any) -> Any:
    """A delivery promise; one without a date is none."""
    return None if isinstance(value, dict) and day(value.get("Date")) is None else value


FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Weight": weight,
    "Dimensions": dimensions,
    "CategoryType": category,
    "ShippingTerms": shipping_terms,
    "Source": source,
    "ShippingDate": day,
    "RequestedDeliveryDate": promise,
    "RequiredDeliveryDate": promise,
    "MetaData": lambda value: value,
}
