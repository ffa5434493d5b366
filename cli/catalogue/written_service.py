"""Carrier services as people write them: what they carry, where to, when and for how much."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from allocation.domain.contents import Content
from cli.catalogue.quantity_types import DivisorField
from cli.catalogue.value_types import (
    Amount,
    Bounds,
    Currency,
    Day,
    HandlingDays,
    Money,
    Name,
    Part,
    Place,
    Reference,
    Residential,
    SignedAmount,
    WholeNumber,
)
from cli.catalogue.written_conditions import Condition
from cli.catalogue.written_deliveries import Delivery, Transit
from cli.catalogue.written_prices import ChargeableWeight, Rate

_Feature = Literal["pickUp", "dropOff", "timed", "tracked", "signed"]


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
    po_boxes: bool = Field(default=True, description="Whether it delivers to PO boxes")
    pickup_only: bool = Field(
        default=False, description="It delivers to its carrier's pickup locations, and nowhere else"
    )
    residential: Residential = Field(default=True, description="Whether it delivers to homes, or only to them")
    contents: list[Content] = Field([], description="What it carries of what is dangerous or restricted")
    excluded_contents: list[Content] = Field([], description="What it never carries")
    daily_limit: WholeNumber | None = Field(
        None, ge=1, le=10_000_000, description="Consignments it takes for one day's collection; any number if left out"
    )
    priority: WholeNumber | None = Field(
        None, ge=0, description="The lower comes first where priority is preferred; last if left out"
    )
    handicap: SignedAmount = Field(
        Decimal(0), description="Added where services are compared, never to the price; in the catalogue's currency"
    )
    tags: list[Name] = []
    handling_days: HandlingDays | None = Field(None, description="The location's if left out")
    delivery: Delivery = Delivery()
    transit: list[Transit] = Field([], description="Wins over the rates' transitDays")
    divisor: DivisorField | None = Field(None, description="Cubic Cm a Kg for volumetric weight; none if left out")
    chargeable_weight: Annotated[ChargeableWeight, Bounds] = ChargeableWeight()
    price_per: Literal["consignment", "package"] = "consignment"
    currency: Currency | None = None
    tax_exempt: bool = False
    prices_include_tax: bool = Field(default=False, description="Its prices and surcharges are what is paid, with tax")
    round_to: Amount | None = Field(None, description="The total is rounded half up to a multiple of it, as 0.05")
    surcharges: list[str] = []
    rates: list[Rate] = Field(min_length=1)
    from_: Day | None = Field(None, alias="from", description="The first day of collection; any if left out")
    to: Day | None = Field(None, description="The last day of collection")


class Carrier(Part):
    """A carrier and its services. Its calendar holds where no shipping location's does, as for returns."""

    name: Name
    calendar: str | None = None
    services: dict[Reference, Service] = {}
