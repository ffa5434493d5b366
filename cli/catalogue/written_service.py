"""Carrier services as people write them: what they carry, where to, when and for how much."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

from typing import Literal

from pydantic import Field

from cli.catalogue.value_types import (
    DAYS,
    Amount,
    Currency,
    Day,
    Kilograms,
    Money,
    Name,
    Part,
    Place,
    Reference,
    TimeOfDay,
    Weekday,
    WholeNumber,
)
from cli.catalogue.written_conditions import Condition, Over

_Feature = Literal["pickUp", "dropOff", "timed", "tracked", "signed"]


class Surcharge(Part):
    """What is added to a price: an amount (`Additive`) or a part of the rate (`Variable`; 0.4 is 40%)."""

    type: Literal["Additive", "Variable"]
    amount: Amount
    per_package: bool = False
    minimum: Amount | None = None
    maximum: Amount | None = None
    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    destinations: list[Place] | None = Field(None, min_length=1, description="Only there; everywhere if left out")
    over: Over | None = Field(None, description="Only for packages with more than this")


class Delivery(Part):
    """The days and the hours in which a service delivers. The window is local time."""

    days: list[Weekday] = Field(list(DAYS[:5]), min_length=1)
    on_holidays: bool = False
    window: tuple[TimeOfDay, TimeOfDay] = (8 * 3600, 18 * 3600)


class Band(Part):
    """The price up to and including a chargeable weight."""

    up_to: Kilograms
    price: Amount


class Above(Part):
    """What each started step costs above the last band, up to the service's greatest weight."""

    step: Kilograms
    price: Amount


class Rate(Part):
    """The prices and transit days of one zone."""

    zone: Place
    transit_days: WholeNumber = Field(ge=0, le=60)
    bands: list[Band] = Field(min_length=1)
    above: Above | None = None


class Leg(Part):
    """One carrier's part of the journey: to a hub, or to the destination."""

    carrier: Reference
    hub: Name | None = None


class Service(Condition):
    """A carrier service. Its limits are a condition."""

    name: Name
    enabled: bool = True
    direction: Literal["Outbound", "Inbound"] = "Outbound"
    features: list[_Feature] = []
    legs: list[Leg] | None = Field(None, min_length=1, description="One leg by the service's own carrier if left out")
    locations: list[Reference] | None = Field(None, description="Only from these; from all if left out")
    origins: list[Place] = Field(min_length=1)
    destinations: list[Place] = Field(min_length=1)
    excluded: list[Place] = []
    maximum_value: Money | None = None
    daily_limit: WholeNumber | None = Field(
        None, ge=1, le=10_000_000, description="Consignments it takes for one day's collection; any number if left out"
    )
    tags: list[Name] = []
    delivery: Delivery = Delivery()
    divisor: Amount | None = Field(None, description="Cubic Cm a Kg for volumetric weight; none if left out")
    price_per: Literal["consignment", "package"] = "consignment"
    currency: Currency | None = None
    tax_exempt: bool = False
    surcharges: list[str] = []
    rates: list[Rate] = Field(min_length=1)


class Carrier(Part):
    """A carrier and its services. Its calendar holds where no shipping location's does, as for returns."""

    name: Name
    calendar: str | None = None
    services: dict[Reference, Service] = {}
