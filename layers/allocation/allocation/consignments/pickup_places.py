"""Pickup locations as a consignment names them: found, reserved, and as its destination."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allocation.consignments.allocatable_consignment import MAX_ADDRESSES
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.engine.pickup_locations import PickupLocation


def require_location(known: Mapping[str, PickupLocation], reference: str) -> PickupLocation:
    """Return the location of an option. Raises `RequestError` where the catalogue has it no more."""
    if reference not in known:
        text = f"Pickup location {reference} is not available any more. Get new options."
        raise RequestError("PickupLocationNotFoundException", text, NOT_FOUND)
    return known[reference]


def reservation_for(location: PickupLocation, option: str, offer: Mapping[str, Any], now: datetime) -> str | None:
    """Return the reference of an option's reservation, None where it has none and needs none.

    Raises `RequestError` for an option that has to be reserved first. What was selected once stays so.
    """
    held: Mapping[str, str] | None = offer.get("reserved")
    is_own = held is not None and held["option"] == option
    stands = held is not None and is_own and datetime.fromisoformat(held["until"]) > now
    if location.needs_reservation and not stands and offer["selected"] is None:
        text = f"Pickup location {location.reference} has to be reserved: POST /deliveryoptions/reserve/{option} first."
        raise RequestError("PickupReservationRequiredException", text)
    return held["reference"] if held is not None and is_own else None


def address_of(location: PickupLocation) -> dict[str, Any]:
    """Return a location's address in PRO's JSON."""
    country = {"IsoCode": {"TwoLetterCode": location.country}}
    return {**location.address, "Postcode": location.postcode, "Country": country}


def at_location(content: Mapping[str, Any], location: PickupLocation, reservation: str | None = None) -> dict[str, Any]:
    """Return a consignment's description with a pickup location as its destination.

    The recipient stays its contact; where it was to go before becomes the address of the type `Recipient`.
    """
    addresses = content["Addresses"]
    [before] = [each for each in addresses if each["AddressType"] == "Destination"]
    destination = {
        "AddressType": "Destination",
        "Contact": before.get("Contact"),
        "ShopLocationReference": location.reference,
        **address_of(location),
        "LatLong": {"Latitude": location.coordinates.latitude, "Longitude": location.coordinates.longitude},
    }
    others = [destination if each is before else each for each in addresses]
    is_known = any(each["AddressType"] == "Recipient" for each in addresses)
    if not is_known and len(addresses) < MAX_ADDRESSES and before.get("AddressLine1"):
        others.append({**before, "AddressType": "Recipient"})
    information = {"ShopReference": location.reference, "ReservationReference": reservation}
    return {**content, "Addresses": others, "LocationInformation": information}
