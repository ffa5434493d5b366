"""Rates, surcharges and chargeable weights as the engine uses them: parts of the catalogue (`loaded_catalogue.py`)."""

from collections.abc import Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.domain.frozen import frozen
from allocation.engine.conditions import Condition
from allocation.engine.measures import Measure

# What a surcharge can be a part of besides other surcharges: the rate, and the declared value of the consignment.
OF_RATE: Final = "rate"
OF_VALUE: Final = "value"


@frozen
class Validity:
    """A closed range of days, either end open."""

    first: date | None = None
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether the day lies in the range."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


ALWAYS: Final = Validity()


@frozen
class Units:
    """What a surcharge's amount is multiplied by: how often `unit` goes into what a measure has above `above`.

    With `started`, a part of a unit counts as a whole one. A value is measured in `currency`.
    """

    measure: Measure
    unit: Decimal
    started: bool
    above: Decimal = Decimal(0)
    currency: str | None = None


@frozen
class Surcharge:
    """An addition to a price (`pro-api.md`, Prices), or, with a negative amount, a discount.

    `Additive` adds `amount` in the service's currency, times the `units`; `Variable` adds that part of what it is `of`,
    0.4 being 40%. With `over`, it applies to packages with more than any of its maxima, with `when` to those that meet
    it; with `per_package`, once for each such package. `minimum` and `maximum` bound what it adds to a consignment.
    """

    name: str
    variable: bool
    amount: Decimal
    per_package: bool
    validity: Validity
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    places: frozenset[str] | None = None
    over: Condition | None = field(default=None, hash=False)
    origins: frozenset[str] | None = None
    when: Condition | None = field(default=None, hash=False)
    of: tuple[str, ...] = (OF_RATE,)
    units: Units | None = None
    # Of a group only the highest that applies counts: for each package, where all are amounts for each.
    group: str | None = None
    delivery_days: tuple[bool, ...] | None = None  # Monday first; any day if None
    residential: bool | None = None  # only to addresses that are known to be so, or not to be so
    po_box: bool | None = None
    tags: frozenset[str] | None = None  # only for consignments with one of these
    leaves: Decimal | None = None  # a discount takes what it is a part of to no less than this


@frozen
class Divisor:
    """How much room weighs how much: `space` cubic Cm count as `mass` Kg.

    Two numbers, for 139 cubic inches a pound are no finite number of cubic Cm a Kg.
    """

    space: Decimal
    mass: Decimal = Decimal(1)

    def kilograms(self, volume: Decimal) -> Decimal:
        """Return the volumetric Kg of cubic Cm: exact wherever the result has finitely many digits."""
        return volume / self.space if self.mass == 1 else volume * self.mass / self.space

    def __str__(self) -> str:
        return str(self.space) if self.mass == 1 else f"{self.space}/{self.mass}"


@frozen
class LeastWeight:
    """What a package counts at least where it has more than any of the maxima of `over`, and meets `when`: Kg."""

    weight: Decimal
    over: Condition | None = field(default=None, hash=False)
    when: Condition | None = field(default=None, hash=False)


@frozen
class Weighing:
    """How a service's chargeable weights are worked out, beyond the divisor.

    `steps[i]` rounds up weights up to and including its first number of Kg, None in the last step being any, to a
    multiple of its second.
    """

    by_package: bool | None = None  # whether each package is weighed and rounded by itself; as it is priced if None
    steps: tuple[tuple[Decimal | None, Decimal], ...] = ()
    minimum: Decimal | None = None
    volumetric_when: Condition | None = field(default=None, hash=False)
    side_step: Decimal | None = None  # Cm: volumes are those of sides rounded half up to a multiple of it
    least: tuple[LeastWeight, ...] = ()
    per_loading_metre: Decimal | None = None  # Kg that a metre of a truck's bed counts as


AS_PRICED: Final = Weighing()


@frozen
class AboveLastBand:
    """What each started `step` costs above the last band of a rate, up to `last_weight`, in the bands' unit."""

    step: Decimal
    price: Decimal
    last_weight: Decimal


@frozen
class Rate:
    """The prices of one zone: `prices[i]` up to and including `up_to[i]` of what the bands are read `by`.

    The other series are empty, or have one item a band. `starts[i]` is where a band begins if not at the end of the
    band before it; `per_kg[i]` is added for each Kg of chargeable weight; `further[i]` is the price of each package
    after the dearest one, None being the same price. What a band with a price per Kg comes to is bounded by `least[i]`
    and `most[i]`.
    """

    zone: str
    places: frozenset[str]
    transit_days: int | None  # None where only the service's own transit days say
    up_to: Sequence[Decimal]
    prices: Sequence[Decimal]
    above: AboveLastBand | None = None
    origins: frozenset[str] | None = None
    validity: Validity = ALWAYS
    by: Measure = Measure.CHARGEABLE_WEIGHT
    starts: tuple[Decimal | None, ...] = ()
    per_kg: tuple[Decimal, ...] = ()
    further: tuple[Decimal | None, ...] = ()
    least: tuple[Decimal | None, ...] = ()
    most: tuple[Decimal | None, ...] = ()
    divisor: Divisor | None = None  # instead of the service's
    minimum: Decimal | None = None
    when: Condition | None = field(default=None, hash=False)
    # The zone's other rates, which hold on other days or under other conditions.
    others: tuple["Rate", ...] = field(default=(), hash=False)

    @property
    def is_alone(self) -> bool:
        """Whether it always holds."""
        return not self.others and self.when is None and self.validity is ALWAYS
