"""Adds what clients of the API's first version read to replies of version 1.1.

Such a client sends no `electio-api-version`, or one before 1.1. The names are those of PRO's .NET SDK of 2016, which
can't read null for every value. All names of version 1.1 stay, and a sender's own names are left alone. Some values
take an older form instead: customs documents are a dictionary, a weight that a search found is a number, and states
and shipping terms that came later have the name of an earlier one.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from allocation.consignments.older_forms import each, with_forms

_EARLIER_VERSIONS: Final = frozenset({"", "1", "1.0"})
# Typed clients fail on a name that their enumeration lacks. They read the state from which the newer one is reached,
# and the term that took the other's place in Incoterms 2010.
_STATES: Final = {"ReadyToShip": "Allocated", "Dispatched": "Manifested"}
_SHIPPING_TERMS: Final = {"DDU": "DAP"}

_Part = Mapping[str, Any]
_Form = Callable[[_Part], dict[str, Any]]


def is_older(version: str | None) -> bool:
    """Return whether a client with this `electio-api-version` is older than version 1.1.

    >>> is_older(None), is_older("1.0"), is_older("1.1")
    (True, True, False)
    """
    return (version or "").strip() in _EARLIER_VERSIONS


def with_older_names(data: Any, root: str) -> Any:
    """Return a reply's data with the older names added. `root` names what it holds."""
    return each(_ROOTS[root])(data) if root in _ROOTS else data


def _within(part: _Part, forms: Mapping[str, _Form]) -> dict[str, Any]:
    """Return the part with the older names added to the parts under these names."""
    return with_forms(part, {name: each(form) for name, form in forms.items()})


def _known_name(names: Mapping[str, str]) -> Callable[[Any], Any]:
    """Return a form that puts a name that older clients know in the place of one that they don't."""
    return lambda value: names.get(value, value) if isinstance(value, str) else value


def _consignment(part: _Part) -> dict[str, Any]:
    """Add the older name of the delivery promise."""
    forms = {
        "CustomsDocumentation": _customs,
        "Weight": _weight,
        "ConsignmentLegs": _leg,
        "Packages": _package,
        "Addresses": _address,
        "Allocation": _allocation,
    }
    named = with_forms(_within(part, forms), {"ConsignmentState": _known_name(_STATES)})
    return {**named, "RequiredDeliveryDate": part.get("RequestedDeliveryDate")}


def _customs(part: _Part) -> dict[str, Any]:
    """Return a customs declaration with terms that older clients know."""
    return with_forms(part, {"ShippingTerms": _known_name(_SHIPPING_TERMS)})


def _package(part: _Part) -> dict[str, Any]:
    """Add the older names of a package and its items."""
    return _within(part, {"Weight": _weight, "ConsignmentLegs": _leg, "Items": _item})


def _item(part: _Part) -> dict[str, Any]:
    """Add the older names of an item."""
    older = {"UnitOfQuantity": part.get("Quantity"), "ItemUnit": part.get("Unit")}
    return {**_within(part, {"Weight": _weight}), **{name: value for name, value in older.items() if value is not None}}


def _weight(part: _Part) -> dict[str, Any]:
    """Add `Kg` to a weight in that unit."""
    is_known = part.get("Unit") == "Kg" and isinstance(part.get("Value"), int | Decimal)
    return {**part, "Kg": part["Value"]} if is_known else {**part}


def _leg(part: _Part) -> dict[str, Any]:
    """Add the first tracking reference by itself."""
    references = part.get("TrackingReferences")
    return {**part, "TrackingReference": references[0] if isinstance(references, list) and references else None}


def _address(part: _Part) -> dict[str, Any]:
    """Add the older names of an address's contact."""
    return _within(part, {"Contact": _contact})


def _contact(part: _Part) -> dict[str, Any]:
    """Fill what may not be null with empty text, and every missing number with the telephone's."""
    telephone = part.get("Telephone")
    older = {"FirstName": "", "LastName": "", "Email": "", "Mobile": telephone, "LandLine": telephone}
    return {**part, **{name: value for name, value in older.items() if part.get(name) is None}}


def _allocation(part: _Part) -> dict[str, Any]:
    """Add the older names of its price."""
    return _within(part, {"Price": _price})


def _price(part: _Part) -> dict[str, Any]:
    """Add the older name of the tax."""
    return {**part, "VatRate": part.get("TaxRate")}


def _option(part: _Part) -> dict[str, Any]:
    """Add the older names of a delivery option's price."""
    return _within(part, {"Price": _price})


def _options(part: _Part) -> dict[str, Any]:
    """Add the older names of an offer's options, or of one option and its consignment."""
    return _within(part, {"DeliveryOptions": _option, "DeliveryOption": _option, "ConsignmentDetail": _consignment})


def _location(part: _Part) -> dict[str, Any]:
    """Add the older names of a pickup location's address and options."""
    return _within(part, {"Address": _address, "DeliveryOptions": _option})


def _locations(part: _Part) -> dict[str, Any]:
    """Add the older names of the pickup locations that are offered."""
    return _within(part, {"Locations": _location})


def _found(part: _Part) -> dict[str, Any]:
    """Add the older forms of what a search found."""
    return _within(part, {"ConsignmentSummaries": _found_consignment})


def _found_consignment(part: _Part) -> dict[str, Any]:
    """Return the summary of a consignment with its weight as a number of kilograms, 0 where it is not known."""
    names = {"State": _known_name(_STATES), "ShippingTerms": _known_name(_SHIPPING_TERMS)}
    return {**with_forms(part, names), "Weight": (part["Weight"] or {}).get("Value", 0)}


def _quote(part: _Part) -> dict[str, Any]:
    """Add the older names of a quote's prices, surcharges and addresses."""
    prices = dict.fromkeys(("BasePrice", "Price"), _price)
    addresses = dict.fromkeys(("OriginAddress", "DestinationAddress"), _address)
    return _within(part, {**prices, **addresses, "Surcharges": _surcharge})


def _surcharge(part: _Part) -> dict[str, Any]:
    """Add a surcharge's amount under its older name."""
    return {**part, "Price": part["Amount"]}


def _quotes(part: _Part) -> dict[str, Any]:
    """Add the older names of the quotes of a request or group."""
    return _within(part, {"Quotes": _quote, "CheapestQuote": _quote})


def _summary(part: _Part) -> dict[str, Any]:
    """Add the first version's answer to an allocation: whether it succeeded, and for which consignment."""
    detail = next((link["Href"] for link in part["ApiLinks"] if link["Rel"] == "detail"), "")
    return {
        **_within(part, {"ConsignmentLegs": _leg}),
        "IsSuccess": part["StatusCode"] < 300,
        "Message": part["Description"],
        "Data": detail.rpartition("/")[2],
    }


def _documents(part: _Part) -> dict[str, Any]:
    """Return the documents of each kind by their file names: a dictionary there, a list of pairs since version 1.1."""
    return {kind: {pair["Key"]: pair["Value"] for pair in pairs} for kind, pairs in part.items()}


# By the name of what a reply holds.
_ROOTS: Final[Mapping[str, _Form]] = {
    "Consignment": _consignment,
    "Package": _package,
    "ShippingLocation": _address,
    "GetCustomsDocumentationResponse": _documents,
    "MatchingConsignmentsResponse": _found,
    "LateConsignmentsResponse": _found,
    "DeliveryOptionsResponse": _options,
    "DeliveryOptionDetails": _options,
    "PickupOptionsResponse": _locations,
    "Location": _location,
    "AllocationSummary": _summary,
    "QuoteResult": _quotes,
    "ServiceGroupQuoteResult": _quotes,
}
