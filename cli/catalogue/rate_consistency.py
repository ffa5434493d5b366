"""Finds contradictions in the rates of a written catalogue: places, days, bands and steps."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.engine.catalogue_integrity import MAX_STEPS
from allocation.engine.loaded_prices import Divisor
from allocation.engine.measures import Measure
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.place_consistency import PlacesClaim, places_claimed_twice_from, wrong_origin, wrong_place
from cli.catalogue.quantity_types import Quantity
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_conditions import Condition, Over, wrong_ranges, wrong_thresholds
from cli.catalogue.written_prices import Band, LeastWeight, Rate, measure_by
from cli.catalogue.written_service import Service

_Problems = Iterator[CatalogueProblem]

_EXAMPLES: Final = {"Kg": "30 kg", "Cm": "120 cm", "cm3": "20 l", "ldm": "2.4 ldm", "packages": "3"}
_ONE_RATE: Final = "a place has one rate"
_CHARGEABLE: Final = (Measure.CHARGEABLE_WEIGHT, Measure.TOTAL_CHARGEABLE_WEIGHT)
# The limits of a whole consignment, where that has one price, before those of its packages.
_TOTALS: Final = {
    Measure.CHARGEABLE_WEIGHT: Measure.TOTAL_WEIGHT,
    Measure.WEIGHT: Measure.TOTAL_WEIGHT,
    Measure.VOLUME: Measure.TOTAL_VOLUME,
    Measure.LOADING_METRES: Measure.TOTAL_LOADING_METRES,
    Measure.VALUE: Measure.TOTAL_VALUE,
}
_NOT_TO_WEIGH_BY: Final = frozenset(
    {Measure.CHARGEABLE_WEIGHT, Measure.TOTAL_CHARGEABLE_WEIGHT, Measure.VALUE, Measure.TOTAL_VALUE}
)


def find_rate_contradictions(
    path: KeyPath, service: Service, catalogue: WrittenCatalogue, currencies: set[str]
) -> _Problems:
    """Yield what is wrong with the rates and the chargeable weight of a service."""
    yield from _weighing(path, service, currencies)
    yield from wrong_days(path, service.from_, service.to)
    for number, rate in enumerate(service.rates):
        where = key_path(*path, "rates", number)
        yield from wrong_place(key_path(*where, "zone"), rate.zone, catalogue.zones)
        if rate.origin is not None:
            yield from wrong_origin(key_path(*where, "origin"), rate.origin, catalogue.zones)
        yield from wrong_days(where, rate.from_, rate.to)
        if rate.when is not None:
            yield from wrong_ranges(key_path(*where, "when"), rate.when, currencies)
        yield from _wrong_divisor(where, rate.divisor)
        units = list(_wrong_units(where, rate, service.currency or catalogue.currency))
        yield from units or _bands(where, rate, service)
    yield from _shared_places(path, service, catalogue)


def _wrong_divisor(path: KeyPath, divisor: Divisor | None) -> _Problems:
    if divisor is not None and 0 in (divisor.space, divisor.mass):
        yield CatalogueProblem(key_path(*path, "divisor"), 0, "write a number above 0, or leave it out")


def wrong_days(path: KeyPath, first: date | None, last: date | None) -> _Problems:
    """Yield that a validity ends before it begins."""
    if first is not None and last is not None and first > last:
        yield CatalogueProblem(key_path(*path, "to"), last, f"is before {first}, the first day: change one of them")


def _weighing(path: KeyPath, service: Service, currencies: set[str]) -> _Problems:
    weighing, where = service.chargeable_weight, key_path(*path, "chargeableWeight")
    if weighing.divisor is not None and service.divisor is not None:
        yield CatalogueProblem(key_path(*path, "divisor"), None, "is in chargeableWeight, too: keep one")
    for place, divisor in ((path, service.divisor), (where, weighing.divisor)):
        yield from _wrong_divisor(place, divisor)
    if weighing.per == "consignment" and service.price_per == "package":
        fix = "does not go with pricePer: package, which needs a weight for each package: write package"
        yield CatalogueProblem(key_path(*where, "per"), weighing.per, fix)
    previous: Decimal | None = Decimal(0)
    for number, item in enumerate(weighing.round_up_to):
        step = key_path(*where, "roundUpTo", number)
        if item.step == 0:
            yield CatalogueProblem(key_path(*step, "step"), 0, "write a step above 0")
        if previous is None or (item.up_to is not None and item.up_to <= previous):
            yield CatalogueProblem(step, None, "comes after a step without an end, or with a later one: sort them")
        previous = item.up_to
    if weighing.volumetric_when is not None:
        yield from wrong_ranges(key_path(*where, "volumetricWhen"), weighing.volumetric_when, currencies)
        yield from _not_to_weigh_by(key_path(*where, "volumetricWhen"), weighing.volumetric_when)
    if weighing.round_sides == 0:
        yield CatalogueProblem(key_path(*where, "roundSides"), 0, "write a step above 0")
    for number, least in enumerate(weighing.least):
        yield from _least(key_path(*where, "least", number), least, currencies)


def _least(path: KeyPath, least: LeastWeight, currencies: set[str]) -> _Problems:
    if least.over is None and least.when is None:
        yield CatalogueProblem(path, None, "is for every package: add over or when, or write minimum")
    if least.over is not None:
        yield from wrong_thresholds(key_path(*path, "over"), least.over, currencies)
        yield from _not_to_weigh_by(key_path(*path, "over"), least.over)
    if least.when is not None:
        yield from wrong_ranges(key_path(*path, "when"), least.when, currencies)
        yield from _not_to_weigh_by(key_path(*path, "when"), least.when)


def _not_to_weigh_by(path: KeyPath, condition: Condition | Over) -> _Problems:
    for measure in sorted(condition.ranges.keys() & _NOT_TO_WEIGH_BY):
        fix = f"{measure} can't decide about the weight: write a condition on weight or size"
        yield CatalogueProblem(path, None, fix)


def _wrong_units(path: KeyPath, rate: Rate, currency: str) -> _Problems:
    """Yield the quantities that are not in the unit of what the bands are read by."""
    unit = measure_by(rate.by).unit or currency
    quantities: list[tuple[KeyPath, Quantity | None]] = []
    for number, band in enumerate(rate.bands):
        where = key_path(*path, "bands", number)
        quantities += [(key_path(*where, "from"), band.from_), (key_path(*where, "upTo"), band.up_to)]
    if rate.above is not None:
        quantities.append((key_path(*path, "above", "step"), rate.above.step))
    for where, quantity in quantities:
        if quantity is not None and quantity.kind not in {"", unit}:
            example = _EXAMPLES.get(unit, f"500 {currency}")
            fix = f"is in {quantity.kind}, and the bands are read by {rate.by}: write {example}"
            yield CatalogueProblem(where, quantity.amount, fix)


def _bands(path: KeyPath, rate: Rate, service: Service) -> _Problems:
    previous: Decimal | None = Decimal(0)
    for number, band in enumerate(rate.bands):
        where = key_path(*path, "bands", number)
        begin, end = band.from_ and band.from_.amount, band.up_to and band.up_to.amount
        if previous is None:
            yield CatalogueProblem(where, None, "comes after a band without an end: write its upTo")
        elif end is not None and end <= previous:
            fix = "write a weight above 0" if number == 0 else f"comes after {previous}: write the bands lightest first"
            yield CatalogueProblem(key_path(*where, "upTo"), end, fix)
        elif begin is not None and begin < previous:
            fix = f"is below {previous}, where the band before ends: write that or more"
            yield CatalogueProblem(key_path(*where, "from"), begin, fix)
        elif begin is not None and end is not None and begin > end:
            yield CatalogueProblem(key_path(*where, "from"), begin, f"is above {end}, the band's end: write less")
        yield from _prices(where, band, service)
        previous = end
    yield from _steps(path, rate, service)


def _prices(path: KeyPath, band: Band, service: Service) -> _Problems:
    if band.price is None and band.per_kg is None and band.per_100_kg is None:
        yield CatalogueProblem(key_path(*path, "price"), None, "is missing: add it, or perKg")
    if band.per_kg is not None and band.per_100_kg is not None:
        yield CatalogueProblem(key_path(*path, "per100Kg"), band.per_100_kg, "is given with perKg, too: keep one")
    least, most = band.minimum, band.maximum
    if (least or most) is not None and band.per_kg is None and band.per_100_kg is None:
        yield CatalogueProblem(path, None, "has bounds of a price per Kg and no such price: add perKg or per100Kg")
    if least is not None and most is not None and least > most:
        fix = f"is more than the maximum, {most}: write the smaller one here"
        yield CatalogueProblem(key_path(*path, "minimum"), least, fix)
    if band.further_package is not None and service.price_per != "package":
        fix = "needs a price for each package: write pricePer: package for the service"
        yield CatalogueProblem(key_path(*path, "furtherPackage"), band.further_package, fix)


def _steps(path: KeyPath, rate: Rate, service: Service) -> _Problems:
    if rate.above is None:
        return
    step, end = rate.above.step.amount, rate.bands[-1].up_to
    last = last_of_steps(rate, service)
    if step == 0:
        yield CatalogueProblem(key_path(*path, "above", "step"), step, "write a step above 0")
    elif end is None:
        yield CatalogueProblem(key_path(*path, "above"), None, "follows a band without an end: write its upTo")
    elif last is None:
        limit = "weight: 30 kg" if measure_by(rate.by).unit == "Kg" else f"one on {rate.by}"
        word = "weight" if measure_by(rate.by).unit == "Kg" else "limit"
        fix = f"needs an end: give the service a greatest {word}, such as {limit}"
        yield CatalogueProblem(key_path(*path, "above"), None, fix)
    elif (last - end.amount) / step > MAX_STEPS:
        fix = f"makes more than {MAX_STEPS:,} steps: write a larger one"
        yield CatalogueProblem(key_path(*path, "above", "step"), step, fix)


def last_of_steps(rate: Rate, service: Service) -> Decimal | None:
    """Return where the steps above the last band end: at the service's own limit on the measure.

    Of chargeable weights it is that of a package, else of a consignment, else the limit of actual weights. Where a
    consignment has one price, its own limit on actual weight, volume or value comes before that of its packages.
    """
    by = measure_by(rate.by)
    measures: list[Measure] = [*_CHARGEABLE, Measure.WEIGHT] if by is Measure.CHARGEABLE_WEIGHT else [by]
    if service.price_per == "consignment" and by in _TOTALS:
        measures.insert(-1, _TOTALS[by])
    read_in = rate.bands[-1].up_to.kind if by.is_money and rate.bands[-1].up_to else None
    limits = dict(service.ranges)
    if service.maximum_value is not None:
        limits[Measure.TOTAL_VALUE] = None, *service.maximum_value
    ends = [limits[measure] for measure in measures if measure in limits]
    return next((end for _, end, currency in ends if end is not None and read_in in {None, currency}), None)


def _shared_places(path: KeyPath, service: Service, catalogue: WrittenCatalogue) -> _Problems:
    """Yield the rates that share a place, from the same origin, on the same days, under any condition."""
    claims: dict[str | None, list[PlacesClaim]] = {}
    for number, rate in enumerate(service.rates):
        where = key_path(*path, "rates", number)
        alike = [other for other in enumerate(service.rates[:number]) if _alike(rate, other[1])]
        distinct = alike and all(_takes_turns(rate, other) for _, other in alike)
        owner = alike[0][0] if distinct else number
        claims.setdefault(rate.origin, []).append((key_path(*where, "zone"), f"rate {owner}", [rate.zone]))
        if distinct and rate.transit_days != alike[0][1].transit_days:
            fix = f"differs from rate {owner}, which is for the same places: write the same"
            yield CatalogueProblem(key_path(*where, "transitDays"), rate.transit_days, fix)
    yield from places_claimed_twice_from(claims, catalogue.zones, _ONE_RATE)


def _alike(one: Rate, other: Rate) -> bool:
    return (one.zone, one.origin) == (other.zone, other.origin)


def _takes_turns(one: Rate, other: Rate) -> bool:
    """Tell whether two rates for the same places hold on different days, or under a condition."""
    if one.when is not None or other.when is not None:
        return True
    first, second = (one.from_ or date.min, one.to or date.max), (other.from_ or date.min, other.to or date.max)
    return first[1] < second[0] or second[1] < first[0]
