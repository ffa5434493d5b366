"""The compiled catalogue: the JSON that `cli.catalogue` writes and the functions load, read strictly."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from allocation.domain.consignment import Dimensions
from allocation.domain.preference import CHEAPEST
from allocation.engine import compiled_deliveries, compiled_pickups, compiled_prices
from allocation.engine.calendars import Calendar, CollectionHours, TimeZone
from allocation.engine.catalogue_integrity import find_faults
from allocation.engine.compiled_parts import (
    InvalidCatalogueError,
    at,
    decimal,
    listed,
    money_or_none,
    read_part,
    refuse_unknown,
    text,
    text_or_none,
    text_set,
    week,
    whole,
)
from allocation.engine.compiled_routing import preference, routing
from allocation.engine.conditions import Condition, Range
from allocation.engine.loaded_catalogue import Carrier, Catalogue, ExchangeRate, Leg, Location, Service, Tax
from allocation.engine.loaded_prices import Surcharge
from allocation.engine.measures import Measure
from allocation.engine.zones import Zone, ZoneLane
from allocation.exact_json import parsed, parsed_by_item

_FORMAT: Final = 1
_SERVICES: Final = "services"
_SAMPLE: Final = "sample.json"
# What reading anything else than a compiled catalogue may end with. AttributeError: something that is not an object
# stands where one belongs.
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RecursionError,
    MemoryError,
)
# Characters of an error that its message shows: the text of a catalogue may be long.
_MAX_TOLD: Final = 300

_Document = Mapping[str, Any]
_Part = TypeVar("_Part")


def read_compiled(text: str) -> Catalogue:
    """Return the catalogue of a compiled document: a line with format and digest, then the content.

    Raises `InvalidCatalogueError`, which says what to do.
    """
    header_line, _, content = text.partition("\n")
    try:
        header = dict(parsed(header_line))
        if (version := header.pop("format")) != _FORMAT:
            raise InvalidCatalogueError(
                f"the compiled catalogue has format {version!r}, not {_FORMAT}: compile it again"
            )
        if (digest := header.pop("digest")) != _digest(content):
            raise InvalidCatalogueError("the compiled catalogue does not match its digest: compile it again")
        refuse_unknown("its first line", header)
        catalogue = _catalogue(content, digest, text)
        fault = next(find_faults(catalogue), None)
    except _UNREADABLE as error:
        told = f"{error!r}"[:_MAX_TOLD]
        raise InvalidCatalogueError(f"this is no compiled catalogue ({told}): compile one and try again") from error
    if fault:
        raise InvalidCatalogueError(f"the compiled catalogue can't be used ({fault}): compile it again")
    return catalogue


def write_compiled(content: _Document) -> str:
    """Return the compiled document that `read_compiled` reads."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return json.dumps({"format": _FORMAT, "digest": _digest(text)}) + "\n" + text


def packaged_catalogue() -> Catalogue:
    """Return the sample catalogue that comes with the package, compiled from `cli/catalogue/sample.yaml`."""
    return read_compiled(Path(__file__).with_name(_SAMPLE).read_text("utf-8"))


def _catalogue(content: str, digest: str, text: str) -> Catalogue:
    item = dict(parsed_by_item(content, _SERVICES, lambda _: None))
    last_day = date.fromisoformat(item.pop("lastDay")).toordinal()
    zones = {name: _time_zone(*table) for name, table in item.pop("timeZones").items()}
    holidays = listed(item.pop("holidays"), lambda days: frozenset(listed(days, _ordinal)))
    calendars = listed(item.pop("calendars"), lambda each: _calendar(dict(each), zones, holidays, last_day))
    found = {key: dict(each) for key, each in item.pop("carriers").items()}
    numbers = {key: each.pop("calendar") for key, each in found.items()}
    carriers = {key: read_part(Carrier, each, reference=key) for key, each in found.items()}
    surcharges = compiled_prices.surcharges(item.pop("surcharges"))
    item.pop(_SERVICES)
    services = _services(content, carriers, surcharges)
    locations = listed(item.pop("locations"), lambda each: _location(dict(each), calendars))
    return read_part(
        Catalogue,
        item,
        digest=digest,
        compiled=text,
        home=Calendar(zones[item.pop("timeZone")], ((),) * 7, frozenset(), {}, last_day),
        last_day=last_day,
        carriers=carriers,
        carrier_calendars={key: at(calendars, number) for key, number in numbers.items() if number is not None},
        services=tuple(sorted(services, key=lambda service: service.reference)),
        groups={key: text_set(members) for key, members in item.pop("groups").items()},
        locations={location.reference: location for location in locations},
        package_sizes={key: Dimensions(*listed(sides, decimal)) for key, sides in item.pop("packageSizes").items()},
        delivery_holidays={place: at(holidays, number) for place, number in item.pop("deliveryHolidays").items()},
        exchange_rates=tuple(
            listed(item.pop("exchangeRates"), lambda each: compiled_prices.dated(ExchangeRate, dict(each)))
        ),
        taxes=tuple(listed(item.pop("taxes"), lambda each: read_part(Tax, dict(each)))),
        preference=preference(item.pop("preference")) if "preference" in item else CHEAPEST,
        routing=routing(dict(item.pop("routing"))) if "routing" in item else None,
        zones={name: _zone(dict(each)) for name, each in item.pop("zones", {}).items()},
        regions={country: _region_names(table) for country, table in item.pop("regions", {}).items()},
        pickup_locations=compiled_pickups.pickup_locations(item.pop("pickupLocations", []), zones),
        place_coordinates={
            key: compiled_pickups.coordinates(pair) for key, pair in item.pop("placeCoordinates", {}).items()
        },
    )


def _zone(item: dict[str, Any]) -> Zone:
    zone = Zone(
        keys=_keys(item.pop("keys", [])),
        lanes=tuple(ZoneLane(*listed(sides, _keys)) for sides in item.pop("lanes", [])),
    )
    refuse_unknown("zone", item)
    return zone


def _keys(items: Any) -> tuple[str, ...]:
    # A zone chart names each place a thousand times.
    return tuple(map(sys.intern, listed(items, text)))


def _region_names(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(listed(regions, text)) for name, regions in table.items()}


def _time_zone(changes: Any, offsets: Any) -> TimeZone:
    return TimeZone(listed(changes, whole), listed(offsets, whole))


def _calendar(
    item: dict[str, Any], zones: Mapping[str, TimeZone], holidays: Sequence[frozenset[int]], last_day: int
) -> Calendar:
    number = item.pop("holidays")
    return read_part(
        Calendar,
        item,
        time_zone=zones[item.pop("timeZone")],
        week=week(listed(item.pop("week"), _collections)),
        holidays=frozenset() if number is None else at(holidays, number),
        exceptions={_ordinal(day): _collections(hours) for day, hours in item.pop("exceptions").items()},
        last_day=last_day,
    )


def _collections(hours: Any) -> tuple[CollectionHours, ...]:
    """Return a day's collections: none, one, or a list of several."""
    if hours is None:
        return ()
    return tuple(listed(hours, _hours)) if hours and type(hours[0]) is list else (_hours(hours),)


def _hours(numbers: Any) -> CollectionHours:
    cut_off, collection, *days_before = listed(numbers, whole)
    return CollectionHours(cut_off, collection, *days_before)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _location(item: dict[str, Any], calendars: Sequence[Calendar]) -> Location:
    otherwise = item.pop("otherwise")
    return read_part(
        Location,
        item,
        by_service={key: at(calendars, number) for key, number in item.pop("byService").items()},
        by_carrier={key: at(calendars, number) for key, number in item.pop("byCarrier").items()},
        otherwise=None if otherwise is None else at(calendars, otherwise),
        address=_texts(item.pop("address", {})),
        contact=_texts(item.pop("contact", {})),
    )


def _texts(item: Mapping[str, Any]) -> dict[str, str]:
    """Return names with their texts."""
    return {text(name): text(value) for name, value in item.items()}


def _services(content: str, carriers: Mapping[str, Carrier], surcharges: Mapping[str, Surcharge]) -> list[Service]:
    """Return the services, parsed one by one: as data, those of a large catalogue take more room than all of it."""
    document = parsed_by_item(content, _SERVICES, lambda each: _service(dict(each), carriers, surcharges))
    return listed(document[_SERVICES], _is_service)


def _is_service(item: object) -> Service:
    if not isinstance(item, Service):
        raise TypeError("a service was not read")
    return item


def _service(item: dict[str, Any], carriers: Mapping[str, Carrier], surcharges: Mapping[str, Surcharge]) -> Service:
    return compiled_prices.dated(
        Service,
        item,
        carrier=carriers[item.pop("carrier")],
        delivery=compiled_deliveries.delivery_plan(item),
        transit=tuple(listed(item.pop("transit", []), compiled_deliveries.transit)),
        legs=tuple(listed(item.pop("legs"), lambda leg: _leg(leg, carriers))),
        limits=_limits(item),
        rates=compiled_prices.rates(listed(item.pop("rates"), dict)),
        surcharges=tuple(listed(item.pop("surcharges"), surcharges.__getitem__)),
        weighing=compiled_prices.weighing(item.pop("weighing", None)),
    )


def _leg(pair: Sequence[Any], carriers: Mapping[str, Carrier]) -> Leg:
    carrier, hub = pair
    return Leg(carriers[carrier], text_or_none(hub))


def _limits(item: dict[str, Any]) -> Condition:
    """Return the limits of a service, each under the key of its measure; `maximumValue` is the consignment's."""
    maximum = money_or_none(item.pop("maximumValue"))
    limits = compiled_prices.condition({measure: item.pop(measure) for measure in Measure if measure in item})
    given = {measure: bounds for measure, bounds in limits.items() if not bounds.is_open}
    return given if maximum is None else given | {Measure.TOTAL_VALUE: Range(None, maximum.amount, maximum.currency)}


def _digest(content: str) -> str:
    """Return the SHA-256 of the content, in hexadecimal, that names a compiled catalogue."""
    return hashlib.sha256(content.encode()).hexdigest()
