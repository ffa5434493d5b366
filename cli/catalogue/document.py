"""The catalogue document: the models that `docs/catalogue/catalogue.json` is generated from."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel

from cli.catalogue.fields import (
    Amount,
    Bounds,
    Centimetres,
    Currency,
    Day,
    Kilograms,
    Money,
    Name,
    Place,
    Reference,
    TimeOfDay,
    WholeNumber,
    ZoneName,
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Feature = Literal["pickUp", "dropOff", "timed", "tracked", "signed"]
WORKING_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


class Part(BaseModel):
    """A part of the document: camelCase names, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Years(Part):
    """The years that public holidays and clock changes are worked out for; outside them nothing is collected."""

    first: WholeNumber = Field(ge=1970, le=2200)
    last: WholeNumber = Field(ge=1970, le=2200)


class ExchangeRate(Part):
    """What one unit of a currency is worth in the catalogue's own, from one day to another, both included."""

    currency: Currency
    rate: Amount
    from_: Day = Field(alias="from")
    to: Day | None = None


class Tax(Part):
    """The tax on deliveries to some places; the most specific place wins. A rate of 0.2 is 20%."""

    rate: Amount
    destinations: list[Place] = Field(min_length=1)


class Holidays(Part):
    """The public holidays of a country or a part of it, with dates added and removed."""

    country: str = Field(pattern="^[A-Z]{2}$", description="As the `holidays` library knows it")
    subdivision: str | None = Field(None, description="As the `holidays` library knows it: ENG, SCT, NIR, BY ...")
    add: list[Day] = []
    remove: list[Day] = []


class DeliveryHolidays(Part):
    """Where which holidays stop deliveries; the most specific place wins."""

    destinations: list[Place] = Field(min_length=1)
    holidays: str


class PackageSize(Part):
    """The sides of a package that consignments know by a reference."""

    length: Centimetres
    width: Centimetres
    height: Centimetres


class Hours(Part):
    """Until when a day's collection can be joined, that second included, and when it leaves. Local time."""

    cut_off: TimeOfDay
    collection: TimeOfDay


class WeeklyHours(Hours):
    """The hours of some days of every week."""

    days: list[Weekday] = Field(min_length=1)


HOURS: Final = "(hours)"
CLOSED: Final = "(closed)"
"""What tells the two kinds of exception apart; they stand in the locations of errors."""


def _kind_of_exception(value: Any) -> str:
    return CLOSED if isinstance(value, str) else HOURS


ExceptionalHours = Annotated[
    Annotated[Hours, Tag(HOURS)] | Annotated[Literal["closed"], Tag(CLOSED)], Discriminator(_kind_of_exception)
]


class Calendar(Part):
    """When a carrier collects: every week, less the holidays; an exception's date wins over both."""

    time_zone: ZoneName | None = Field(None, description="The location's, or else the catalogue's, if not given")
    collections: list[WeeklyHours] = Field(min_length=1)
    holidays: str | None = None
    exceptions: dict[Day, ExceptionalHours] = {}


class Collections(Part):
    """Which calendar holds at a location: the service's, else its carrier's, else the default."""

    default: str | None = None
    carriers: dict[Reference, str] = {}
    services: dict[Reference, str] = {}


class Location(Part):
    """A shipping location: where consignments leave from or return to."""

    name: Name | None = None
    country: str = Field(pattern="^[A-Z]{2}$")
    postcode: str | None = None
    time_zone: ZoneName | None = None
    collections: Collections


class Over(Part):
    """A measure of a package, and the value above which something applies."""

    weight: Kilograms | None = None
    length: Centimetres | None = None
    girth: Centimetres | None = None


class Surcharge(Part):
    """What is added to a price: `Additive` an amount, `Variable` a part of the rate, 0.4 being 40%."""

    type: Literal["Additive", "Variable"]
    amount: Amount
    per_package: bool = False
    minimum: Amount | None = None
    maximum: Amount | None = None
    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    destinations: list[Place] | None = Field(None, min_length=1, description="Only there; everywhere if not given")
    over: Over | None = Field(None, description="Only for packages with more than this")


class WeightRange(Part):
    """Both ends included."""

    from_: Kilograms | None = Field(None, alias="from")
    to: Kilograms | None = None


class SizeRange(Part):
    """Both ends included."""

    from_: Centimetres | None = Field(None, alias="from")
    to: Centimetres | None = None


class Delivery(Part):
    """On which days and when a service delivers. The window is local time."""

    days: list[Weekday] = Field(list(WORKING_DAYS), min_length=1)
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


class Service(Part):
    """A carrier service."""

    name: Name
    enabled: bool = True
    direction: Literal["Outbound", "Inbound"] = "Outbound"
    features: list[Feature] = []
    legs: list[Leg] | None = Field(None, min_length=1, description="One leg by the service's own carrier if not given")
    locations: list[Reference] | None = Field(None, description="Only from these; from all if not given")
    origins: list[Place] = Field(min_length=1)
    destinations: list[Place] = Field(min_length=1)
    excluded: list[Place] = []
    weight: Annotated[WeightRange, Bounds] = WeightRange()
    length: Annotated[SizeRange, Bounds] = SizeRange()
    girth: Annotated[SizeRange, Bounds] = SizeRange()
    maximum_value: Money | None = None
    daily_limit: WholeNumber | None = Field(
        None, ge=1, le=10_000_000, description="Consignments it takes for one day's collection; any number if not given"
    )
    tags: list[Name] = []
    delivery: Delivery = Delivery()
    divisor: Amount | None = Field(None, description="Cubic Cm a Kg for volumetric weight; none if not given")
    price_per: Literal["consignment", "package"] = "consignment"
    currency: Currency | None = None
    tax_exempt: bool = False
    surcharges: list[str] = []
    rates: list[Rate] = Field(min_length=1)


class Carrier(Part):
    """A carrier and its services. The calendar holds where no shipping location's does, as for returns."""

    name: Name
    calendar: str | None = None
    services: dict[Reference, Service] = {}


class CatalogueDocument(Part):
    """A catalogue of carrier services, as a person writes it."""

    version: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")
    currency: Currency
    time_zone: ZoneName
    years: Years
    taxes: dict[Name, Tax] = Field(min_length=1)
    exchange_rates: list[ExchangeRate] = []
    holidays: dict[str, Holidays] = {}
    delivery_holidays: list[DeliveryHolidays] = []
    package_sizes: dict[Name, PackageSize] = {}
    zones: dict[Name, list[Place]] = {}
    surcharges: dict[Name, Surcharge] = {}
    calendars: dict[str, Calendar] = {}
    locations: dict[Reference, Location] = {}
    carriers: dict[Reference, Carrier] = Field(min_length=1)
    groups: dict[Reference, list[Reference]] = {}
