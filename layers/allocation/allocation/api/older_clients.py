"""What clients of the API's first version read beside the names of version 1.1.

Such a client sends no `electio-api-version`, or an earlier one than 1.1. The names are those of PRO's own .NET SDK of
2016, which can't read null where it has a value of its own. Everything of version 1.1 stays as it is beside them.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

EARLIER_VERSIONS: Final = frozenset({"", "1", "1.0"})


def is_older(version: str | None) -> bool:
    """Tells by its `electio-api-version` whether a client is older than version 1.1.

    >>> is_older(None), is_older("1.0"), is_older("1.1")
    (True, True, False)
    """
    return (version or "").strip() in EARLIER_VERSIONS


def with_older_names(value: Any) -> Any:
    """The same data with the older names added, wherever they stand."""
    if isinstance(value, list):
        return [with_older_names(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    data = {name: with_older_names(item) for name, item in value.items()}
    for names, older_names in SHAPES:
        if names <= data.keys():
            data = older_names(data) | {name: item for name, item in data.items() if item is not None}
    return data


def of_weight(data: Mapping[str, Any]) -> dict[str, Any]:
    """`Kg`, for a weight in that unit."""
    is_weight = data["Unit"] == "Kg" and isinstance(data["Value"], int | Decimal)
    return {**data, "Kg": data["Value"]} if is_weight else {**data}


def of_leg(data: Mapping[str, Any]) -> dict[str, Any]:
    """One tracking reference, the first."""
    return {**data, "TrackingReference": next(iter(data["TrackingReferences"] or ()), None)}


def of_price(data: Mapping[str, Any]) -> dict[str, Any]:
    """The tax under its older name."""
    return {**data, "VatRate": data["TaxRate"]}


def of_contact(data: Mapping[str, Any]) -> dict[str, Any]:
    """Text for what may not be null, and the telephone wherever a number is looked for."""
    texts = dict.fromkeys(("FirstName", "LastName", "Email"), "")
    return {**data, **texts, "Mobile": data["Telephone"], "LandLine": data["Telephone"]}


def of_surcharge(data: Mapping[str, Any]) -> dict[str, Any]:
    """The amount and the currency by themselves."""
    amount = data["Amount"]
    return {
        **data,
        "Reference": data["Name"],
        "Price": amount["Amount"],
        "CurrencyIsoCode": amount["Currency"]["IsoCode"],
        "ApplicationType": "Additive",
    }


def of_consignment(data: Mapping[str, Any]) -> dict[str, Any]:
    """The delivery promise under its older name."""
    return {**data, "RequiredDeliveryDate": data["RequestedDeliveryDate"]}


def of_allocation(data: Mapping[str, Any]) -> dict[str, Any]:
    """The service group under its older names."""
    group = data["MpdCarrierServiceGroupReference"]
    return {**data, "CarrierServiceGroupReference": group, "MpdCarrierServiceGroupName": group}


def of_summary(data: Mapping[str, Any]) -> dict[str, Any]:
    """What the first version answered to an allocation: whether it succeeded, and of which consignment."""
    detail = next((link["Href"] for link in data["ApiLinks"] if link["Rel"] == "detail"), "")
    succeeded = data["StatusCode"] < 300
    return {
        **data,
        "IsSuccess": succeeded,
        "Message": data["Description"],
        "Data": detail.rpartition("/")[2],
    }


SHAPES: Final[tuple[tuple[frozenset[str], Callable[[Mapping[str, Any]], dict[str, Any]]], ...]] = (
    (frozenset({"Value", "Unit"}), of_weight),
    (frozenset({"Leg", "TrackingReferences"}), of_leg),
    (frozenset({"TaxRate", "VatAmount"}), of_price),
    (frozenset({"LastName", "Telephone"}), of_contact),
    (frozenset({"Name", "Amount"}), of_surcharge),
    (frozenset({"ConsignmentState", "RequestedDeliveryDate"}), of_consignment),
    (frozenset({"MpdCarrierServiceGroupReference", "AllocationDate"}), of_allocation),
    (frozenset({"StatusCode", "ApiLinks", "Description"}), of_summary),
)
"""What a part is known by, and what is added to it."""
