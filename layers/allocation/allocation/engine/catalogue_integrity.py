"""What a compiled catalogue must hold beyond its form, so that no decision over it can fail or pass a rule over.

Names stand for something, places are places, and numbers lie in the bounds in which the engine can work with them. The
compiler makes sure of the same, in words for people. This is for documents that it did not write, or that were changed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Decimal
from itertools import chain, pairwise
from typing import Final

from allocation.domain.reference import SERVICE_REFERENCE_PATTERN
from allocation.engine.calendars import DAY_SECONDS, Calendar
from allocation.engine.loaded_catalogue import Catalogue, Service, Transit
from allocation.engine.loaded_prices import AboveLastBand, Rate, Surcharge
from allocation.engine.place_keys import ANYWHERE
from allocation.engine.zones import ZONE_SIGN

# What the compiled catalogue can have of money and of parts: the most that can be written, and a little more.
_MAX_AMOUNT: Final = Decimal(10**7)
_MAX_DAYS: Final = 366
_MAX_TEXT: Final = 100  # characters of a line of an address
MAX_STEPS: Final = 2_000  # above the last band of a rate: the engine keeps the weight at which each step starts
MAX_CHAIN: Final = 100  # surcharges of which each is a part of the next: a decision works through them in depth
_MAX_PAIRS: Final = 1_000_000  # of origins and places, in the rates and transit days of all services: some 300 MB
_MAX_OFFSET: Final = 2 * DAY_SECONDS  # seconds between a time zone and UTC
_REFERENCE: Final = re.compile(SERVICE_REFERENCE_PATTERN)
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PLACE: Final = re.compile(r"\*|[A-Z]{2}(?:-[A-Z0-9]{1,3}|:[A-Z0-9 ]{1,10})?")

_Faults = Iterator[str]


def find_faults(catalogue: Catalogue) -> _Faults:
    """Yield what keeps a catalogue from being used, a clause each."""
    yield from _references(catalogue)
    yield from _pickup_locations(catalogue)
    yield from _pairs(catalogue)
    yield from _places(catalogue)
    yield from _currencies(catalogue)
    yield from _amounts(catalogue)
    surcharges = {each.name: each for service in catalogue.services for each in service.surcharges}
    yield from _circles(surcharges)
    for name, surcharge in surcharges.items():
        yield from (f"surcharge {name!r} {fault}" for fault in _of_surcharge(surcharge))
    for calendar in _calendars(catalogue):
        yield from _of_calendar(calendar)
    for service in catalogue.services:
        for fault in _of_service(service):
            yield f"service {service.reference!r} {fault}"


def _references(catalogue: Catalogue) -> _Faults:
    services = {service.reference for service in catalogue.services}
    named = (*services, *catalogue.carriers, *catalogue.groups, *catalogue.locations)
    yield from (f"{each[:64]!r} is no reference" for each in named if not _REFERENCE.match(each))
    if len(services) < len(catalogue.services):
        yield "two services have the same reference"
    for group, members in catalogue.groups.items():
        yield from _unknown(f"group {group!r} names the service", members, services)
    for reference, location in catalogue.locations.items():
        yield from _unknown(f"location {reference!r} names the service", location.by_service, services)
        yield from _unknown(f"location {reference!r} names the carrier", location.by_carrier, catalogue.carriers)
        if not _COUNTRY.fullmatch(location.country):
            yield f"location {reference!r} is in no country"
        if not 0 <= location.handling_days <= _MAX_DAYS:
            yield f"location {reference!r} has {location.handling_days} handling days"
        if any(len(each) > _MAX_TEXT for each in (*location.address.values(), *location.contact.values())):
            yield f"location {reference!r} has a line of more than {_MAX_TEXT} characters"


def _pickup_locations(catalogue: Catalogue) -> _Faults:
    for reference, location in catalogue.pickup_locations.items():
        yield from _unknown(f"pickup location {reference!r} names the carrier", location.carriers, catalogue.carriers)
        if not _REFERENCE.match(reference) or not _COUNTRY.fullmatch(location.country):
            yield f"pickup location {reference[:64]!r} is in no country, or its name is no reference"
        if location.spaces is not None and location.spaces < 1:
            yield f"pickup location {reference!r} has {location.spaces} spaces"
        if location.reserved_hours < 1:
            yield f"pickup location {reference!r} is reserved for {location.reserved_hours} hours"
        if any(len(each) > _MAX_TEXT for each in (*location.address.values(), *location.information.values())):
            yield f"pickup location {reference!r} has a line of more than {_MAX_TEXT} characters"
    yield from (f"{key[:64]!r} is no place" for key in catalogue.place_coordinates if not _PLACE.fullmatch(key))


def _unknown(clause: str, names: Iterable[str], known: Iterable[str]) -> _Faults:
    yield from (f"{clause} {name!r}, which is not there" for name in sorted(set(names).difference(known)))


def _pairs(catalogue: Catalogue) -> _Faults:
    parts: Iterator[Transit | Rate] = chain.from_iterable(
        chain(each.transit, each.rates) for each in catalogue.services
    )
    if sum(len(part.places) * len(part.origins or ("",)) for part in parts) > _MAX_PAIRS:
        yield f"rates and transit days name more than {_MAX_PAIRS:,} pairs of origin and place: put places into zones"


def _places(catalogue: Catalogue) -> _Faults:
    zones = {ZONE_SIGN + name for name in catalogue.zones}
    named = {id(places): places for places in _sets_of_places(catalogue)}
    for key in frozenset[str]().union(*named.values(), catalogue.delivery_holidays):
        if key.startswith(ZONE_SIGN) and key not in zones:
            yield f"there is no zone {key!r}"
        elif not key.startswith(ZONE_SIGN) and not _PLACE.fullmatch(key):
            yield f"{key[:64]!r} is no place"
    for name, zone in catalogue.zones.items():
        keys = chain(zone.keys, *(lane.origins + lane.destinations for lane in zone.lanes))
        yield from (f"zone {name!r} has {key[:64]!r}, which is no place" for key in keys if not _PLACE.fullmatch(key))
    if not any(ANYWHERE in tax.places for tax in catalogue.taxes):
        yield f"no tax holds in {ANYWHERE!r}"


def _sets_of_places(catalogue: Catalogue) -> Iterator[frozenset[str]]:
    yield from (tax.places for tax in catalogue.taxes)
    for service in catalogue.services:
        yield from (service.origins, service.destinations, service.excluded)
        yield from (exception.places for exception in service.delivery.exceptions)
        priced: list[Transit | Rate | Surcharge] = [*service.transit, *_all_rates(service), *service.surcharges]
        for part in priced:
            yield from filter(None, (part.places, part.origins))


def _all_rates(service: Service) -> Iterator[Rate]:
    for rate in service.rates:
        yield from (rate, *rate.others)


def _currencies(catalogue: Catalogue) -> _Faults:
    named = {catalogue.currency, *(each.currency for each in catalogue.exchange_rates)}
    named |= {service.currency for service in catalogue.services}
    yield from (f"{each[:64]!r} is no currency" for each in sorted(named) if not _CURRENCY.fullmatch(each))


def _amounts(catalogue: Catalogue) -> _Faults:
    for exchange in catalogue.exchange_rates:
        if not 0 < exchange.rate < _MAX_AMOUNT:
            yield f"the exchange rate {exchange.rate} of {exchange.currency} is out of bounds"
    for tax in catalogue.taxes:
        yield from (f"tax {tax.reference!r} has {fault}" for fault in _out_of_bounds([tax.rate], Decimal(0)))


def _out_of_bounds(amounts: Iterable[Decimal | None], least: Decimal = -_MAX_AMOUNT) -> _Faults:
    for amount in amounts:
        if amount is not None and not least <= amount < _MAX_AMOUNT:
            yield f"the amount {amount}, which is out of bounds"


def _circles(surcharges: Mapping[str, Surcharge]) -> _Faults:
    """Yield a clause if surcharges are parts of each other. A group is worked out as one."""
    units = {name: f"{ZONE_SIGN}{item.group}" if item.group is not None else name for name, item in surcharges.items()}
    needs: dict[str, set[str]] = {unit: set() for unit in units.values()}
    for name, item in surcharges.items():
        needs[units[name]] |= {units[part] for part in item.of if part in units}
    left = not_worked_out(needs)
    if any(not parts & left.keys() for parts in left.values()):
        yield f"more than {MAX_CHAIN} surcharges are parts of each other, one after the other"
    elif left:
        yield f"surcharges are parts of each other: {', '.join(sorted(left))}"


def not_worked_out(needs: Mapping[str, Set[str]]) -> Mapping[str, Set[str]]:
    """Return the surcharges and groups that wait for others after as many rounds as a decision works through.

    What waits for itself, by way of others, is always left.
    """
    for _ in range(MAX_CHAIN):
        needs = {unit: parts for unit, parts in needs.items() if parts & needs.keys()}
    return needs


def _calendars(catalogue: Catalogue) -> Iterable[Calendar]:
    found = [catalogue.home, *catalogue.carrier_calendars.values()]
    for location in catalogue.locations.values():
        found += [*location.by_service.values(), *location.by_carrier.values()]
        found += filter(None, [location.otherwise])
    return {id(calendar): calendar for calendar in found}.values()


def _of_calendar(calendar: Calendar) -> _Faults:
    zone = calendar.time_zone
    in_order = all(before < after for before, after in pairwise(zone.changes))
    if not zone.changes or len(zone.changes) != len(zone.offsets) or not in_order:
        yield "the changes of a time zone are not in order, or not as many as its offsets"
    if any(abs(offset) > _MAX_OFFSET for offset in zone.offsets):
        yield "a time zone is more than two days from UTC"
    for hours in chain(*calendar.week, *calendar.exceptions.values()):
        times = (hours.cut_off, hours.collection)
        if not (all(0 <= time < DAY_SECONDS for time in times) and 0 <= hours.days_before <= _MAX_DAYS):
            yield "the times of a collection are not within a day"


def _of_service(service: Service) -> _Faults:
    if not service.legs:
        yield "has no legs"
    if not 0 <= (service.handling_days or 0) <= _MAX_DAYS:
        yield f"has {service.handling_days} handling days"
    if service.daily_limit is not None and service.daily_limit < 1:
        yield f"has the daily limit {service.daily_limit}"
    hours = (service.delivery.hours, *(exception.hours for exception in service.delivery.exceptions))
    for slot in chain.from_iterable(day for each in hours for day in each.week):
        if not 0 <= slot.begins <= slot.ends <= DAY_SECONDS:
            yield "delivers at times that are not within a day"
    weighing = service.weighing
    if any(step <= 0 for step in (*(width for _, width in weighing.steps), weighing.side_step) if step is not None):
        yield "rounds to steps that are not more than 0"
    yield from (
        f"has {fault}" for fault in _out_of_bounds([service.handicap, service.round_to, weighing.per_loading_metre])
    )
    if service.round_to is not None and service.round_to <= 0:
        yield "rounds totals to what is not more than 0"
    for rate in _all_rates(service):
        yield from _of_rate(rate)


def _of_surcharge(surcharge: Surcharge) -> _Faults:
    amounts = (surcharge.amount, surcharge.minimum, surcharge.maximum, surcharge.leaves)
    yield from (f"has {fault}" for fault in _out_of_bounds(amounts))
    if surcharge.units is not None and surcharge.units.unit <= 0:
        yield "has a unit that is not more than 0"


def _of_rate(rate: Rate) -> _Faults:
    if not rate.up_to or len(rate.up_to) != len(rate.prices):
        yield f"has a rate for {rate.zone!r} without as many prices as bands"
    if any(before >= after for before, after in pairwise(rate.up_to)):
        yield f"has a rate for {rate.zone!r} whose bands do not ascend"
    if rate.transit_days is not None and not 0 <= rate.transit_days <= _MAX_DAYS:
        yield f"has {rate.transit_days} transit days"
    if rate.above is not None and rate.above.step <= 0:
        yield f"has a rate for {rate.zone!r} with steps that are not more than 0"
    elif rate.above is not None and rate.up_to and _steps(rate.above, rate.up_to[-1]) > MAX_STEPS:
        yield f"has a rate for {rate.zone!r} with more than {MAX_STEPS:,} steps"
    above = () if rate.above is None else (rate.above.price,)
    amounts = (*rate.prices, *above, *rate.per_kg, *rate.further, *rate.least, *rate.most, rate.minimum)
    yield from (f"has {fault}" for fault in _out_of_bounds(amounts, Decimal(0)))


def _steps(above: AboveLastBand, last_end: Decimal) -> Decimal:
    """Return how many steps there are above the last band."""
    return (above.last_weight - last_end) / above.step
