"""The allocate call of the recipe without SortedPRO: the cheapest service of a price list that fits.

It knows a country, weight bands and the longest side, and no dates, surcharges, limits, taxes or reasons. So it does
far less than the engine, which makes the recipe quicker and cheaper than one that would do the same.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.benchmarks.recipe.models import Consignment

_SERVICES: list[dict[str, Any]] = json.loads(Path(os.environ["PRICE_LIST"]).read_text("utf-8"))


def allocate(consignment: Consignment) -> dict[str, Any]:
    """Return the Allocation Summary of a consignment, as SortedPRO writes it. Raises `LookupError` if nothing fits."""
    weight = sum((package.weight.value for package in consignment.packages), Decimal(0))
    sides = (package.dimensions for package in consignment.packages)
    longest = max(max(each.width, each.length, each.height) for each in sides)
    country = next(each.country.iso_code.two_letter_code for each in consignment.addresses if each.country)
    offers = [
        (price, service)
        for service in _SERVICES
        if longest <= service["longest"] and (price := _price(service, country, weight)) is not None
    ]
    if not offers:
        raise LookupError(f"no service fits {consignment.reference}")
    price, service = min(offers, key=lambda offer: offer[0])
    return _summary(consignment.reference, service, price)


def _price(service: dict[str, Any], country: str, weight: Decimal) -> Decimal | None:
    bands = service["prices"].get(country, ())
    return next((Decimal(price) for limit, price in bands if weight <= limit), None)


def _summary(reference: str, service: dict[str, Any], price: Decimal) -> dict[str, Any]:
    name, carrier = service["name"], service["carrier"]
    return {
        "StatusCode": 200,
        "ApiLinks": [
            {"Rel": "detail", "Href": f"https://api.example.com/live/consignments/{reference}"},
            {"Rel": "label", "Href": f"https://api.example.com/live/labels/{reference}"},
        ],
        "Description": f"Consignment {reference} has been successfully allocated with {carrier} {name} for {price} GBP",
        "ConsignmentLegs": [{"Leg": 1, "TrackingReferences": [], "CarrierReference": carrier, "CarrierName": carrier}],
        "CarrierReference": carrier,
        "CarrierName": carrier,
        "CarrierServiceReference": name,
        "CarrierServiceName": name,
    }
