"""The plainest possible allocation: one service after another, by the words of the documentation.

It shares with the engine only the catalogue's data and the place keys of an address; no masks, no brackets, nothing
remembered. Prices are in `oracle_prices.py`, dates in `dates_oracle.py`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from allocation.domain.consignment import UNKNOWN_ADDRESS, Consignment, Package
from allocation.domain.contents import Content
from allocation.engine.conditions import Range
from allocation.engine.loaded_catalogue import Catalogue, Location, Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.measures import Measure
from allocation.engine.promises import Promise
from tests.properties.engine.dates_oracle import PlainDates, Way, plain_dates
from tests.properties.engine.oracle_prices import Lines, Sent, loading_metres, net_of, price, weighed
from tests.properties.engine.places_oracle import named_places, rate_of


def cheapest_by_search(catalogue: Catalogue, consignment: Consignment, now: datetime) -> tuple[str, Decimal] | None:
    """Return the winner's reference and cost, or None."""
    found = []
    for service in catalogue.services:
        offer = _offer(catalogue, service, consignment, now)
        if offer is not None:
            found.append(offer)
    return min(found)[-2:][::-1] if found else None  # type: ignore[return-value]


def failed_checks(catalogue: Catalogue, service: Service, consignment: Consignment, now: datetime) -> set[str]:
    """Return the codes of the checks that a service fails, one after another."""
    assert consignment.origin is not None
    assert consignment.destination is not None
    assert consignment.destination.country is not None
    location = catalogue.locations[consignment.origin.shipping_location_reference or ""]
    named = named_places(catalogue, consignment)
    origin, places = named.origin, named.destination
    day = date.fromordinal(catalogue.home.today(int(now.timestamp())))
    reached = not service.destinations.isdisjoint(places)
    rate = rate_of(service, named)
    calendar = (
        location.by_service.get(service.reference)
        or location.by_carrier.get(service.legs[0].carrier.reference)
        or location.otherwise
    )
    has_dates = rate is not None and calendar is not None
    dates = _dates(catalogue, service, rate, places, consignment, now) if rate and calendar else None
    late = has_dates and not (dates and service.validity.covers(date.fromordinal(dates.collection_day)))
    held = date.fromordinal(dates.collection_day) if dates else day
    priced = price(_sent(catalogue, service, consignment, dates, day))
    checks = {
        "ServiceDisabled": not service.enabled,
        "DirectionNotServed": service.direction is not consignment.direction,
        "TagsNotAllowed": not consignment.tags <= service.tags,
        "OriginNotServed": not _collects(service, location, origin),
        "DestinationNotServed": not reached,
        "CountryExcluded": not service.excluded.isdisjoint(set(places) - named.parts),
        "PostcodeExcluded": not service.excluded.isdisjoint(named.parts),
        **_flags(catalogue, service, consignment),
        "CollectionNotConfigured": calendar is None,
        **_limits(catalogue, service, consignment, held),
        "DatesNotMet": late,
        "PriceNotConfigured": reached and priced == "PriceNotConfigured",
        "CurrencyNotComparable": (reached and priced == "CurrencyNotComparable")
        or not _values_are_comparable(catalogue, service, consignment, held),
    }
    return {code for code, failed in checks.items() if failed}


def _offer(
    catalogue: Catalogue, service: Service, consignment: Consignment, now: datetime
) -> tuple[object, ...] | None:
    assert consignment.origin is not None
    assert consignment.destination is not None
    assert consignment.destination.country is not None
    location = catalogue.locations[consignment.origin.shipping_location_reference or ""]
    named = named_places(catalogue, consignment)
    origin, places = named.origin, named.destination
    day = catalogue.home.today(int(now.timestamp()))
    if not _collects(service, location, origin) or service.destinations.isdisjoint(places):
        return None
    if not service.excluded.isdisjoint(places):
        return None
    rate = rate_of(service, named)
    calendar = (
        location.by_service.get(service.reference)
        or location.by_carrier.get(service.legs[0].carrier.reference)
        or location.otherwise
    )
    if rate is None or calendar is None:
        return None
    dates = _dates(catalogue, service, rate, places, consignment, now)
    cost = _cost(_sent(catalogue, service, consignment, dates, date.fromordinal(day)))
    held = date.fromordinal(dates.collection_day if dates else day)
    if not _takes(catalogue, service, consignment, held):
        return None
    if dates is None or cost is None or not service.validity.covers(date.fromordinal(dates.collection_day)):
        return None
    return (cost, dates.collected_at, dates.delivery_day, dates.window[1], service.reference, cost, service.reference)


def _collects(service: Service, location: Location, origin: Sequence[str]) -> bool:
    return not service.origins.isdisjoint(origin) and (
        service.locations is None or location.reference in service.locations
    )


def _takes(catalogue: Catalogue, service: Service, consignment: Consignment, day: date) -> bool:
    return (
        service.enabled
        and service.direction is consignment.direction
        and consignment.tags <= service.tags
        and not any(_flags(catalogue, service, consignment).values())
        and not any(_limits(catalogue, service, consignment, day).values())
        and _values_are_comparable(catalogue, service, consignment, day)
    )


def _flags(catalogue: Catalogue, service: Service, consignment: Consignment) -> dict[str, bool]:
    """Return the codes of the rules on flags, and whether the service refuses. No catalogue here guesses."""
    assert consignment.destination is not None
    flags = consignment.destination.flags
    asked = any(item.contents or item.excluded_contents for item in catalogue.services)
    items = [item for package in consignment.packages for item in package.contents]
    return {
        "ContentNotCarried": asked and not all(_carries(service, item) for item in items),
        # None of the consignments goes to a pickup location.
        "PickupLocationNotServed": service.pickup_only,
        "PoBoxNotServed": flags.po_box is True and not service.po_boxes,
        "ResidentialNotServed": flags.residential is True and service.residential == "never",
        "BusinessNotServed": flags.residential is False and service.residential == "only",
    }


def _carries(service: Service, item: frozenset[Content]) -> bool:
    """Tell whether a service carries an item: never what it excludes, and what is controlled only if it says so."""
    classes = {Content.DANGEROUS, Content.RESTRICTED, Content.UNKNOWN}
    details = item - classes - {Content.LIQUID}
    if item & service.excluded_contents:
        return False
    listed = item & classes <= service.contents
    detailed = bool(details) and details <= service.contents and Content.UNKNOWN not in item
    return listed or detailed


def _limits(catalogue: Catalogue, service: Service, consignment: Consignment, day: date) -> dict[str, bool]:
    """Return the codes of all rules on limits, and whether a limit is broken."""
    packages = consignment.packages
    boxes = [sorted(_sides(package), reverse=True) for package in packages]
    weights = [package.weight_kg for package in packages]
    volumes = [length * width * height for length, width, height in boxes]
    sent = _sent(catalogue, service, consignment, None, day)
    values: dict[Measure, list[Decimal]] = {
        Measure.WEIGHT: weights,
        Measure.LENGTH: [length for length, _, _ in boxes],
        Measure.WIDTH: [width for _, width, _ in boxes],
        Measure.HEIGHT: [height for _, _, height in boxes],
        Measure.GIRTH: [2 * width + 2 * height for _, width, height in boxes],
        Measure.LENGTH_PLUS_GIRTH: [length + 2 * width + 2 * height for length, width, height in boxes],
        Measure.LENGTH_PLUS_HEIGHT: [length + height for length, _, height in boxes],
        Measure.SIDES_TOTAL: [length + width + height for length, width, height in boxes],
        Measure.LENGTH_TO_WIDTH: [length / width for length, width, _ in boxes],
        Measure.VOLUME: volumes,
        Measure.LOADING_METRES: list(map(loading_metres, packages)),
        Measure.CHARGEABLE_WEIGHT: weighed(sent, (), singly=True),
        Measure.PACKAGES: [Decimal(len(packages))],
        Measure.TOTAL_WEIGHT: [sum(weights, Decimal(0))],
        Measure.TOTAL_VOLUME: [sum(volumes, Decimal(0))],
        Measure.TOTAL_LOADING_METRES: [loading_metres(*packages)],
        Measure.TOTAL_CHARGEABLE_WEIGHT: [sum(weighed(sent, ()), Decimal(0))],
    }
    broken = {
        _CODES[measure]: not all(_within(service.limits.get(measure, Range()), value) for value in found)
        for measure, found in values.items()
    }
    each = service.limits.get(Measure.VALUE, Range())
    whole = service.limits.get(Measure.TOTAL_VALUE, Range())
    singly = [_worth(catalogue, [package], each, day) for package in packages]
    total = _worth(catalogue, packages, whole, day)
    return broken | {
        "PackageValueOutOfRange": None not in singly and not all(_within(each, value or Decimal()) for value in singly),
        "ValueTooHigh": total is not None and whole.maximum is not None and total > whole.maximum,
        "ValueTooLow": total is not None and whole.minimum is not None and total < whole.minimum,
    }


_CODES = {
    Measure.WEIGHT: "WeightOutOfRange",
    Measure.LENGTH: "LengthOutOfRange",
    Measure.WIDTH: "WidthOutOfRange",
    Measure.HEIGHT: "HeightOutOfRange",
    Measure.GIRTH: "GirthOutOfRange",
    Measure.LENGTH_PLUS_GIRTH: "LengthPlusGirthOutOfRange",
    Measure.LENGTH_PLUS_HEIGHT: "LengthPlusHeightOutOfRange",
    Measure.SIDES_TOTAL: "SidesTotalOutOfRange",
    Measure.LENGTH_TO_WIDTH: "LengthToWidthOutOfRange",
    Measure.VOLUME: "VolumeOutOfRange",
    Measure.LOADING_METRES: "LoadingMetresOutOfRange",
    Measure.TOTAL_LOADING_METRES: "ConsignmentLoadingMetresOutOfRange",
    Measure.CHARGEABLE_WEIGHT: "ChargeableWeightOutOfRange",
    Measure.PACKAGES: "PackageCountOutOfRange",
    Measure.TOTAL_WEIGHT: "ConsignmentWeightOutOfRange",
    Measure.TOTAL_VOLUME: "ConsignmentVolumeOutOfRange",
    Measure.TOTAL_CHARGEABLE_WEIGHT: "ConsignmentChargeableWeightOutOfRange",
}


def _sides(package: Package) -> tuple[Decimal, Decimal, Decimal]:
    assert package.dimensions is not None
    return package.dimensions.length_cm, package.dimensions.width_cm, package.dimensions.height_cm


def _within(bounds: Range, value: Decimal) -> bool:
    return (bounds.minimum is None or bounds.minimum <= value) and (bounds.maximum is None or value <= bounds.maximum)


def _values_are_comparable(catalogue: Catalogue, service: Service, consignment: Consignment, day: date) -> bool:
    limits = [service.limits[measure] for measure in (Measure.VALUE, Measure.TOTAL_VALUE) if measure in service.limits]
    return all(_worth(catalogue, consignment.packages, limit, day) is not None for limit in limits)


def _worth(catalogue: Catalogue, packages: Sequence[Package], limit: Range, day: date) -> Decimal | None:
    """Return what packages are worth in the currency of a limit; None without an exchange rate."""
    values = [package.value for package in packages if package.value and package.value.amount]
    if {value.currency for value in values} <= {limit.currency}:
        return sum((value.amount for value in values), Decimal(0))
    if limit.currency is None:
        return Decimal(0)
    own = _exchange(catalogue, limit.currency, day)
    rates = [_exchange(catalogue, value.currency, day) for value in values]
    if own is None or None in rates:
        return None
    return sum((value.amount * (rate or 0) for value, rate in zip(values, rates, strict=True)), Decimal(0)) / own


def _exchange(catalogue: Catalogue, currency: str, day: date) -> Decimal | None:
    if currency == catalogue.currency:
        return Decimal(1)
    return next(
        (rate.rate for rate in catalogue.exchange_rates if rate.currency == currency and rate.validity.covers(day)),
        None,
    )


def _dates(
    catalogue: Catalogue, service: Service, rate: Rate, places: tuple[str, ...], consignment: Consignment, now: datetime
) -> PlainDates | None:
    assert consignment.origin is not None
    location = catalogue.locations[consignment.origin.shipping_location_reference or ""]
    origin = named_places(catalogue, consignment).origin
    requested = consignment.requested_delivery
    promise = Promise(None, requested.on.toordinal() if requested else None, bool(requested and requested.exactly))
    moment = int(now.timestamp()) + (now.microsecond > 0)
    return plain_dates(Way(catalogue, service, rate, location, origin, places), promise, moment)


def _sent(
    catalogue: Catalogue, service: Service, consignment: Consignment, dates: PlainDates | None, today: date
) -> Sent:
    named = named_places(catalogue, consignment)
    return Sent(
        catalogue,
        service,
        consignment.packages,
        named.origin,
        named.destination,
        date.fromordinal(dates.collection_day) if dates else today,
        (dates.delivery_day - 1) % 7 if dates else None,
        consignment.tags,
        consignment.destination.flags if consignment.destination else UNKNOWN_ADDRESS,
    )


def _cost(sent: Sent) -> Decimal | None:
    lines = price(sent)
    factor = _exchange(sent.catalogue, sent.service.currency, sent.day)
    if isinstance(lines, str) or factor is None:
        return None
    return net_of(sent, lines, _tax_rate(sent)) * factor


def _tax_rate(sent: Sent) -> Decimal:
    """Return the rate of the tax of the most specific place."""
    found = (tax.rate for place in sent.places for tax in sent.catalogue.taxes if place in tax.places)
    return next(found)


def priced_by_search(
    catalogue: Catalogue, service: Service, consignment: Consignment, now: datetime
) -> tuple[Lines, Decimal] | None:
    """Return the lines of a service's price as the catalogue has them, and its net price in its own currency."""
    named = named_places(catalogue, consignment)
    rate = rate_of(service, named)
    day = date.fromordinal(catalogue.home.today(int(now.timestamp())))
    assert consignment.origin is not None
    location = catalogue.locations[consignment.origin.shipping_location_reference or ""]
    dates = _dates(catalogue, service, rate, named.destination, consignment, now) if rate and location else None
    sent = _sent(catalogue, service, consignment, dates, day)
    lines = price(sent)
    return None if isinstance(lines, str) else (lines, net_of(sent, lines, _tax_rate(sent)))
