"""Finds contradictions in the money of a written catalogue: exchange rates, taxes, surcharges and rates."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Final

from allocation.engine.place_keys import ANYWHERE
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.place_notation import PlacesClaim, places_claimed_twice, wrong_place, wrong_places
from cli.catalogue.written_catalogue import ExchangeRate, WrittenCatalogue
from cli.catalogue.written_conditions import wrong_thresholds
from cli.catalogue.written_service import Rate, Service

_Problems = Iterator[CatalogueProblem]

# The engine keeps the weight at which each step starts.
_MAX_STEPS: Final = 2_000


def find_price_contradictions(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what is wrong between the currencies, taxes, surcharges and rates of a well-formed catalogue."""
    yield from _exchange_rates(catalogue)
    yield from _currencies(catalogue)
    yield from _taxes(catalogue)
    yield from _surcharges(catalogue)
    for path, _, service in catalogue.all_services():
        yield from _service_surcharges(path, service, catalogue)
        yield from _rates(path, service, catalogue)


def _exchange_rates(catalogue: WrittenCatalogue) -> _Problems:
    sound: list[tuple[str, date, int, ExchangeRate]] = []
    for number, rate in enumerate(catalogue.exchange_rates):
        path = key_path("exchangeRates", number)
        if rate.rate == 0:
            yield CatalogueProblem(key_path(*path, "rate"), rate.rate, "write a rate above 0")
        if rate.currency == catalogue.currency:
            fix = "is the catalogue's own currency: remove the rate"
            yield CatalogueProblem(key_path(*path, "currency"), rate.currency, fix)
        if rate.to is not None and rate.to < rate.from_:
            fix = f"is before {rate.from_}, the rate's first day: change one of them"
            yield CatalogueProblem(key_path(*path, "to"), rate.to, fix)
        else:
            sound.append((rate.currency, rate.from_, number, rate))
    for (_, _, first, one), (_, begin, second, other) in pairwise(sorted(sound, key=lambda item: item[:3])):
        if one.currency == other.currency and (one.to is None or begin <= one.to):
            fix = f"is before rate {first} of {one.currency} ends: end that rate the day before"
            yield CatalogueProblem(key_path("exchangeRates", second, "from"), begin, fix)


def known_currencies(catalogue: WrittenCatalogue) -> set[str]:
    """Return the currencies that can be compared, on some days at least."""
    return {catalogue.currency, *(rate.currency for rate in catalogue.exchange_rates)}


def _currencies(catalogue: WrittenCatalogue) -> _Problems:
    known = known_currencies(catalogue)
    for path, _, service in catalogue.all_services():
        of_value = None if service.maximum_value is None else service.maximum_value[1]
        for field, currency in (("currency", service.currency), ("maximumValue", of_value)):
            if currency is not None and currency not in known:
                fix = f"can't be compared with {catalogue.currency}: add it to exchangeRates"
                yield CatalogueProblem(key_path(*path, field), currency, fix)


def _taxes(catalogue: WrittenCatalogue) -> _Problems:
    claims: list[PlacesClaim] = [
        (key_path("taxes", name, "destinations"), f"tax {name}", tax.destinations)
        for name, tax in catalogue.taxes.items()
    ]
    for path, _, places in claims:
        yield from wrong_places(path, places, catalogue.zones)
    yield from places_claimed_twice(claims, catalogue.zones, "a place has one tax")
    if not any(ANYWHERE in catalogue.zones.get(place, (place,)) for _, _, places in claims for place in places):
        fix = 'none covers "*": add one with destinations ["*"], if only with rate 0'
        yield CatalogueProblem(key_path("taxes"), None, fix)


def _surcharges(catalogue: WrittenCatalogue) -> _Problems:
    for name, surcharge in catalogue.surcharges.items():
        path = key_path("surcharges", name)
        yield from wrong_places(key_path(*path, "destinations"), surcharge.destinations or (), catalogue.zones)
        if surcharge.type == "Variable" and surcharge.per_package:
            fix = "does not go with Variable, which is a part of the whole rate: remove it"
            yield CatalogueProblem(key_path(*path, "perPackage"), None, fix)
        if surcharge.minimum is not None and surcharge.maximum is not None and surcharge.minimum > surcharge.maximum:
            fix = f"is greater than the maximum, {surcharge.maximum}: change one of them"
            yield CatalogueProblem(key_path(*path, "minimum"), surcharge.minimum, fix)
        if surcharge.from_ is not None and surcharge.to is not None and surcharge.from_ > surcharge.to:
            fix = f"is before {surcharge.from_}, the first day: change one of them"
            yield CatalogueProblem(key_path(*path, "to"), surcharge.to, fix)
        if surcharge.over is not None:
            yield from wrong_thresholds(key_path(*path, "over"), surcharge.over, known_currencies(catalogue))


def _service_surcharges(path: KeyPath, service: Service, catalogue: WrittenCatalogue) -> _Problems:
    for number, name in enumerate(service.surcharges):
        where = key_path(*path, "surcharges", number)
        yield from unknown_name(where, name, catalogue.surcharges, "surcharge")
        if name in service.surcharges[:number]:
            yield CatalogueProblem(where, name, "is listed twice and would be charged twice: keep one")


def _rates(path: KeyPath, service: Service, catalogue: WrittenCatalogue) -> _Problems:
    claims: list[PlacesClaim] = []
    for number, rate in enumerate(service.rates):
        where = key_path(*path, "rates", number)
        yield from wrong_place(key_path(*where, "zone"), rate.zone, catalogue.zones)
        yield from _bands(where, rate)
        yield from _steps(where, rate, service)
        claims.append((key_path(*where, "zone"), f"rate {number}", [rate.zone]))
    yield from places_claimed_twice(claims, catalogue.zones, "a place has one rate")


def _bands(path: KeyPath, rate: Rate) -> _Problems:
    for number, (one, other) in enumerate(pairwise(rate.bands), start=1):
        if one.up_to >= other.up_to:
            fix = f"comes after {one.up_to}: write the bands lightest first"
            yield CatalogueProblem(key_path(*path, "bands", number, "upTo"), other.up_to, fix)
    if rate.bands[0].up_to == 0:
        yield CatalogueProblem(key_path(*path, "bands", 0, "upTo"), 0, "write a weight above 0")


def _steps(path: KeyPath, rate: Rate, service: Service) -> _Problems:
    if rate.above is None:
        return
    step, last = rate.above.step, service.weight.to
    if step == 0:
        yield CatalogueProblem(key_path(*path, "above", "step"), step, "write a step above 0")
    elif last is None:
        fix = "needs an end: give the service a greatest weight, such as weight: 30 kg"
        yield CatalogueProblem(key_path(*path, "above"), None, fix)
    elif (last - rate.bands[-1].up_to) / step > _MAX_STEPS:
        fix = f"makes more than {_MAX_STEPS:,} steps: write a larger one"
        yield CatalogueProblem(key_path(*path, "above", "step"), step, fix)
