"""Finds parts of a written catalogue that mean something, and hardly what was meant.

Conditions that never hold, slots of days without deliveries, prices that their currency does not have.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from allocation.domain.currencies import minor_unit
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_conditions import Condition
from cli.catalogue.written_deliveries import Delivery, DeliveryHours
from cli.catalogue.written_prices import Rate, Surcharge
from cli.catalogue.written_service import Service
from cli.catalogue.written_zones import Zones

_Problems = Iterator[CatalogueProblem]

_NEVER: Final = "never holds: write a range that something lies in, or remove it"


def find_odd_parts(catalogue: WrittenCatalogue) -> _Problems:
    """Yield what is probably not meant, in the order of the catalogue."""
    for path, part in _parts((), catalogue):
        match part:
            case Service():
                yield from _never(path, part)
                yield from _weighing(path, part)
                yield from _slots(key_path(*path, "delivery"), part.delivery)
                yield from _prices(path, part, part.currency or catalogue.currency)
            case Condition():
                yield from _never(path, part) if part.ranges else _empty(path)
            case Rate():
                yield from _counts(path, part)
            case _:
                pass
    yield from _surcharge_amounts(catalogue)


def _parts(path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, BaseModel]]:
    """Yield every part that is written below a value, with where it is."""
    if isinstance(value, BaseModel):
        yield path, value
        fields = type(value).model_fields
        items = [
            (fields[name].alias or name, getattr(value, name)) for name in fields if name in value.model_fields_set
        ]
    elif isinstance(value, dict) and not isinstance(value, Zones):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(str(number), item) for number, item in enumerate(value)]
    else:
        return
    for name, item in items:
        yield from _parts(key_path(*path, name), item)


def _empty(path: KeyPath) -> _Problems:
    if path[-1] in {"when", "volumetricWhen"}:
        yield CatalogueProblem(path, None, "is empty, so it always holds: write a condition, or remove it")


def _never(path: KeyPath, condition: Condition) -> _Problems:
    """Yield the ranges in which nothing can lie."""
    for measure, (least, most, _) in condition.ranges.items():
        if most is None:
            continue
        nothing = most <= 0 and not measure.is_money and (least is None or least <= most)
        if nothing or (measure in condition.without_ends and least is not None and least >= most):
            yield CatalogueProblem(key_path(*path, *measure.split(".")), None, _NEVER)


def _weighing(path: KeyPath, service: Service) -> _Problems:
    weighing = service.chargeable_weight
    if service.divisor or weighing.divisor or any(rate.divisor for rate in service.rates):
        return
    for field, name in (("volumetric_when", "volumetricWhen"), ("round_sides", "roundSides")):
        if getattr(weighing, field) is not None:
            fix = "does nothing without a divisor, as volume does not count: add one, such as divisor: 5000"
            yield CatalogueProblem(key_path(*path, "chargeableWeight", name), None, fix)


def _slots(path: KeyPath, delivery: Delivery) -> _Problems:
    yield from _slots_of(path, delivery, delivery.days)
    for number, exception in enumerate(delivery.exceptions):
        yield from _slots_of(key_path(*path, "exceptions", number), exception, exception.days or delivery.days)


def _slots_of(path: KeyPath, hours: DeliveryHours, days: list[Any]) -> _Problems:
    for number, slot in enumerate(hours.slots or ()):
        never = [day for day in slot.days or () if day not in days]
        if never:
            fix = "is no day of delivery: add it to the days of delivery, or remove it here"
            yield CatalogueProblem(key_path(*path, "slots", number, "days"), ", ".join(never), fix)


def _counts(path: KeyPath, rate: Rate) -> _Problems:
    """Yield the bands by packages that end between two numbers."""
    for number, band in enumerate(rate.bands if rate.by == "packages" else ()):
        for name, end in (("from", band.from_), ("upTo", band.up_to)):
            if end is not None and end.amount % 1:
                fix = "is no number of packages: write a whole one"
                yield CatalogueProblem(key_path(*path, "bands", number, name), end.amount, fix)


def _prices(path: KeyPath, service: Service, currency: str) -> _Problems:
    """Yield the prices of rates that can't be paid in their currency. Prices per Kg may have more decimal places."""
    for number, rate in enumerate(service.rates):
        where = key_path(*path, "rates", number)
        yield from _too_fine(key_path(*where, "minimum"), rate.minimum, currency)
        for place, band in enumerate(rate.bands):
            for name, price in (
                ("price", band.price),
                ("furtherPackage", band.further_package),
                ("minimum", band.minimum),
                ("maximum", band.maximum),
            ):
                yield from _too_fine(key_path(*where, "bands", place, name), price, currency)


def _surcharge_amounts(catalogue: WrittenCatalogue) -> _Problems:
    """Yield the amounts of surcharges that can't be paid in the currency of a service that has them."""
    currencies: dict[str, list[str]] = {}
    for _, _, service in catalogue.all_services():
        for name in service.surcharges:
            currencies.setdefault(name, []).append(service.currency or catalogue.currency)
    for name, used in currencies.items():
        surcharge = catalogue.surcharges[name]
        coarsest = max(used, key=minor_unit)
        for field, amount in _fixed_amounts(surcharge):
            yield from _too_fine(key_path("surcharges", name, field), amount, coarsest)


def _fixed_amounts(surcharge: Surcharge) -> Iterator[tuple[str, Decimal | None]]:
    if surcharge.type == "Additive" and surcharge.per is None and surcharge.per_started is None:
        yield "amount", surcharge.amount
    yield "minimum", surcharge.minimum
    yield "maximum", surcharge.maximum


def _too_fine(path: KeyPath, amount: Decimal | None, currency: str) -> _Problems:
    unit = minor_unit(currency)
    if amount is not None and amount % unit:
        fix = (
            f"can't be paid in {currency}, whose smallest amount is {unit}: it is rounded half up; write what is meant"
        )
        yield CatalogueProblem(path, amount, fix)
