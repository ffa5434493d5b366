"""What clients of the API's first version read beside the names of version 1.1.

Such a client sends no `electio-api-version`, or an earlier one than 1.1. The names are those of PRO's own .NET SDK of
2016, which can't read null where it has a value of its own. Everything of version 1.1 stays as it is beside them, and
what the sender wrote under names of its own is not looked into.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from allocation.consignments.older_forms import each, with_forms

EARLIER_VERSIONS: Final = frozenset({"", "1", "1.0"})

Part = Mapping[str, Any]
Form = Callable[[Part], dict[str, Any]]


def is_older(version: str | None) -> bool:
    """Tells by its `electio-api-version` whether a client is older than version 1.1.

    >>> is_older(None), is_older("1.0"), is_older("1.1")
    (True, True, False)
    """
    return (version or "").strip() in EARLIER_VERSIONS


def with_older_names(data: Any, root: str) -> Any:
    """The data of a reply with the older names added; `root` is the name of what it holds."""
    return each(ROOTS[root])(data) if root in ROOTS else data


def within(part: Part, forms: Mapping[str, Form]) -> dict[str, Any]:
    """The part with the parts under these names in their older form too."""
    return with_forms(part, {name: each(form) for name, form in forms.items()})


def consignment(part: Part) -> dict[str, Any]:
    """A consignment, the delivery promise under its older name."""
    forms = {
        "Weight": weight,
        "ConsignmentLegs": leg,
        "Packages": package,
        "Addresses": address,
        "Allocation": allocation,
    }
    return {**within(part, forms), "RequiredDeliveryDate": part.get("RequestedDeliveryDate")}


def package(part: Part) -> dict[str, Any]:
    """A package and its items."""
    return within(part, {"Weight": weight, "ConsignmentLegs": leg, "Items": item})


def item(part: Part) -> dict[str, Any]:
    """An item of a package."""
    return within(part, {"Weight": weight})


def weight(part: Part) -> dict[str, Any]:
    """`Kg`, for a weight in that unit."""
    is_known = part.get("Unit") == "Kg" and isinstance(part.get("Value"), int | Decimal)
    return {**part, "Kg": part["Value"]} if is_known else {**part}


def leg(part: Part) -> dict[str, Any]:
    """One tracking reference, the first."""
    references = part.get("TrackingReferences")
    return {**part, "TrackingReference": references[0] if isinstance(references, list) and references else None}


def address(part: Part) -> dict[str, Any]:
    """An address with its contact."""
    return within(part, {"Contact": contact})


def contact(part: Part) -> dict[str, Any]:
    """Text for what may not be null, and the telephone wherever a number is looked for."""
    telephone = part.get("Telephone")
    older = {"FirstName": "", "LastName": "", "Email": "", "Mobile": telephone, "LandLine": telephone}
    return {**part, **{name: value for name, value in older.items() if part.get(name) is None}}


def allocation(part: Part) -> dict[str, Any]:
    """The service group under its older names."""
    group = part.get("MpdCarrierServiceGroupReference")
    older = {"CarrierServiceGroupReference": group, "MpdCarrierServiceGroupName": group}
    return {**within(part, {"Price": price}), **older}


def price(part: Part) -> dict[str, Any]:
    """The tax under its older name."""
    return {**part, "VatRate": part.get("TaxRate")}


def quote(part: Part) -> dict[str, Any]:
    """A quote with its prices, surcharges and addresses."""
    prices = dict.fromkeys(("BasePrice", "Price"), price)
    addresses = dict.fromkeys(("OriginAddress", "DestinationAddress"), address)
    return within(part, {**prices, **addresses, "Surcharges": surcharge})


def surcharge(part: Part) -> dict[str, Any]:
    """The amount and the currency by themselves."""
    amount = part["Amount"]
    return {
        **part,
        "Reference": part["Name"],
        "Price": amount["Amount"],
        "CurrencyIsoCode": amount["Currency"]["IsoCode"],
        "ApplicationType": "Additive",
    }


def quotes(part: Part) -> dict[str, Any]:
    """The quotes of a request or of a group."""
    return within(part, {"Quotes": quote, "CheapestQuote": quote})


def summary(part: Part) -> dict[str, Any]:
    """What the first version answered to an allocation: whether it succeeded, and of which consignment."""
    detail = next((link["Href"] for link in part["ApiLinks"] if link["Rel"] == "detail"), "")
    return {
        **within(part, {"ConsignmentLegs": leg}),
        "IsSuccess": part["StatusCode"] < 300,
        "Message": part["Description"],
        "Data": detail.rpartition("/")[2],
    }


ROOTS: Final[Mapping[str, Form]] = {
    "Consignment": consignment,
    "AllocationSummary": summary,
    "QuoteResult": quotes,
    "ServiceGroupQuotes": quotes,
}
"""By the name of what a reply holds."""
