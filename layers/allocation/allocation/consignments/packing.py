"""Packs items of an order into a consignment, and turns that round for its return (PRO's help, "Packing Orders")."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from allocation.consignments.errors import Problem, RequestError

_Json = Mapping[str, Any]
_Names = tuple[tuple[str, str], ...]
_Items = Mapping[_Names, tuple[_Json, _Json]]
# What names an item of an order, the most exact first.
_NAMES: Final = ("Reference", "ItemReferenceProvidedByCustomer", "Sku")
# What of an order its consignments have, and of it, what a request to pack may say otherwise.
_FROM_ORDER: Final = (
    "Addresses",
    "CustomsDocumentation",
    "Direction",
    "LocationInformation",
    "MetaData",
    "RequestedDeliveryDate",
    "ShippingDate",
    "Tags",
)
_OF_REQUEST: Final = ("CustomsDocumentation", "MetaData", "Tags")
_TURNED: Final = {"Origin": "Destination", "Destination": "Origin"}


def packed(order: _Json, request: _Json) -> list[dict[str, Any]]:
    """Return the consignment that a request packs of an order, and its return if it asks for one.

    Raises `RequestError`, which names every item that the order has not.
    """
    packages = request.get("Packages")
    if not isinstance(packages, list) or not packages or not all(isinstance(each, dict) for each in packages):
        raise _refused([Problem("Required", "Packages", "needs at least one package with an item")])
    items = _by_names(order)
    problems = list(_problems(items, packages))
    if problems:
        raise _refused(problems)
    given = {name: request[name] for name in _OF_REQUEST if request.get(name)}
    own = request.get("OrderReferenceProvidedByCustomer") or order.get("OrderReferenceProvidedByCustomer")
    consignment = {
        **{name: order[name] for name in _FROM_ORDER if order.get(name)},
        **given,
        "Packages": [_packed_package(items, package) for package in packages],
        "ConsignmentReferenceProvidedByCustomer": own,
    }
    return [consignment, _returned(consignment)] if request.get("GenerateReturn") is True else [consignment]


def _refused(problems: Sequence[Problem]) -> RequestError:
    return RequestError("ValidationException", "The order can't be packed so: see Details.", problems=problems)


def _problems(of_order: _Items, packages: Sequence[_Json]) -> Iterator[Problem]:
    """Yield what is wrong with the items of a request."""
    for at, package in enumerate(packages):
        items = package.get("Items")
        if not isinstance(items, list) or not items:
            yield Problem("Required", f"Packages[{at}].Items", "needs at least one item of the order")
            continue
        for number, item in enumerate(items):
            if not isinstance(item, Mapping) or _found(of_order, item) is None:
                text = "is no item of the order: name it by Reference, ItemReferenceProvidedByCustomer or Sku"
                yield Problem("NotFound", f"Packages[{at}].Items[{number}]", text)


def _by_names(order: _Json) -> _Items:
    """Return the first item of an order with each set of names that it can be given, and the package that it is in."""
    found: dict[_Names, tuple[_Json, _Json]] = {}
    for package in order["Packages"]:
        for item in package.get("Items") or ():
            names = [(name, item[name]) for name in _NAMES if item.get(name) and isinstance(item[name], str)]
            for count in range(1, len(names) + 1):
                for given in combinations(names, count):
                    found.setdefault(given, (item, package))
    return found


def _found(items: _Items, named: _Json) -> tuple[_Json, _Json] | None:
    """Return the item that is meant and the package that it is in, or None. Every name that is given has to fit."""
    names = tuple((name, named[name]) for name in _NAMES if named.get(name))
    return items.get(names) if all(isinstance(value, str) for _, value in names) else None


def _packed_package(of_order: _Items, package: _Json) -> dict[str, Any]:
    """Return a package of the consignment; what it leaves out is that of the order's package that its items are in."""
    found = [(each, _found(of_order, each)) for each in package["Items"]]
    items = [{**pair[0], "Quantity": named.get("Quantity") or 1} for named, pair in found if pair]
    [before, *_] = [pair[1] for _, pair in found if pair]
    given = {name: value for name, value in package.items() if value is not None and name != "Items"}
    described = {name: before.get(name) for name in ("Description", "Barcode", "MetaData")}
    size = {} if given.get("PackageSizeReference") else {name: before.get(name) for name in ("Weight", "Dimensions")}
    return {**described, **size, "Value": _value_of(items) or before.get("Value"), **given, "Items": items}


def _value_of(items: Sequence[_Json]) -> dict[str, Any] | None:
    """Return the value of all items, or None where one has none or they are in several currencies."""
    values = [item.get("Value") for item in items]
    if not all(type(item["Quantity"]) is int for item in items):  # refused when the consignment is created
        return None
    if not all(values) or len({value["Currency"]["IsoCode"] for value in values if value}) != 1:
        return None
    amount = sum((Decimal(item["Value"]["Amount"]) * item["Quantity"] for item in items), Decimal(0))
    return {"Amount": amount, "Currency": items[0]["Value"]["Currency"]}


def _returned(consignment: _Json) -> dict[str, Any]:
    """Return the consignment of the way back: the same, with origin and destination swapped."""
    addresses = [
        {**each, "AddressType": _TURNED.get(each["AddressType"], each["AddressType"])}
        for each in consignment["Addresses"]
    ]
    others = {name: value for name, value in consignment.items() if name != "LocationInformation"}
    return {**others, "Addresses": addresses, "Direction": "Inbound"}
