"""Finds what is wrong between the parts of a catalogue: names that lead nowhere, bands out of order, missing rates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, pairwise

from allocation.engine.places import ANYWHERE, UnknownPlaceError, place_keys
from cli.catalogue.document import (
    Calendar,
    CatalogueDocument,
    ExchangeRate,
    Over,
    Rate,
    Service,
    SizeRange,
    WeightRange,
)
from cli.catalogue.places import PlaceError, check_country, place_to_keys, resolve
from cli.catalogue.problems import Problem, path_of, suggestion

Problems = Iterator[Problem]


def find_problems(document: CatalogueDocument) -> list[Problem]:
    """Everything that keeps a well-formed document from being compiled."""
    finders: Sequence[Callable[[CatalogueDocument], Problems]] = (
        _zones,
        _years,
        _money,
        _surcharges,
        _holidays,
        _calendars,
        _locations,
        _carriers,
        _groups,
    )
    return list(chain.from_iterable(finder(document) for finder in finders))


def services(document: CatalogueDocument) -> Iterator[tuple[str, str, Service]]:
    """Each service with its path and reference."""
    for carrier, item in document.carriers.items():
        for reference, service in item.services.items():
            yield path_of("carriers", carrier, "services", reference), reference, service


def _unknown(path: str, name: str | None, known: Iterable[str], kind: str) -> Problems:
    names = list(known)
    if name is not None and name not in names:
        yield Problem(path, name, f"is no {kind} of this catalogue: {suggestion(name, names)}")


def _places(path: str, places: Iterable[str], zones: Mapping[str, Sequence[str]]) -> Problems:
    for number, place in enumerate(places):
        if place not in zones:
            try:
                place_to_keys(place)
            except PlaceError as error:
                yield Problem(path_of(path, number), place, f"{error}; zones: {suggestion(place, zones)}")


def _range(path: str, bounds: WeightRange | SizeRange) -> Problems:
    if bounds.from_ is not None and bounds.to is not None and bounds.from_ > bounds.to:
        yield Problem(path, None, f"goes from {bounds.from_} to {bounds.to}: write the smaller one first")


def _zones(document: CatalogueDocument) -> Problems:
    for name, places in document.zones.items():
        for number, place in enumerate(places):
            try:
                place_to_keys(place)
            except PlaceError as error:
                fix = "write a place; zones can't contain zones" if place in document.zones else str(error)
                yield Problem(path_of("zones", name, number), place, fix)


def _same_place_twice(
    claims: Iterable[tuple[str, str, Sequence[str]]], zones: Mapping[str, Sequence[str]], fix: str
) -> Problems:
    """Places that two of the claims (path, name, places) have in common: the later one would win without a word."""
    seen: dict[str, str] = {}
    for path, name, places in claims:
        try:
            keys = sorted(resolve(places, zones))
        except PlaceError:  # told where the place is written
            continue
        for key in keys:
            if seen.setdefault(key, name) != name:
                yield Problem(path, ", ".join(places), f"has {key} in common with {seen[key]}: {fix}")
                break


def _years(document: CatalogueDocument) -> Problems:
    if document.years.first > document.years.last:
        yield Problem("years", None, "the last year lies before the first: change one")
    elif document.years.last - document.years.first > 50:
        yield Problem("years", None, "covers more than 50 years: take fewer")


def _money(document: CatalogueDocument) -> Problems:
    known = {document.currency, *(rate.currency for rate in document.exchange_rates)}
    yield from _exchange_rates(document)
    for path, _, service in services(document):
        for field, currency in (
            ("currency", service.currency),
            ("maximumValue", (service.maximum_value or (0, None))[1]),
        ):
            if currency is not None and currency not in known:
                fix = f"can't be compared with {document.currency}: add it to exchangeRates"
                yield Problem(path_of(path, field), currency, fix)
    yield from _taxes(document)


def _exchange_rates(document: CatalogueDocument) -> Problems:
    sound: list[tuple[str, date, int, ExchangeRate]] = []
    for number, rate in enumerate(document.exchange_rates):
        path = path_of("exchangeRates", number)
        if rate.rate == 0:
            yield Problem(path_of(path, "rate"), rate.rate, "write a rate above 0")
        if rate.currency == document.currency:
            yield Problem(path_of(path, "currency"), rate.currency, "is the catalogue's own currency: remove the rate")
        if rate.to is not None and rate.to < rate.from_:
            yield Problem(path_of(path, "to"), rate.to, f"lies before {rate.from_}, its from: change one")
        else:
            sound.append((rate.currency, rate.from_, number, rate))
    for (_, _, first, one), (_, begin, second, other) in pairwise(sorted(sound, key=lambda item: item[:3])):
        if one.currency == other.currency and (one.to is None or begin <= one.to):
            fix = f"begins before rate {first} of {one.currency} has ended: end that one the day before"
            yield Problem(path_of("exchangeRates", second, "from"), begin, fix)


def _taxes(document: CatalogueDocument) -> Problems:
    for name, tax in document.taxes.items():
        yield from _places(path_of("taxes", name, "destinations"), tax.destinations, document.zones)
    claims = [
        (path_of("taxes", name, "destinations"), f"tax {name}", tax.destinations)
        for name, tax in document.taxes.items()
    ]
    yield from _same_place_twice(claims, document.zones, "a place has one tax")
    if not any(
        ANYWHERE in document.zones.get(place, (place,)) for tax in document.taxes.values() for place in tax.destinations
    ):
        yield Problem("taxes", None, 'none covers "*": add one with destinations ["*"], if only of rate 0')


def _surcharges(document: CatalogueDocument) -> Problems:
    for name, surcharge in document.surcharges.items():
        path = path_of("surcharges", name)
        yield from _places(path_of(path, "destinations"), surcharge.destinations or (), document.zones)
        if surcharge.type == "Variable" and surcharge.per_package:
            yield Problem(
                path_of(path, "perPackage"), None, "a Variable surcharge is part of the whole rate: remove it"
            )
        if surcharge.minimum is not None and surcharge.maximum is not None and surcharge.minimum > surcharge.maximum:
            yield Problem(path, None, "the minimum is greater than the maximum: change one")
        if surcharge.from_ is not None and surcharge.to is not None and surcharge.from_ > surcharge.to:
            yield Problem(path, None, "ends before it begins: change from or to")
        if surcharge.over is not None and len(measures(surcharge.over)) != 1:
            yield Problem(
                path_of(path, "over"), None, "name one of weight, length and girth; make two surcharges for two"
            )


def measures(over: Over) -> list[str]:
    """The measures that a condition names."""
    return [name for name in ("weight", "length", "girth") if getattr(over, name) is not None]


def _holidays(document: CatalogueDocument) -> Problems:
    from holidays.utils import list_supported_countries

    supported = list_supported_countries()
    for name, holidays in document.holidays.items():
        path = path_of("holidays", name)
        if holidays.country not in supported:
            yield Problem(
                path_of(path, "country"), holidays.country, "is not known: leave country and use `add`, or drop it"
            )
        elif holidays.subdivision is not None:
            known = supported[holidays.country]
            yield from _unknown(path_of(path, "subdivision"), holidays.subdivision, known, "subdivision")
    for number, item in enumerate(document.delivery_holidays):
        path = path_of("deliveryHolidays", number)
        yield from _places(path_of(path, "destinations"), item.destinations, document.zones)
        yield from _unknown(path_of(path, "holidays"), item.holidays, document.holidays, "holidays")
    claims = [
        (path_of("deliveryHolidays", number, "destinations"), f"item {number}", item.destinations)
        for number, item in enumerate(document.delivery_holidays)
    ]
    yield from _same_place_twice(claims, document.zones, "a place has the holidays of one item")


def _calendars(document: CatalogueDocument) -> Problems:
    for name, calendar in document.calendars.items():
        path = path_of("calendars", name)
        yield from _unknown(path_of(path, "holidays"), calendar.holidays, document.holidays, "holidays")
        yield from _hours(path, calendar)


def _hours(path: str, calendar: Calendar) -> Problems:
    days = [day for hours in calendar.collections for day in hours.days]
    for day in sorted({day for day in days if days.count(day) > 1}):
        yield Problem(path_of(path, "collections"), day, "is there twice: a day has one collection")
    exceptions = ((path_of("exceptions", day), item) for day, item in calendar.exceptions.items() if item != "closed")
    weekly = ((path_of("collections", number), item) for number, item in enumerate(calendar.collections))
    for where, hours in chain(weekly, exceptions):
        if hours.collection < hours.cut_off:
            yield Problem(path_of(path, where), None, "the collection leaves before its cut-off: change one")


def _locations(document: CatalogueDocument) -> Problems:
    references = {reference for _, reference, _ in services(document)}
    for name, location in document.locations.items():
        path, collections = path_of("locations", name), location.collections
        try:
            check_country(location.country)
        except PlaceError as error:
            yield Problem(path_of(path, "country"), location.country, str(error))
        try:
            place_keys(location.country, location.postcode)
        except UnknownPlaceError as error:
            yield Problem(path_of(path, "postcode"), location.postcode, str(error))
        for kind, items, known in (
            ("carriers", collections.carriers, document.carriers),
            ("services", collections.services, references),
        ):
            for key, calendar in items.items():
                where = path_of(path, "collections", kind, key)
                yield from _unknown(where, key, known, kind[:-1])
                yield from _unknown(where, calendar, document.calendars, "calendar")
        yield from _unknown(
            path_of(path, "collections", "default"), collections.default, document.calendars, "calendar"
        )


def _carriers(document: CatalogueDocument) -> Problems:
    for name, carrier in document.carriers.items():
        yield from _unknown(path_of("carriers", name, "calendar"), carrier.calendar, document.calendars, "calendar")
    seen: dict[str, str] = {}
    for path, reference, service in services(document):
        if reference in seen:
            yield Problem(path, None, f"is at {seen[reference]} too: give one of them another reference")
        seen.setdefault(reference, path)
        yield from _service(path, service, document)


def _service(path: str, service: Service, document: CatalogueDocument) -> Problems:
    for number, leg in enumerate(service.legs or ()):
        yield from _unknown(path_of(path, "legs", number, "carrier"), leg.carrier, document.carriers, "carrier")
    for location in service.locations or ():
        yield from _unknown(path_of(path, "locations"), location, document.locations, "location")
    for name in service.surcharges:
        yield from _unknown(path_of(path, "surcharges"), name, document.surcharges, "surcharge")
    for name in sorted({name for name in service.surcharges if service.surcharges.count(name) > 1}):
        yield Problem(path_of(path, "surcharges"), name, "is there twice and would be charged twice: keep one")
    for field in ("origins", "destinations", "excluded"):
        yield from _places(path_of(path, field), getattr(service, field), document.zones)
    for field in ("weight", "length", "girth"):
        yield from _range(path_of(path, field), getattr(service, field))
    if service.divisor == 0:
        yield Problem(path_of(path, "divisor"), 0, "write a number above 0, or leave it out")
    if service.delivery.window[0] > service.delivery.window[1]:
        yield Problem(path_of(path, "delivery", "window"), None, "ends before it begins: change one")
    for number, rate in enumerate(service.rates):
        yield from _places(path_of(path, "rates", number, "zone"), [rate.zone], document.zones)
        yield from _rate(path_of(path, "rates", number), rate, service)
    claims = [
        (path_of(path, "rates", number, "zone"), f"rate {number}", [rate.zone])
        for number, rate in enumerate(service.rates)
    ]
    yield from _same_place_twice(claims, document.zones, "a place has one rate")


def _rate(path: str, rate: Rate, service: Service) -> Problems:
    for one, other in pairwise(rate.bands):
        if one.up_to >= other.up_to:
            yield Problem(
                path_of(path, "bands"), other.up_to, f"comes after {one.up_to}: write the bands lightest first"
            )
    if rate.bands[0].up_to == 0:
        yield Problem(path_of(path, "bands", 0, "upTo"), 0, "write a weight above 0")
    if rate.above is None:
        return
    if service.weight.to is None:
        yield Problem(path_of(path, "above"), None, "needs an end: give the service a greatest weight")
    elif rate.above.step == 0 or (service.weight.to - rate.bands[-1].up_to) / rate.above.step > 2_000:
        yield Problem(path_of(path, "above", "step"), rate.above.step, "makes more than 2,000 steps: take a larger one")


def _groups(document: CatalogueDocument) -> Problems:
    known = {reference for _, reference, _ in services(document)}
    for group, members in document.groups.items():
        for number, member in enumerate(members):
            yield from _unknown(path_of("groups", group, number), member, known, "carrier service")
