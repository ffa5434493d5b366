"""Pickup locations in PRO's shape: where they are, when they are open, and what can be delivered there when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NotRequired

from typing_extensions import TypedDict

from allocation.api.measures import WEEKDAYS, Number, country
from allocation.api.option_views import DeliveryOptionView, WindowView, clock_time, offset_text, option_view
from allocation.consignments.kept_offers import OfferedOption
from allocation.consignments.market import Market
from allocation.consignments.pickup_options import OfferedLocation
from allocation.engine.pickup_locations import PickupLocation

# The lines of a location's address that PRO answers.
_ADDRESS: Final = ("AddressLine1", "AddressLine2", "AddressLine3", "Town", "Region")
# The fields that PRO answers only for delivery options.
_OF_DELIVERIES: Final = ("CarrierServiceTypes", "ServiceDirection")


class OpeningTimes(TypedDict):
    """When a location is open on each day of the week, in its local time; nothing where it is closed."""

    Monday: list[WindowView]
    Tuesday: list[WindowView]
    Wednesday: list[WindowView]
    Thursday: list[WindowView]
    Friday: list[WindowView]
    Saturday: list[WindowView]
    Sunday: list[WindowView]


class ReservationView(TypedDict):
    """Whether an option has to be reserved before it is selected, and until when it is."""

    IsReservationRequired: bool
    ExpiryDate: str | None


class InformationView(TypedDict):
    """Something else that recipients are told of a location."""

    Key: str
    Value: str


class LocationView(TypedDict):
    """A pickup location. `Distance` is in kilometres."""

    Name: str
    ShopReference: str
    Address: dict[str, Any]
    Distance: Number
    OpeningTimes: OpeningTimes
    DeliveryOptions: NotRequired[list[DeliveryOptionView]]
    Reservation: ReservationView
    AdditionalInformation: list[InformationView]


class PickupOptionsResponse(TypedDict):
    """The pickup locations near a destination, nearest first, with the options at each."""

    Distance: Number | None
    MaxResults: int | None
    Locations: list[LocationView]
    NonGuaranteedLocation: LocationView | None


def pickup_option_view(market: Market, option: OfferedOption) -> Mapping[str, Any]:
    """Return one option at a pickup location."""
    view: Mapping[str, Any] = option_view(market, option)
    return {name: value for name, value in view.items() if name not in _OF_DELIVERIES}


def offered_location_view(offered: OfferedLocation, now: datetime) -> LocationView:
    """Return a location with its options."""
    options: Any = offered.options
    return {**location_view(offered.location, offered.distance, now), "DeliveryOptions": options}


def location_view(location: PickupLocation, distance: Decimal, now: datetime) -> LocationView:
    """Return a location. Its opening times have its offset from UTC at present."""
    offset = offset_text(location.time_zone.offset_at(int(now.timestamp())))
    times: Any = {day: _windows(hours, offset) for day, hours in zip(WEEKDAYS, location.week, strict=True)}
    latitude, longitude = location.coordinates
    return LocationView(
        Name=location.name,
        ShopReference=location.reference,
        Address={
            **{name: location.address.get(name, "") for name in _ADDRESS},
            "Postcode": location.postcode or "",
            "Country": country({"IsoCode": {"TwoLetterCode": location.country}}),
            "RegionCode": "",
            "LatLong": {"Latitude": latitude, "Longitude": longitude},
            "IsCached": False,
        },
        Distance=distance,
        OpeningTimes=times,
        Reservation=ReservationView(IsReservationRequired=location.needs_reservation, ExpiryDate=None),
        AdditionalInformation=[InformationView(Key=key, Value=value) for key, value in location.information.items()],
    )


def _windows(hours: Sequence[tuple[int, int]], offset: str) -> list[WindowView]:
    return [WindowView(Start=clock_time(opens), End=clock_time(closes), UtcOffset=offset) for opens, closes in hours]
