"""The catalogue as people write it: the models that `docs/catalogue/catalogue.json` is generated from."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, StringConstraints

from allocation.consignments.allocatable_consignment import PLAIN_TEXT_PATTERN
from allocation.domain.mode import ModeName
from allocation.domain.preference import CHEAPEST
from cli.catalogue.catalogue_problems import KeyPath, key_path
from cli.catalogue.quantity_types import Centimetres
from cli.catalogue.value_types import (
    Amount,
    Currency,
    Day,
    HandlingDays,
    Name,
    Part,
    Place,
    PreferenceField,
    Reference,
    ZoneName,
)
from cli.catalogue.written_calendars import Calendar, DeliveryHolidays, Holidays, Years
from cli.catalogue.written_pickups import AddressLine, PickupLocation, StreetAddress, WrittenCoordinates
from cli.catalogue.written_prices import Surcharge
from cli.catalogue.written_service import Carrier, Service
from cli.catalogue.written_zones import Zones


class ExchangeRate(Part):
    """What one unit of a currency is worth in the catalogue's currency, between two days, both included."""

    currency: Currency
    rate: Amount
    from_: Day = Field(alias="from")
    to: Day | None = None


class Tax(Part):
    """The tax on deliveries to some places; the most specific place wins. A rate of 0.2 is 20%."""

    rate: Amount
    destinations: list[Place] = Field(min_length=1)


class PackageSize(Part):
    """The sides of a package that consignments can name by a reference."""

    length: Centimetres
    width: Centimetres
    height: Centimetres


class Collections(Part):
    """The calendar that holds at a location: the service's, else its carrier's, else the default."""

    default: str | None = None
    carriers: dict[Reference, str] = {}
    services: dict[Reference, str] = {}


class LocationContact(Part):
    """Whom carriers and customs may ask at a shipping location."""

    title: AddressLine | None = None
    first_name: AddressLine | None = None
    last_name: AddressLine | None = None
    position: AddressLine | None = None
    telephone: AddressLine | None = None
    mobile: AddressLine | None = None
    email: AddressLine | None = None


class Location(Part):
    """A shipping location: where consignments leave from or return to."""

    name: Name | None = None
    address: StreetAddress | None = None
    contact: LocationContact | None = None
    country: str = Field(pattern="^[A-Z]{2}$")
    postcode: str | None = None
    region: str | None = Field(None, description="Of ISO 3166-2, where its postcode says none", examples=["JP-37"])
    time_zone: ZoneName | None = None
    collections: Collections
    handling_days: HandlingDays = 0


class RoutedMode(Part):
    """An allocation mode, and the service group or carrier service that it needs."""

    mode: ModeName
    reference: Reference | None = None
    preference: PreferenceField | None = Field(None, description="The catalogue's if left out")


_Option = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PLAIN_TEXT_PATTERN)]


class Routing(Part):
    """The mode of each delivery option that customers choose at the checkout."""

    default: RoutedMode = Field(description="For consignments without a delivery option")
    unknown: Literal["default", "fail"] = Field("fail", description="What becomes of options without a row")
    options: dict[_Option, RoutedMode] = {}


class Guess(Part):
    """What is guessed of a destination whose sender does not say what kind of address it is."""

    po_boxes: bool = Field(default=False, description="From words such as PO Box in its lines")
    residential: bool = Field(default=False, description="Where it has lines and no company name")


class WrittenCatalogue(Part):
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
    zones: Zones = Zones()
    surcharges: dict[Name, Surcharge] = {}
    calendars: dict[str, Calendar] = {}
    locations: dict[Reference, Location] = {}
    pickup_locations: dict[Reference, PickupLocation] = {}
    place_coordinates: dict[Place, WrittenCoordinates] = Field(
        {}, description="The middle of places such as postcode districts, for distances to pickup locations"
    )
    carriers: dict[Reference, Carrier] = Field(min_length=1)
    groups: dict[Reference, list[Reference]] = {}
    guess: Guess = Guess()
    preference: PreferenceField = Field(CHEAPEST, description="Which of the services that can take it")
    routing: Routing | None = Field(None, description="Without it, the stack's allocation mode holds for everything")

    _content: Any = PrivateAttr(None)

    @property
    def content(self) -> Any:
        """The catalogue in the words of its file, units and short forms included; None where it was not read of one."""
        return self._content

    def with_content(self, content: Any) -> "WrittenCatalogue":
        """Return the catalogue with the content of the file that it was read from."""
        self._content = content
        return self

    def all_services(self) -> Iterator[tuple[KeyPath, str, Service]]:
        """Yield each service with its key path and its reference."""
        for carrier, item in self.carriers.items():
            for reference, service in item.services.items():
                yield key_path("carriers", carrier, "services", reference), reference, service


def catalogue_schema() -> dict[str, Any]:
    """Return the JSON Schema of a written catalogue. It leaves the form of quantities and places to the check."""
    schema = WrittenCatalogue.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Catalogue"}


def catalogue_schema_text() -> str:
    """Return the text of `docs/catalogue/catalogue.json`."""
    return json.dumps(catalogue_schema(), indent=2) + "\n"
