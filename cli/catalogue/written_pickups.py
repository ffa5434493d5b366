"""Pickup locations as people write them: shops and lockers where recipients collect."""

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from allocation.consignments.allocatable_consignment import PLAIN_TEXT_PATTERN
from allocation.engine.pickup_locations import MAX_LATITUDE, MAX_LONGITUDE
from cli.catalogue.value_types import Name, Part, Reference, TimeOfDay, Weekday, WholeNumber, ZoneName, described_as

# What one item of DynamoDB can hold of the spaces that are taken: each of sixty days can have as many.
_MAX_SPACES: Final = 200
_MAX_RESERVED_HOURS: Final = 14 * 24
_DEGREES: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,10})?")

AddressLine = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=PLAIN_TEXT_PATTERN)]


class StreetAddress(Part):
    """Where a location is, as labels and customs papers print it; the country and postcode are beside it."""

    company: AddressLine | None = Field(None, description="The location's name if left out")
    lines: list[AddressLine] = Field(min_length=1, max_length=3, examples=[["Unit 4", "Mill Lane"]])
    town: AddressLine
    region: AddressLine | None = Field(None, description="The county, state or province, in words")


def _degrees(value: object) -> Decimal:
    if isinstance(value, bool | float) or not re.fullmatch(_DEGREES, str(value)):
        raise ValueError("write degrees such as 53.4774, or -2.2309 for south and west")
    return Decimal(str(value))


def _at_most(most: int, name: str) -> object:
    def check(value: object) -> Decimal:
        degrees = _degrees(value)
        if abs(degrees) > most:
            raise ValueError(f"write a {name} between -{most} and {most}: the latitude comes first")
        return degrees

    return BeforeValidator(check)


_NUMBER: Final = described_as(type=["number", "string"], examples=[53.4774, -2.2309])
WrittenCoordinates = Annotated[
    tuple[
        Annotated[Decimal, _at_most(MAX_LATITUDE, "latitude"), _NUMBER],
        Annotated[Decimal, _at_most(MAX_LONGITUDE, "longitude"), _NUMBER],
    ],
    Field(description="Latitude and longitude in degrees, north and east positive"),
]


class OpeningTime(Part):
    """When a location is open on some days of every week. Local time."""

    days: list[Weekday] = Field(min_length=1)
    window: tuple[TimeOfDay, TimeOfDay]

    @model_validator(mode="after")
    def in_order(self) -> "OpeningTime":
        """Refuse hours that end before they begin."""
        opens, closes = self.window
        if opens >= closes:
            raise ValueError("write the hour of opening first, then a later one of closing")
        return self


class Reservation(Part):
    """Whether an option has to be reserved before it is selected, and how long a reservation holds its space."""

    required: bool = False
    hours: WholeNumber = Field(24, ge=1, le=_MAX_RESERVED_HOURS)


class PickupLocation(Part):
    """A shop or locker where recipients collect what one of its carriers delivers there."""

    name: Name
    carriers: list[Reference] = Field(min_length=1, description="Whose services with pickupOnly deliver there")
    address: StreetAddress
    country: str = Field(pattern="^[A-Z]{2}$")
    postcode: str | None = None
    coordinates: WrittenCoordinates | None = Field(
        None, description="If left out, those of the most specific place in placeCoordinates that it lies in"
    )
    time_zone: ZoneName | None = Field(None, description="The catalogue's if left out")
    opening_times: list[OpeningTime] = Field(min_length=1, description="Nothing is delivered on other days")
    spaces: WholeNumber | None = Field(
        None, ge=1, le=_MAX_SPACES, description="Consignments it takes for one day of delivery; any number if left out"
    )
    reservation: Reservation = Reservation()
    information: dict[AddressLine, AddressLine] = Field({}, description="What else recipients are told of it")
