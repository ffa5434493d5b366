"""What one carrier service costs: rate, surcharges and tax, each line rounded half up to the currency's minor unit."""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import Enum, auto
from typing import Final, NamedTuple

from allocation.domain.currencies import minor_unit, rounded
from allocation.domain.outcome import Price
from allocation.engine.loaded_catalogue import Service, Tax
from allocation.engine.loaded_prices import Rate
from allocation.engine.measures import Measured
from allocation.engine.surcharging import Applied, surcharge_amounts

_NOTHING = Decimal(0)
# The name of the line that rounds a total.
ROUNDING: Final = "Rounding"


class Line(NamedTuple):
    """One line of a price: a surcharge's name, or the zone of the rate, and an amount in the service's currency."""

    name: str
    amount: Decimal


class Breakdown(NamedTuple):
    """How a price is made up: the rate first, then the surcharges, then the tax on their sum."""

    lines: tuple[Line, ...]
    tax_reference: str
    tax_rate: Decimal
    price: Price


class Unpriced(Enum):
    """Why a service has no price."""

    NO_PRICE = auto()  # no rate for the destination, or none for the weight
    NOT_COMPARABLE = auto()  # an exchange rate is missing


def looked_up(
    rate: Rate, weights: Sequence[Decimal], measured: Measured, *, by_package: bool, currency: str
) -> Sequence[Decimal] | None:
    """Return the values, other than chargeable weights, that a rate's bands are read by: one for each price.

    `weights` are the chargeable weights, one for each price. None where a value can't be compared.
    """
    measure = rate.by
    values = measure.values(measured, currency)
    if values is None:
        return None
    if measure.of_consignment:
        return [values[0]] * len(weights)
    if by_package or len(values) == 1:
        return values
    total = measure.total(measured, currency)
    return None if total is None else [total]


def base_price(
    rates: Sequence[Rate], values: Sequence[Decimal], weights: Sequence[Decimal], unit: Decimal
) -> Decimal | None:
    """Return the rates' price for the values that their bands are read by, or None where one has none.

    There is one rate for all values, or one for each. `weights` are the chargeable weights that go with the values.
    """
    prices: list[tuple[Decimal, Decimal]] = []
    of_each = rates if len(rates) == len(values) else list(rates) * len(values)
    for rate, value, weight in zip(of_each, values, weights, strict=True):
        price = _band_price(rate, value, weight, unit)
        if price is None:
            return None
        prices.append(price)
    if len(prices) > 1 and any(rate.further for rate in rates):
        prices.sort(reverse=True)
        total = prices[0][0] + sum((further for _, further in prices[1:]), _NOTHING)
    else:
        total = sum((first for first, _ in prices), _NOTHING)
    return max([total, *(rate.minimum for rate in rates if rate.minimum is not None)])


def _band_price(rate: Rate, value: Decimal, weight: Decimal, unit: Decimal) -> tuple[Decimal, Decimal] | None:
    """Return the price of a package and its price beside a dearer one. Bands are closed: up to and including."""
    band = bisect_left(rate.up_to, value)
    if band == len(rate.up_to):
        price = _price_above(rate, value)
        if price is None:
            return None
        band -= 1
    elif rate.starts and (start := rate.starts[band]) is not None and value < start:
        return None
    else:
        price = rate.prices[band]
    if rate.per_kg and rate.per_kg[band]:
        price += rounded(rate.per_kg[band] * weight, unit)
        price = _bounded(price, rate.least[band] if rate.least else None, rate.most[band] if rate.most else None)
    further = rate.further[band] if rate.further else None
    return price, price if further is None else further


def _bounded(price: Decimal, least: Decimal | None, most: Decimal | None) -> Decimal:
    """Return what a band's price per Kg comes to: at most what the next band costs where that is as if heavier."""
    price = price if least is None else max(price, least)
    return price if most is None else min(price, most)


def _price_above(rate: Rate, value: Decimal) -> Decimal | None:
    above = rate.above
    if above is None or value > above.last_weight:
        return None
    steps = ((value - rate.up_to[-1]) / above.step).to_integral_value(ROUND_CEILING)
    return rate.prices[-1] + steps * above.price


def price_lines(
    zone: str, base: Decimal, applied: Sequence[Applied], unit: Decimal, round_to: Decimal | None = None
) -> tuple[Line, ...]:
    """Return the lines of a price as the catalogue has it; discounts are cut where the price would be below 0.

    The first is the rate of the zone. With `round_to`, a last line rounds the total half up to a multiple of it.
    """
    lines = [Line(f"Rate {zone}", rounded(base, unit))]
    lines += [Line(name, amount) for name, amount in surcharge_amounts(applied, base, unit)]
    excess = -_net_price(lines)
    for number in range(len(lines) - 1, 0, -1):
        if excess <= 0:
            break
        name, amount = lines[number]
        if amount < 0:
            cut = min(excess, -amount)
            lines[number] = Line(name, amount + cut)
            excess -= cut
    if round_to is not None:
        total = _net_price(lines)
        if change := (total / round_to).to_integral_value(ROUND_HALF_UP) * round_to - total:
            lines.append(Line(ROUNDING, rounded(change, unit)))
    return tuple(lines)


def net_of(base: Decimal, applied: Sequence[Applied], unit: Decimal, round_to: Decimal | None) -> Decimal:
    """Return the sum of the lines that `price_lines` returns, which most prices have without them."""
    total = sum((amount for _, amount in surcharge_amounts(applied, base, unit)), rounded(base, unit))
    if total >= 0 and round_to is None:
        return total
    return _net_price(price_lines("", base, applied, unit, round_to))


def _net_price(lines: Sequence[Line]) -> Decimal:
    """Return the sum of the lines."""
    return sum((line.amount for line in lines), _NOTHING)


def taxed(lines: tuple[Line, ...], service: Service, tax: Tax) -> Breakdown:
    """Return the whole price of lines as the catalogue has them: with the tax in them, or without it.

    Of prices with tax, net is gross / (1 + rate), rounded half up, and VAT the rest, so that gross is what is printed.
    Each line is then without tax; the first takes what their rounding leaves.
    """
    if not service.prices_include_tax:
        return with_tax(lines, service, tax)
    reference, rate = tax_of(service, tax)
    unit = minor_unit(service.currency)
    gross = _net_price(lines)
    net = without_tax(gross, rate, unit)
    without = [Line(name, without_tax(amount, rate, unit)) for name, amount in lines]
    without[0] = Line(lines[0].name, without[0].amount + net - _net_price(without))
    return Breakdown(tuple(without), reference, rate, Price(net, gross - net, gross, service.currency))


def without_tax(amount: Decimal, rate: Decimal, unit: Decimal) -> Decimal:
    """Return what is left of an amount without the tax that is in it, rounded half up."""
    return rounded(amount / (1 + rate), unit)


def with_tax(lines: tuple[Line, ...], service: Service, tax: Tax) -> Breakdown:
    """Return the whole price of net lines: VAT is rounded half up, gross = net + VAT (`pro-api.md`, Prices)."""
    reference, rate = tax_of(service, tax)
    return Breakdown(lines, reference, rate, price_with_tax(_net_price(lines), service, tax))


def price_with_tax(net: Decimal, service: Service, tax: Tax) -> Price:
    """Return the price of a service without tax in its prices."""
    vat = rounded(net * tax_of(service, tax)[1], minor_unit(service.currency))
    return Price(net, vat, net + vat, service.currency)


def tax_of(service: Service, tax: Tax) -> tuple[str, Decimal]:
    """Return the reference and the rate of the tax on a service's price. `tax` is that of the destination."""
    return ("EXEMPT", _NOTHING) if service.tax_exempt else (tax.reference, tax.rate)
