"""Finds contradictions in the money of a written catalogue: exchange rates, taxes, surcharges and rates."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise

from allocation.domain.currencies import minor_unit
from allocation.engine.place_keys import ANYWHERE
from allocation.engine.pricing import ROUNDING
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.place_consistency import PlacesClaim, places_claimed_twice, wrong_places
from cli.catalogue.rate_consistency import find_rate_contradictions
from cli.catalogue.surcharge_consistency import find_surcharge_contradictions
from cli.catalogue.written_catalogue import ExchangeRate, WrittenCatalogue
from cli.catalogue.written_service import Service

_Problems = Iterator[CatalogueProblem]


def find_price_contradictions(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what is wrong between the currencies, taxes, surcharges and rates of a well-formed catalogue."""
    yield from _exchange_rates(catalogue)
    yield from _currencies(catalogue)
    yield from _taxes(catalogue)
    currencies = known_currencies(catalogue)
    yield from find_surcharge_contradictions(catalogue, currencies)
    for path, _, service in catalogue.all_services():
        yield from _service_surcharges(path, service, catalogue)
        if service.round_to is not None and (service.round_to == 0 or service.round_to % _unit(service, catalogue)):
            fix = f"is no multiple of {_unit(service, catalogue)}, the smallest amount: write one such as 0.05"
            yield CatalogueProblem(key_path(*path, "roundTo"), service.round_to, fix)
        if ROUNDING in service.surcharges:
            fix = "is the name of the line that rounds a total: give the surcharge another name"
            yield CatalogueProblem(key_path(*path, "surcharges"), ROUNDING, fix)
        yield from find_rate_contradictions(path, service, catalogue, currencies)


def _unit(service: Service, catalogue: WrittenCatalogue) -> Decimal:
    return minor_unit(service.currency or catalogue.currency)


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
    for name, tax in catalogue.taxes.items():
        if tax.rate > 1:
            fix = f"is more than 100%: write {tax.rate / 100:f} for {tax.rate}%"
            yield CatalogueProblem(key_path("taxes", name, "rate"), tax.rate, fix)
    for path, _, places in claims:
        yield from wrong_places(path, places, catalogue.zones)
    yield from places_claimed_twice(claims, catalogue.zones, "a place has one tax")
    if not any(ANYWHERE in catalogue.zones.get(place, (place,)) for _, _, places in claims for place in places):
        fix = 'none covers "*": add one with destinations ["*"], if only with rate 0'
        yield CatalogueProblem(key_path("taxes"), None, fix)


def _service_surcharges(path: KeyPath, service: Service, catalogue: WrittenCatalogue) -> _Problems:
    for number, name in enumerate(service.surcharges):
        where = key_path(*path, "surcharges", number)
        yield from unknown_name(where, name, catalogue.surcharges, "surcharge")
        if name in service.surcharges[:number]:
            yield CatalogueProblem(where, name, "is listed twice and would be charged twice: keep one")
