"""Rates, surcharges and chargeable weights as people write them."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from allocation.engine.measures import Measure
from cli.catalogue.quantity_types import Centimetres, DivisorField, Kilograms, Quantity, QuantityField
from cli.catalogue.value_types import Amount, Day, Name, OneStep, Part, Place, SignedAmount, Weekday, WholeNumber
from cli.catalogue.written_conditions import Condition, Over
from cli.catalogue.written_ranges import WeightRange

# What the bands of a rate can be read by. Of several packages: their sum, or the greatest side.
By = Literal[
    "chargeableWeight",
    "weight",
    "length",
    "width",
    "height",
    "girth",
    "lengthPlusGirth",
    "lengthPlusHeight",
    "sidesTotal",
    "volume",
    "loadingMetres",
    "value",
    "packages",
]


def measure_by(by: By) -> Measure:
    """Return the measure that bands are read by."""
    return Measure.PACKAGES if by == "packages" else next(measure for measure in Measure if measure.value == by)


class Unit(Over):
    """One measure and how much of it is a unit, such as `weight: 1 kg`; `above` is how much is free."""

    packages: WholeNumber | None = Field(None, ge=1)
    above: QuantityField | None = None

    @property
    def units(self) -> list[tuple[Measure, Decimal, str | None]]:
        """Each measure that is given, with its unit and the currency of a value; a right one has one."""
        found = [(measure, unit or Decimal(0), currency) for measure, (_, unit, currency) in self.ranges.items()]
        return found if self.packages is None else [*found, (Measure.PACKAGES, Decimal(self.packages), None)]


class Surcharge(Part):
    """What is added to a price: an amount (`Additive`) or a part of it (`Variable`; 0.4 is 40%), of the rate if alone.

    A negative amount is a discount.
    """

    type: Literal["Additive", "Variable"]
    amount: SignedAmount
    per: Unit | None = Field(None, description="The amount is for each unit of this, and for parts of one")
    per_started: Unit | None = Field(None, description="The amount is for each started unit of this")
    of: list[str] = Field(
        ["rate"], min_length=1, description="What a Variable is a part of: rate, value, names of other surcharges"
    )
    per_package: bool = False
    minimum: SignedAmount | None = None
    maximum: SignedAmount | None = None
    leaves: Amount | None = Field(None, description="A discount takes what it is a part of to no less than this")
    group: Name | None = Field(
        None,
        description="Of a group only the highest that applies counts, for each package if all are amounts perPackage",
    )
    from_: Day | None = Field(None, alias="from", description="The first day of collection")
    to: Day | None = Field(None, description="The last day of collection")
    delivery_days: list[Weekday] | None = Field(None, min_length=1, description="Only for deliveries on these")
    destinations: list[Place] | None = Field(None, min_length=1, description="Only there; everywhere if left out")
    origins: list[Place] | None = Field(None, min_length=1, description="Only from there")
    residential: bool | None = Field(None, description="Only to addresses that are known to be so")
    po_box: bool | None = Field(None, description="Only to addresses that are known to be so")
    tags: list[Name] | None = Field(None, min_length=1, description="Only for consignments with one of these tags")
    over: Over | None = Field(None, description="Only for packages with more than any of this")
    when: Condition | None = Field(None, description="Only for packages, or consignments, that meet it")


class Band(Part):
    """The price of what is above the band before, or `from` on, up to and including `upTo`."""

    from_: QuantityField | None = Field(None, alias="from", description="Below it is a gap without a price")
    up_to: QuantityField | None = Field(None, description="The last band may leave it out and has no end then")
    price: Amount | None = None
    per_kg: Amount | None = Field(None, description="For each Kg of chargeable weight, in addition")
    per_100_kg: Amount | None = Field(None, alias="per100Kg", description="For 100 Kg of chargeable weight")
    minimum: Amount | None = Field(None, description="The least that a price per Kg comes to in this band")
    maximum: Amount | None = Field(None, description="The most, such as what the next band costs at its beginning")
    further_package: Amount | None = Field(None, description="The price of each package after the dearest one")


class Above(Part):
    """What each started step costs above the last band, up to the service's greatest weight."""

    step: QuantityField
    price: Amount


class Rate(Part):
    """The prices and transit days of one zone."""

    zone: Place
    origin: Place | None = Field(None, description="Only from there; from everywhere if left out")
    from_: Day | None = Field(None, alias="from", description="The first day of collection")
    to: Day | None = Field(None, description="The last day of collection")
    transit_days: WholeNumber | None = Field(None, ge=0, le=60, description="Or the service's transit")
    when: Condition | None = Field(None, description="Only for consignments whose packages all meet it")
    by: By = Field("chargeableWeight", description="What the bands are read by")
    divisor: DivisorField | None = Field(None, description="Instead of the service's")
    minimum: Amount | None = Field(None, description="The least that the rate comes to")
    bands: list[Band] = Field(min_length=1)
    above: Above | None = None


class Rounding(Part):
    """Weights up to and including `upTo` are rounded up to a multiple of `step`."""

    up_to: Kilograms | None = None
    step: Kilograms


class LeastWeight(Part):
    """What a package counts at least where it is concerned."""

    weight: Kilograms
    over: Over | None = Field(None, description="Packages with more than any of this")
    when: Condition | None = Field(None, description="Packages, or consignments, that meet it")


class ChargeableWeight(WeightRange):
    """How the weight that rates are read by is worked out; `from` and `to` limit it, as a single value does."""

    divisor: DivisorField | None = Field(None, description="Cubic Cm a Kg for volumetric weight; none if left out")
    per: Literal["package", "consignment"] | None = Field(
        None, description="What is weighed, compared and rounded by itself; what is priced if left out"
    )
    round_up_to: Annotated[list[Rounding], OneStep] = []
    minimum: Kilograms | None = None
    least: list[LeastWeight] = Field([], description="What packages of some sizes count at least")
    per_loading_metre: Kilograms | None = Field(
        None,
        description="What a metre of a truck's bed, which is 2.4 m wide, counts at least: nothing is stacked",
    )
    round_sides: Centimetres | None = Field(
        None, description="Sides are rounded half up to a multiple of this before they make a volume"
    )
    volumetric_when: Condition | None = Field(None, description="No volumetric weight unless this holds")


def plain_amount(quantity: Quantity | None) -> Decimal | None:
    """Return the amount of what may be left out."""
    return None if quantity is None else quantity.amount
