"""What one carrier service costs: rate, surcharges and tax, each line rounded half up to the penny; and currencies."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence, Set
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from allocation.domain.outcome import Price
from allocation.engine.conditions import packages_over
from allocation.engine.loaded_catalogue import Catalogue, Service, Tax
from allocation.engine.loaded_prices import Rate, Surcharge
from allocation.engine.measures import Measured, PackageMeasures

_PENNY: Final = Decimal("0.01")

# The surcharges that apply, and to how many packages.
Applied = tuple[tuple[Surcharge, int], ...]


class Line(NamedTuple):
    """One line of a price: a surcharge's name, or the zone of the rate, and an amount with two decimal places."""

    name: str
    amount: Decimal


class Breakdown(NamedTuple):
    """How a price is made up: the rate first, then the surcharges, then the tax on their sum."""

    lines: tuple[Line, ...]
    tax_reference: str
    tax_rate: Decimal
    price: Price


def chargeable_weights(
    packages: Sequence[PackageMeasures], divisor: Decimal | None, *, by_package: bool
) -> list[Decimal]:
    """Return the Kg to look up in a rate: each package's, sorted, or their sum; volumetric where that is more."""
    if by_package or len(packages) == 1:
        return sorted(_chargeable(package.weight, package.volume, divisor) for package in packages)
    weight = sum((package.weight for package in packages), Decimal(0))
    return [_chargeable(weight, sum((package.volume for package in packages), Decimal(0)), divisor)]


def _chargeable(weight: Decimal, volume: Decimal, divisor: Decimal | None) -> Decimal:
    return weight if divisor is None else max(weight, volume / divisor)


def _base_price(rate: Rate, weight: Decimal) -> Decimal | None:
    """Return the rate's price for a chargeable weight, or None. Bands are closed: up to and including."""
    band = bisect_left(rate.up_to, weight)
    if band < len(rate.up_to):
        return rate.prices[band]
    above = rate.above
    if above is None or weight > above.last_weight:
        return None
    steps = ((weight - rate.up_to[-1]) / above.step).to_integral_value(ROUND_CEILING)
    return rate.prices[-1] + steps * above.price


def price_lines(rate: Rate, weights: Sequence[Decimal], applied: Applied) -> tuple[Line, ...] | None:
    """Return the lines of a price without tax, or None where the rate has no price for a weight."""
    prices = [_base_price(rate, weight) for weight in weights]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    base = sum(known, Decimal(0))
    surcharges = [Line(surcharge.name, _surcharge_amount(surcharge, base, count)) for surcharge, count in applied]
    return (Line(rate.zone, _to_penny(base)), *surcharges)


def net_price(lines: Sequence[Line]) -> Decimal:
    """Return the sum of the lines."""
    return sum((line.amount for line in lines), Decimal(0))


def with_tax(lines: tuple[Line, ...], service: Service, tax: Tax) -> Breakdown:
    """Return the whole price: VAT is rounded half up, gross = net + VAT (`pro-api.md`, Prices)."""
    reference, rate = ("EXEMPT", Decimal(0)) if service.tax_exempt else (tax.reference, tax.rate)
    net = net_price(lines)
    vat = _to_penny(net * rate)
    return Breakdown(lines, reference, rate, Price(net, vat, net + vat, service.currency))


def applied_surcharges(
    surcharges: Sequence[Surcharge], packages: Sequence[PackageMeasures], places: Set[str], day: date
) -> Applied:
    """Return the surcharges that apply to the packages, to a destination with these place keys, on that day."""
    return tuple(
        (surcharge, count)
        for surcharge in surcharges
        if surcharge.validity.covers(day)
        and (surcharge.places is None or not places.isdisjoint(surcharge.places))
        and (count := _packages_charged(surcharge, packages))
    )


def _packages_charged(surcharge: Surcharge, packages: Sequence[PackageMeasures]) -> int:
    if surcharge.over is None:
        return len(packages)
    return packages_over(surcharge.over, Measured(packages)) or 0


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
    return amount.quantize(_PENNY, ROUND_HALF_UP)


def exchange_rate(catalogue: Catalogue, currency: str, day: date) -> Decimal | None:
    """Return what one unit of `currency` is worth in the catalogue's own on that day, or None without a rate."""
    if currency == catalogue.currency:
        return Decimal(1)
    rates = (rate for rate in catalogue.exchange_rates if rate.currency == currency and rate.validity.covers(day))
    return next((rate.rate for rate in rates), None)


def total_in(catalogue: Catalogue, values: Mapping[str, Decimal], currency: str, day: date) -> Decimal | None:
    """Return the sum of amounts in `currency`, exact where all are in it already; None where a rate is missing."""
    if not values.keys() - {currency}:
        return values.get(currency, Decimal(0))
    own = exchange_rate(catalogue, currency, day)
    if own is None:
        return None
    total = Decimal(0)
    for key, amount in values.items():
        rate = exchange_rate(catalogue, key, day)
        if rate is None:
            return None
        total += amount * rate
    return total / own
