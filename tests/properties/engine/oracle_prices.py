"""The plainest possible price of one service: by the words of `docs/catalogue/reference.md`, one sum after another.

It shares with the engine only the catalogue's data: no brackets, no classes, nothing remembered. A price is its lines,
or why there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal

from iso4217 import Currency

from allocation.domain.consignment import AddressFlags, Package
from allocation.engine.conditions import Condition, Range
from allocation.engine.loaded_catalogue import Catalogue, Service
from allocation.engine.loaded_prices import Rate, Surcharge
from allocation.engine.measures import Measure

Lines = list[tuple[str, Decimal]]
NoPrice = Literal["PriceNotConfigured", "CurrencyNotComparable"]


class Incomparable(Exception):  # noqa: N818 - it ends a sum
    """An exchange rate is missing."""


@dataclass(frozen=True)
class Sent:
    """A consignment on a service, as far as prices ask about it."""

    catalogue: Catalogue
    service: Service
    packages: tuple[Package, ...]
    origins: tuple[str, ...]
    places: tuple[str, ...]
    day: date
    weekday: int | None
    tags: frozenset[str]
    flags: AddressFlags


def price(sent: Sent) -> Lines | NoPrice:
    """Return the lines of the price, rate first."""
    try:
        _worth_of_one(sent, sent.service.currency)
        rates = current_rates(sent)
        base = None if rates is None else _base(sent, rates)
        if rates is None or base is None:
            return "PriceNotConfigured"
        lines = [(f"Rate {rates[0].zone}", _penny(sent, base)), *_surcharges(sent, rates, base)]
    except Incomparable:
        return "CurrencyNotComparable"
    return _to_a_multiple(sent.service, _not_below_zero(lines))


def net_of(sent: Sent, lines: Lines, rate: Decimal) -> Decimal:
    """Return the price without tax, whose rate is that of the destination."""
    total = sum((amount for _, amount in lines), Decimal(0))
    exempt = not sent.service.prices_include_tax or sent.service.tax_exempt
    return total if exempt else _penny(sent, total / (1 + rate))


def _to_a_multiple(service: Service, lines: Lines) -> Lines:
    """Add what makes the total a multiple of the smallest amount that the service charges."""
    if service.round_to is None:
        return lines
    total = sum((amount for _, amount in lines), Decimal(0))
    goal = service.round_to * (total / service.round_to).quantize(Decimal(1), ROUND_HALF_UP)
    return lines if goal == total else [*lines, ("Rounding", goal - total)]


def worth(sent: Sent, packages: Sequence[Package], currency: str) -> Decimal:
    """Return what packages are worth in a currency."""
    values = [package.value for package in packages if package.value and package.value.amount]
    if all(value.currency == currency for value in values):
        return sum((value.amount for value in values), Decimal(0))
    total = sum((value.amount * _worth_of_one(sent, value.currency) for value in values), Decimal(0))
    return total / _worth_of_one(sent, currency)


def _worth_of_one(sent: Sent, currency: str) -> Decimal:
    if currency == sent.catalogue.currency:
        return Decimal(1)
    for rate in sent.catalogue.exchange_rates:
        if rate.currency == currency and rate.validity.covers(sent.day):
            return rate.rate
    raise Incomparable


def current_rates(sent: Sent) -> list[Rate] | None:
    """Return for each package the rate of the most specific place that holds on the day, for such a package.

    Where the consignment has one price, it is the rate for such a consignment.
    """
    rates = [_current_rate(sent, [package]) for package in sent.packages] if sent.service.by_package else []
    if not sent.service.by_package:
        rates = [_current_rate(sent, sent.packages)] * len(sent.packages)
    known = [rate for rate in rates if rate is not None]
    return known if len(known) == len(rates) else None


def _current_rate(sent: Sent, packages: Sequence[Package]) -> Rate | None:
    candidates = [rate for first in sent.service.rates for rate in (first, *first.others)]
    for place in sent.places:
        for origin in (*sent.origins, None):
            here = [rate for rate in candidates if place in rate.places and _leaves(rate, origin)]
            for rate in here:
                if rate.validity.covers(sent.day) and (rate.when is None or _all_hold(sent, packages, rate, rate.when)):
                    return rate
            if here:
                return None
    return None


def _leaves(rate: Rate, origin: str | None) -> bool:
    return rate.origins is None if origin is None else rate.origins is not None and origin in rate.origins


def _sides(package: Package) -> list[Decimal]:
    box = package.dimensions
    assert box is not None
    return sorted([box.length_cm, box.width_cm, box.height_cm], reverse=True)


def _volume(package: Package, step: Decimal | None = None) -> Decimal:
    sides = _sides(package)
    if step is not None:
        sides = [(side / step).to_integral_value(ROUND_HALF_UP) * step for side in sides]
    return sides[0] * sides[1] * sides[2]


def loading_metres(*packages: Package) -> Decimal:
    """Return how many metres of a truck's bed of 2.4 m packages take that stand side by side, nothing on them."""
    area = Decimal(0)
    for package in packages:
        assert package.dimensions is not None
        area += package.dimensions.length_cm * package.dimensions.width_cm
    return area / 24_000


def weighed(sent: Sent, rates: Sequence[Rate], *, singly: bool = False) -> list[Decimal]:
    """Return the chargeable weight of each package, or of all together, which `singly` does not do.

    There is one rate for each package, or none.
    """
    weighing, packages = sent.service.weighing, sent.packages
    divisors = [rate.divisor or sent.service.divisor for rate in rates] or [sent.service.divisor] * len(packages)
    counts = [
        divisor is not None
        and (weighing.volumetric_when is None or _package_holds(sent, package, (), weighing.volumetric_when))
        for package, divisor in zip(packages, divisors, strict=True)
    ]
    if singly or weighing.by_package or sent.service.by_package:
        parts = [([package], counted) for package, counted in zip(packages, counts, strict=True)]
    else:
        parts = [(list(packages), any(counts))]
    weights = []
    for number, (part, counted) in enumerate(parts):
        divisor = divisors[number]
        weight = sum((package.weight_kg for package in part), Decimal(0))
        if counted and divisor:
            volume = sum((_volume(package, weighing.side_step) for package in part), Decimal(0))
            weight = max(weight, volume * divisor.mass / divisor.space)
        weight = max([weight, weighing.minimum or Decimal(0), *(_least(sent, package) for package in part)])
        if weighing.per_loading_metre is not None:
            area = loading_metres(*part) * 24_000
            weight = max(weight, area * weighing.per_loading_metre / 24_000)
        for up_to, step in weighing.steps:
            if up_to is None or weight <= up_to:
                weight = (weight / step).to_integral_value(ROUND_CEILING) * step
                break
        weights.append(weight)
    return weights


def _least(sent: Sent, package: Package) -> Decimal:
    """Return what a package counts at least."""
    return max(
        (
            item.weight
            for item in sent.service.weighing.least
            if (item.over is None or _is_over(sent, (), package, item.over))
            and (item.when is None or _package_holds(sent, package, (), item.when))
        ),
        default=Decimal(0),
    )


def _measured(  # noqa: C901 - one case a measure
    sent: Sent, rates: Sequence[Rate], package: Package, measure: Measure, currency: str | None
) -> Decimal:
    """Return a measure of one package."""
    length, width, height = _sides(package)
    match measure:
        case Measure.WEIGHT:
            return package.weight_kg
        case Measure.LENGTH:
            return length
        case Measure.WIDTH:
            return width
        case Measure.HEIGHT:
            return height
        case Measure.GIRTH:
            return 2 * width + 2 * height
        case Measure.LENGTH_PLUS_GIRTH:
            return length + 2 * width + 2 * height
        case Measure.LENGTH_PLUS_HEIGHT:
            return length + height
        case Measure.SIDES_TOTAL:
            return length + width + height
        case Measure.LENGTH_TO_WIDTH:
            return length / width
        case Measure.VOLUME:
            return length * width * height
        case Measure.LOADING_METRES:
            return loading_metres(package)
        case Measure.VALUE:
            return worth(sent, [package], currency or "")
        case Measure.CHARGEABLE_WEIGHT:
            return weighed(sent, rates, singly=True)[sent.packages.index(package)]
        case _:
            raise AssertionError(measure)


def _of_all(sent: Sent, rates: Sequence[Rate], measure: Measure, currency: str | None) -> Decimal:
    """Return a measure of the consignment."""
    match measure:
        case Measure.PACKAGES:
            return Decimal(len(sent.packages))
        case Measure.TOTAL_WEIGHT | Measure.WEIGHT:
            return sum((package.weight_kg for package in sent.packages), Decimal(0))
        case Measure.TOTAL_VOLUME | Measure.VOLUME:
            return sum(map(_volume, sent.packages), Decimal(0))
        case Measure.TOTAL_LOADING_METRES | Measure.LOADING_METRES:
            return loading_metres(*sent.packages)
        case Measure.TOTAL_VALUE | Measure.VALUE:
            return worth(sent, sent.packages, currency or "")
        case Measure.TOTAL_CHARGEABLE_WEIGHT | Measure.CHARGEABLE_WEIGHT:
            return sum(weighed(sent, rates), Decimal(0))
        case _:
            return max(_measured(sent, rates, package, measure, currency) for package in sent.packages)


def _lies_in(value: Decimal, bounds: Range) -> bool:
    if bounds.minimum is not None and (value < bounds.minimum or (bounds.above and value == bounds.minimum)):
        return False
    return bounds.maximum is None or value <= bounds.maximum


def _package_holds(sent: Sent, package: Package, rates: Sequence[Rate], condition: Condition) -> bool:
    # Values last: where another range fails, a missing exchange rate does not matter.
    for measure, bounds in sorted(condition.items(), key=lambda item: item[0].is_money):
        if measure.of_consignment:
            value = _of_all(sent, rates, measure, bounds.currency)
        else:
            value = _measured(sent, rates, package, measure, bounds.currency)
        if not _lies_in(value, bounds):
            return False
    return True


def _all_hold(sent: Sent, packages: Sequence[Package], rate: Rate, condition: Condition) -> bool:
    everywhere = [rate] * len(sent.packages)
    answers = [_package_holds(sent, package, everywhere, condition) for package in packages]
    return all(answers)


def _base(sent: Sent, rates: Sequence[Rate]) -> Decimal | None:
    service, weights = sent.service, weighed(sent, rates)
    if service.by_package:
        triples = zip(sent.packages, rates, weights, strict=True)
        asked = [(rate, _asked_by(sent, rate, package, weight), weight) for package, rate, weight in triples]
    else:
        asked = [(rates[0], _of_all(sent, rates, rates[0].by, service.currency), sum(weights, Decimal(0)))]
    prices = [_band(sent, rate, value, weight) for rate, value, weight in asked]
    known = [pair for pair in prices if pair is not None]
    if len(known) < len(prices):
        return None
    dearest_first = sorted(known, reverse=True)
    total = dearest_first[0][0] + sum((further for _, further in dearest_first[1:]), Decimal(0))
    return max(total, *(rate.minimum or Decimal(0) for rate in rates))


def _asked_by(sent: Sent, rate: Rate, package: Package, weight: Decimal) -> Decimal:
    if rate.by is Measure.CHARGEABLE_WEIGHT:
        return weight
    if rate.by.of_consignment:
        return _of_all(sent, (), rate.by, None)
    return _measured(sent, (), package, rate.by, sent.service.currency)


def _band(sent: Sent, rate: Rate, value: Decimal, weight: Decimal) -> tuple[Decimal, Decimal] | None:
    """Return the price of one package, and that of a further one."""
    for number, end in enumerate(rate.up_to):
        if value <= end:
            start = rate.starts[number] if rate.starts else None
            if start is not None and value < start:
                return None
            first = rate.prices[number]
            break
    else:
        if rate.above is None or value > rate.above.last_weight:
            return None
        number = len(rate.up_to) - 1
        steps, over = 0, rate.up_to[-1]
        while over < value:
            steps, over = steps + 1, over + rate.above.step
        first = rate.prices[-1] + steps * rate.above.price
    if rate.per_kg:
        first += _penny(sent, rate.per_kg[number] * weight)
        least, most = (series[number] if series else None for series in (rate.least, rate.most))
        if rate.per_kg[number] and least is not None:
            first = max(first, least)
        if rate.per_kg[number] and most is not None:
            first = min(first, most)
    further = rate.further[number] if rate.further else None
    return first, first if further is None else further


def _surcharges(sent: Sent, rates: Sequence[Rate], base: Decimal) -> Lines:
    applying = {item.name: item for item in sent.service.surcharges if _applies(sent, rates, item)}
    sums = _Sums(sent, rates, base, applying)
    return [(name, sums.amount(name)) for name in applying if sums.counts(name)]


@dataclass(frozen=True)
class _Sums:
    """What surcharges come to that apply and are parts of each other."""

    sent: Sent
    rates: Sequence[Rate]
    base: Decimal
    applying: dict[str, Surcharge]

    def amount(self, name: str) -> Decimal:
        item = self.applying[name]
        of = sum(map(self._share, item.of), Decimal(0)) if item.variable else Decimal(0)
        found = of * item.amount if item.variable else item.amount * _times(self.sent, self.rates, item)
        if item.leaves is not None:
            found = max(found, min(item.leaves - of, Decimal(0)))
        if item.minimum is not None:
            found = max(found, item.minimum)
        if item.maximum is not None:
            found = min(found, item.maximum)
        return _penny(self.sent, found)

    def counts(self, name: str) -> bool:
        """Tell whether a surcharge is charged: a percentage of nothing and what loses in its group are not."""
        if name not in self.applying or not self._is_of_something(name):
            return False
        group = self.applying[name].group
        if group is None:
            return True
        if _counts_by_package(self.sent, group):
            return any(_pays(self.sent, self.rates, self.applying[name], package) for package in self.sent.packages)
        rivals = [other for other, item in self.applying.items() if item.group == group]
        rivals = [other for other in rivals if self._is_of_something(other)]
        return name == next(other for other in rivals if self.amount(other) == max(map(self.amount, rivals)))

    def _is_of_something(self, name: str) -> bool:
        item = self.applying[name]
        return not item.variable or any(map(self._exists, item.of))

    def _exists(self, part: str) -> bool:
        if part == "value":
            return worth(self.sent, self.sent.packages, self.sent.service.currency) > 0
        return part == "rate" or self.counts(part)

    def _share(self, part: str) -> Decimal:
        if part == "rate":
            return self.base
        if part == "value":
            return worth(self.sent, self.sent.packages, self.sent.service.currency)
        return self.amount(part) if self.counts(part) else Decimal(0)


def _counts_by_package(sent: Sent, group: str) -> bool:
    members = [item for item in sent.service.surcharges if item.group == group]
    return all(item.per_package and not item.variable and item.units is None for item in members)


def _pays(sent: Sent, rates: Sequence[Rate], item: Surcharge, package: Package) -> bool:
    """Tell whether a package pays a surcharge, of whose group it pays the highest; of equal ones the first."""
    rivals = [other for other in sent.service.surcharges if other.group == item.group and _applies(sent, rates, other)]
    concerned = [other for other in rivals if any(package is one for one in _concerned(sent, rates, other))]
    return bool(concerned) and item is max(concerned, key=lambda other: other.amount)


def _concerned(sent: Sent, rates: Sequence[Rate], item: Surcharge) -> list[Package]:
    found = []
    for package in sent.packages:
        over = item.over is None or _is_over(sent, rates, package, item.over)
        if over and (item.when is None or _package_holds(sent, package, rates, item.when)):
            found.append(package)
    return found


def _is_over(sent: Sent, rates: Sequence[Rate], package: Package, thresholds: Condition) -> bool:
    return any(
        bounds.maximum is not None and _measured(sent, rates, package, measure, bounds.currency) > bounds.maximum
        for measure, bounds in sorted(thresholds.items(), key=lambda item: item[0].is_money)
    )


def _applies(sent: Sent, rates: Sequence[Rate], item: Surcharge) -> bool:
    called_for = (
        item.validity.covers(sent.day)
        and (item.places is None or any(place in item.places for place in sent.places))
        and (item.origins is None or any(place in item.origins for place in sent.origins))
        and (item.delivery_days is None or (sent.weekday is not None and item.delivery_days[sent.weekday]))
        and (item.residential is None or item.residential is sent.flags.residential)
        and (item.po_box is None or item.po_box is sent.flags.po_box)
        and (item.tags is None or any(tag in item.tags for tag in sent.tags))
    )
    if not called_for or not _concerned(sent, rates, item):
        return False
    if item.units is not None:
        return _times(sent, rates, item) > 0
    return item.of != ("value",) or _of_all(sent, rates, Measure.VALUE, sent.service.currency) > 0


def _times(sent: Sent, rates: Sequence[Rate], item: Surcharge) -> Decimal:
    """Return how often an amount counts."""
    concerned = _concerned(sent, rates, item)
    units = item.units
    if item.group is not None and _counts_by_package(sent, item.group):
        return Decimal(sum(_pays(sent, rates, item, package) for package in sent.packages))
    if units is None:
        return Decimal(len(concerned) if item.per_package else 1)
    if item.per_package and not units.measure.of_consignment:
        amounts = [_measured(sent, rates, package, units.measure, units.currency) for package in concerned]
    elif item.per_package:
        amounts = [Decimal(1) for _ in concerned]
    else:
        amounts = [_of_all(sent, rates, units.measure, units.currency)]
    total = Decimal(0)
    for amount in amounts:
        count = max(amount - units.above, Decimal(0)) / units.unit
        total += count.to_integral_value(ROUND_CEILING) if units.started else count
    return total


def _not_below_zero(lines: Lines) -> Lines:
    """Cut discounts, the last one first, until the sum is 0."""
    cut = list(lines)
    for number in reversed(range(1, len(cut))):
        total = sum((amount for _, amount in cut), Decimal(0))
        name, amount = cut[number]
        if total < 0 and amount < 0:
            cut[number] = (name, amount + min(-amount, -total))
    return cut


def _penny(sent: Sent, amount: Decimal) -> Decimal:
    places = Currency(sent.service.currency).exponent or 0
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
