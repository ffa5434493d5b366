"""What a carrier service costs: rate, surcharges, tax, each line rounded half up to the penny."""

from bisect import bisect_left
from collections.abc import Sequence, Set
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from allocation.domain.outcome import Price
from allocation.engine.catalogue import Measure, Rate, Service, Surcharge, Tax
from allocation.engine.inquiries import PackageMeasures

PENNY: Final = Decimal("0.01")
MEASURES: Final = (Measure.WEIGHT, Measure.LENGTH, Measure.GIRTH)


class Line(NamedTuple):
    """One line of a price: a surcharge's name, or the zone of the rate, and an amount with two decimal places."""

    name: str
    amount: Decimal


class Breakdown(NamedTuple):
    """How a price came to be: the rate first, then the surcharges, then the tax on their sum."""

    lines: tuple[Line, ...]
    tax_reference: str
    tax_rate: Decimal
    price: Price


def chargeable_weights(
    packages: Sequence[PackageMeasures], divisor: Decimal | None, *, by_package: bool
) -> list[Decimal]:
    """The Kg to look up in a rate: each package's, or their sum; volumetric where that is more."""
    if by_package or len(packages) == 1:
        return sorted(_chargeable(package.weight, package.volume, divisor) for package in packages)
    weight = sum((package.weight for package in packages), Decimal(0))
    return [_chargeable(weight, sum((package.volume for package in packages), Decimal(0)), divisor)]


def _chargeable(weight: Decimal, volume: Decimal, divisor: Decimal | None) -> Decimal:
    return weight if divisor is None else max(weight, volume / divisor)


def base_price(rate: Rate, weight: Decimal) -> Decimal | None:
    """The rate's price for a chargeable weight; None where it has none. Bands are closed: up to and including."""
    band = bisect_left(rate.limits, weight)
    if band < len(rate.limits):
        return rate.prices[band]
    if rate.step is None or rate.last_weight is None or weight > rate.last_weight:
        return None
    steps = ((weight - rate.limits[-1]) / rate.step).to_integral_value(ROUND_CEILING)
    return rate.prices[-1] + steps * rate.step_price


Applied = tuple[tuple[Surcharge, int], ...]
"""The surcharges that apply, and to how many packages."""


def price_lines(rate: Rate, weights: Sequence[Decimal], applied: Applied) -> tuple[Line, ...] | None:
    """The lines of a price without tax; None where the rate has no price for a weight."""
    prices = [base_price(rate, weight) for weight in weights]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    base = sum(known, Decimal(0))
    surcharges = [Line(surcharge.name, _surcharge_amount(surcharge, base, count)) for surcharge, count in applied]
    return (Line(rate.zone, _to_penny(base)), *surcharges)


def net_price(lines: Sequence[Line]) -> Decimal:
    """The sum of the lines."""
    return sum((line.amount for line in lines), Decimal(0))


def with_tax(lines: tuple[Line, ...], service: Service, tax: Tax) -> Breakdown:
    """The whole price: VAT is rounded half up, gross = net + VAT (`pro-api.md`, Prices)."""
    reference, rate = ("EXEMPT", Decimal(0)) if service.tax_exempt else (tax.reference, tax.rate)
    net = net_price(lines)
    vat = _to_penny(net * rate)
    return Breakdown(lines, reference, rate, Price(net, vat, net + vat, service.currency))


def applied_surcharges(
    surcharges: Sequence[Surcharge], packages: Sequence[PackageMeasures], places: Set[str], day: date
) -> Applied:
    """Those of the surcharges that apply to the packages, there and on that day."""
    return tuple(
        (surcharge, count)
        for surcharge in surcharges
        if surcharge.validity.covers(day)
        and (surcharge.places is None or not places.isdisjoint(surcharge.places))
        and (count := _concerned(surcharge, packages))
    )


def _concerned(surcharge: Surcharge, packages: Sequence[PackageMeasures]) -> int:
    if surcharge.over is None:
        return len(packages)
    measure, limit = surcharge.over
    return sum(package[MEASURES.index(measure)] > limit for package in packages)


def _surcharge_amount(surcharge: Surcharge, base: Decimal, count: int) -> Decimal:
    amount = base * surcharge.amount if surcharge.variable else surcharge.amount
    if surcharge.per_package:
        amount *= count
    if surcharge.minimum is not None:
        amount = max(amount, surcharge.minimum)
    if surcharge.maximum is not None:
        amount = min(amount, surcharge.maximum)
    return _to_penny(amount)


def _to_penny(amount: Decimal) -> Decimal:
    return amount.quantize(PENNY, ROUND_HALF_UP)
