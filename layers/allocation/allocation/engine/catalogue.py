"""The catalogue as the engine uses it: resolved, in Kg, Cm, Decimal and day ordinals.

`compiled.py` reads it from the compiled document; nothing here checks again what compiling has checked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from allocation.domain.consignment import Dimensions, Direction, Money
from allocation.engine.calendars import Calendar
from allocation.engine.summary import Carrier


@dataclass(frozen=True, slots=True)
class Range:
    """A closed range; an end that is None is open."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None


class Measure(StrEnum):
    """What a surcharge can depend on, of one package."""

    WEIGHT = "weight"
    LENGTH = "length"
    GIRTH = "girth"


@dataclass(frozen=True, slots=True)
class Validity:
    """A closed range of days, either end open."""

    first: date | None = None
    last: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day lies in the range."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Surcharge:
    """What is added to a price (`pro-api.md`, Prices).

    `Additive` adds `amount` in the service's currency; `Variable` adds that part of the base price, 0.4 being 40%. With
    `over`, it applies to packages whose measure is greater; with `per_package`, once for each such package.
    """

    name: str
    variable: bool
    amount: Decimal
    per_package: bool
    minimum: Decimal | None
    maximum: Decimal | None
    validity: Validity
    places: frozenset[str] | None
    over: tuple[Measure, Decimal] | None


@dataclass(frozen=True, slots=True)
class Rate:
    """The prices of one zone: `prices[i]` up to and including `limits[i]` Kg of chargeable weight.

    Above the last limit each started `step` Kg costs `step_price` more, up to `last_weight` Kg.
    """

    zone: str
    places: frozenset[str]
    transit_days: int
    limits: Sequence[Decimal]
    prices: Sequence[Decimal]
    step: Decimal | None = None
    step_price: Decimal = Decimal(0)
    last_weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """One carrier's part of the journey, to `hub` or, where there is none, to the destination."""

    carrier: Carrier
    hub: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A carrier service."""

    reference: str
    name: str
    carrier: Carrier
    enabled: bool
    direction: Direction
    features: frozenset[str]
    """Of `pickUp`, `dropOff`, `timed`, `tracked`, `signed`."""
    legs: tuple[Leg, ...]
    locations: frozenset[str] | None
    """The shipping locations it serves; None for all."""
    origins: frozenset[str]
    destinations: frozenset[str]
    excluded: frozenset[str]
    weight: Range
    length: Range
    girth: Range
    maximum_value: Money | None
    daily_limit: int | None
    """How many consignments it takes for one day's collection; None for any number."""
    tags: frozenset[str]
    weekdays: tuple[bool, ...]
    on_holidays: bool
    window: tuple[int, int]
    divisor: Decimal | None
    """Cubic Cm a Kg, for volumetric weight."""
    by_package: bool
    """Whether each package has its own price, or the consignment one for all."""
    currency: str
    tax_exempt: bool
    rates: tuple[Rate, ...]
    surcharges: tuple[Surcharge, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A shipping location, and the calendars of its collections: a service's, else its carrier's, else everyone's."""

    reference: str
    country: str
    postcode: str | None
    by_service: Mapping[str, Calendar]
    by_carrier: Mapping[str, Calendar]
    otherwise: Calendar | None


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """What one unit of a currency is worth in the catalogue's own, on some days."""

    currency: str
    rate: Decimal
    validity: Validity


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on what is delivered to some places; `rate` 0.2 is 20%."""

    reference: str
    rate: Decimal
    places: frozenset[str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that decides. Services are in the order of their references, whatever order they were written in."""

    version: str
    digest: str
    currency: str
    home: Calendar
    """A calendar without collections, for the day it is where the catalogue is at home."""
    last_day: int
    carriers: Mapping[str, Carrier]
    carrier_calendars: Mapping[str, Calendar]
    services: tuple[Service, ...]
    groups: Mapping[str, frozenset[str]]
    locations: Mapping[str, Location]
    package_sizes: Mapping[str, Dimensions]
    delivery_holidays: Mapping[str, frozenset[int]]
    """By place: the days on which nothing is delivered there."""
    exchange_rates: tuple[ExchangeRate, ...]
    taxes: tuple[Tax, ...]
