"""PRO's pickup options: the pickup locations near a recipient, and when a consignment could be delivered to each.

PRO's help, "Getting Pickup Options", has the request. An option can be reserved before it is selected, and has to be at
locations that demand it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from allocation.consignments.delivery_options import AskedOptions, DeliveryOptions
from allocation.consignments.errors import Problem, RequestError
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import issued
from allocation.consignments.kept_offers import MAX_OPTIONS, FoundOption, OfferedOption, option_name, term_of
from allocation.consignments.pickup_places import at_location, require_location
from allocation.consignments.pickup_spaces import Space
from allocation.domain.frozen import frozen
from allocation.engine.inquiries import address_keys
from allocation.engine.pickup_locations import Coordinates, PickupLocation, coordinates_of, nearest
from allocation.engine.place_keys import UnknownPlaceError

# PRO's help: a value between one and 50.
MAX_RESULTS: Final = 50
# Nearest locations that are looked at, and days of each: assessing takes some milliseconds for all days of one.
_MAX_LOCATIONS: Final = 100
_MAX_DAYS: Final = 30
# Of a very large catalogue, only the locations that were looked at in this time are offered.
_MAX_DURATION: Final = timedelta(seconds=10)
_RESERVATION: Final = "ER"


@frozen
class Nearby:
    """How many locations at most, and within how many kilometres, None for any distance.

    `here` are the coordinates that the destination says, if it does.
    """

    most: int = MAX_RESULTS
    within_km: Decimal | None = None
    here: Coordinates | None = None


@frozen
class OfferedLocation:
    """A location and its distance in kilometres, with the views of its options by day and window."""

    location: PickupLocation
    distance: Decimal
    options: list[Mapping[str, Any]]


@frozen
class PickupOptions:
    """Finds pickup locations, offers options at them, and reserves one."""

    options: DeliveryOptions

    def offer(
        self, asked: AskedOptions, nearby: Nearby, view: Callable[[OfferedOption], Mapping[str, Any]]
    ) -> list[OfferedLocation]:
        """Keep the options at the nearest locations that take a consignment, and return these, nearest first.

        Raises `RequestError` where nothing says where the destination is.
        """
        by_location = list(islice(self._found(asked, nearby), nearby.most))
        share = MAX_OPTIONS // max(1, len(by_location))
        shown = [found[:share] for found in by_location]
        views = iter(
            self.options.kept.keep(asked.content, [each for found in shown for each in found], view, asked.existing)
        )
        return [
            OfferedLocation(_location_of(found[0]), found[0].distance, list(islice(views, len(found))))
            for found in shown
        ]

    def locate(self, content: Mapping[str, Any], nearby: Nearby) -> list[tuple[Decimal, PickupLocation]]:
        """Return the nearest locations to a destination with their distances, whatever is to be delivered there."""
        catalogue = self.options.market.engine.catalogue
        return nearest(catalogue.pickup_locations, self._here(content, nearby), nearby.most, nearby.within_km)

    def reserve(self, reference: str) -> str:
        """Reserve a pickup option and return the reservation's reference, the same while it stands.

        Raises `RequestError` for an option that is no pickup option, unknown or expired, where another of its offer is
        reserved, or one is selected, and where the location takes no more for that day.
        """
        options = self.options
        offer = options.kept.content(reference)
        term, name = term_of(offer, reference), option_name(reference)
        if term.location is None:
            text = f"Delivery option {name} is for a delivery: only a pickup option can be reserved."
            raise RequestError("PickupOptionNotFoundException", text)
        location = require_location(options.market.engine.catalogue.pickup_locations, term.location)
        until = self._reserved_until(location, term.until)
        reservation = issued(_RESERVATION, options.register.random_characters)
        held = options.kept.reserved(offer)
        # Asked again, a reservation holds its space no longer than at first.
        until = datetime.fromisoformat(held["until"]) if held else until
        space = Space(location, term.day, name)
        is_new = options.spaces.take(space, until)
        try:
            return options.kept.reserve(reference, reservation, until)
        except RequestError:
            if is_new:
                options.spaces.give_back(space)
            raise

    def _reserved_until(self, location: PickupLocation, expires: datetime) -> datetime:
        """Return when a reservation that is made now ends: no later than its option."""
        return min(self.options.register.changes.now() + timedelta(hours=location.reserved_hours), expires)

    def _found(self, asked: AskedOptions, nearby: Nearby) -> Iterator[list[FoundOption]]:
        """Yield what each location that takes the consignment is offered, nearest first."""
        catalogue = self.options.market.engine.catalogue
        carriers = {each.carrier.reference for each in catalogue.services if each.pickup_only and each.enabled}
        here = self._here(asked.content, nearby)
        near = nearest(catalogue.pickup_locations, here, _MAX_LOCATIONS, nearby.within_km, carriers)
        full = self.options.spaces.full_days(location for _, location in near)
        ends = self.options.register.changes.now() + _MAX_DURATION
        for distance, location in near:
            if self.options.register.changes.now() >= ends:
                return
            at = replace(asked, content=at_location(asked.content, location))
            closed = full.get(location.reference, frozenset())
            found = [
                replace(each, location=location, distance=distance)
                for each in self.options.found(at, _MAX_DAYS)
                if _is_open(location, date.fromordinal(each.offer.dates.delivery_day), closed)
            ]
            if found:
                yield found

    def _here(self, content: Mapping[str, Any], nearby: Nearby) -> Coordinates:
        """Return where the destination is. Raises `RequestError` where neither it nor the catalogue says so."""
        if nearby.here is not None:
            return nearby.here
        catalogue, text = self.options.market.engine.catalogue, "the catalogue has no coordinates of its postcode"
        address = FullConsignment.model_validate(content).to_domain().destination
        try:
            found = coordinates_of(address_keys(address, catalogue), catalogue.place_coordinates)
        except UnknownPlaceError as error:
            found, text = None, str(error)
        if found is None:
            problem = Problem("Unknown", "Addresses", f"Destination: {text}; or send its LatLong")
            raise RequestError("ValidationException", "The distance to it is unknown: see Details.", problems=[problem])
        return found


def _location_of(found: FoundOption) -> PickupLocation:
    if found.location is None:
        raise ValueError("a pickup option has a location")
    return found.location


def _is_open(location: PickupLocation, day: date, closed: frozenset[date]) -> bool:
    return location.is_open_on(day.weekday()) and day not in closed
