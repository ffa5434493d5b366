"""Spaces of pickup locations: how many consignments each still takes for a day of delivery, and who has them.

A location's spaces are kept in one draft. An option has at most one: taking it again only makes it last longer. A space
that nobody selects in time is free again by itself. Which spaces a consignment has is kept in a draft of its own, by
which a cancellation gives them back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from allocation.consignments.allocatable_consignment import MAX_ADDRESSES
from allocation.consignments.drafts import Draft, DraftStore
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.domain.frozen import frozen
from allocation.engine.pickup_locations import PickupLocation

_KEY: Final = "pickup#"
_OF_CONSIGNMENT: Final = "pickup-of#"
# More than for other drafts: everybody who chooses a location at the same moment changes the same one.
_MAX_ATTEMPTS: Final = 8
# How long after the day of delivery its spaces are kept.
_KEPT_AFTER: Final = timedelta(days=2)

_Taken = Mapping[str, Mapping[str, str]]
"""When each option's space ends, by the day of delivery and the option."""


@frozen
class PickupSpaces:
    """The spaces of locations that have a number of them. `now` returns the moment as aware UTC."""

    drafts: DraftStore
    now: Callable[[], datetime]

    def full_days(self, locations: Iterable[PickupLocation]) -> Mapping[str, frozenset[date]]:
        """Return the days for which each of these locations takes no more, by its reference."""
        limited = {_KEY + each.reference: each for each in locations if each.spaces is not None}
        return {
            limited[key].reference: frozenset(
                date.fromisoformat(day)
                for day, options in self._standing(draft.content["taken"]).items()
                if len(options) >= (limited[key].spaces or 0)
            )
            for key, draft in self.drafts.find_all(list(limited)).items()
        }

    def take(self, location: PickupLocation, day: date, option: str, until: datetime | None = None) -> bool:
        """Take a space for an option, until a moment or for good, and return whether it had none before.

        Raises `RequestError` where the location takes no more for that day.
        """
        if location.spaces is None:
            return False
        most, end, is_new = location.spaces, until or datetime.combine(day, time(), UTC) + _KEPT_AFTER, False

        def decide(taken: _Taken) -> _Taken:
            nonlocal is_new
            options = taken.get(day.isoformat(), {})
            is_new = option not in options
            if is_new and len(options) >= most:
                text = f"Pickup location {location.reference} takes no more for {day.isoformat()}. Get new options."
                raise RequestError("PickupLocationFullException", text)
            ends = max(end.isoformat(), options.get(option, ""))
            return {**taken, day.isoformat(): {**options, option: ends}}

        self._change(location.reference, decide)
        return is_new

    def give_back(self, location: str, day: date, option: str) -> None:
        """Free the space of an option, which has one once only. `location` is the location's reference."""

        def decide(taken: _Taken) -> _Taken:
            before = taken.get(day.isoformat(), {})
            options = {name: end for name, end in before.items() if name != option}
            return {**taken, day.isoformat(): options} if option in before else taken

        self._change(location, decide)

    def keep_for(self, consignment: str, location: PickupLocation, day: date, option: str) -> None:
        """Keep that an option's space is a consignment's, which may have others."""
        space = [location.reference, day.isoformat(), option]

        def decide(spaces: list[list[str]]) -> list[list[str]]:
            return spaces if space in spaces else [*spaces, space]

        if location.spaces is not None:
            self._replace(_OF_CONSIGNMENT + consignment, "spaces", [], decide, _latest_day_of)

    def give_back_all(self, consignment: str) -> None:
        """Free the spaces of a consignment that is cancelled. A call that failed is repeated."""
        draft = self.drafts.find(_OF_CONSIGNMENT + consignment)
        for location, day, option in draft.content["spaces"] if draft else ():
            self.give_back(location, date.fromisoformat(day), option)

    def _change(self, location: str, decide: Callable[[_Taken], _Taken]) -> None:
        """Change a location's spaces. Those that have ended are left out."""
        self._replace(_KEY + location, "taken", {}, lambda taken: decide(self._standing(taken)) or taken, max)

    def _replace(
        self, key: str, name: str, empty: Any, decide: Callable[[Any], Any], latest_day: Callable[[Any], str]
    ) -> None:
        """Change what a draft has under a name, `empty` at first, again if another request was faster."""
        for _ in range(_MAX_ATTEMPTS):
            seen = self.drafts.find(key)
            before = seen.content[name] if seen else empty
            after = decide(before)
            if after == before:
                return
            ends = datetime.combine(date.fromisoformat(latest_day(after)), time(), UTC) + 2 * _KEPT_AFTER
            draft = Draft(key, {name: after}, ends)
            if seen is None and self.drafts.add(draft):
                return
            if seen is not None and self.drafts.replace(replace(draft, version=seen.version + 1), seen):
                return
        raise RequestError("ConflictException", "Others are reserving at this pickup location. Try again.", 409)

    def _standing(self, taken: _Taken) -> _Taken:
        """Return the spaces that have not ended."""
        now = self.now().isoformat()
        left = {day: {name: end for name, end in options.items() if end > now} for day, options in taken.items()}
        return {day: options for day, options in left.items() if options}


def _latest_day_of(spaces: list[list[str]]) -> str:
    return max(day for _, day, _ in spaces)


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
