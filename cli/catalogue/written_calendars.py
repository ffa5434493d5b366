"""Calendars as people write them: years, public holidays, and when a carrier collects."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag

from cli.catalogue.value_types import Day, Part, Place, TimeOfDay, Weekday, WholeNumber, ZoneName


class Years(Part):
    """The years that public holidays and clock changes are worked out for; outside them nothing is collected."""

    first: WholeNumber = Field(ge=1970, le=2200)
    last: WholeNumber = Field(ge=1970, le=2200)


class Holidays(Part):
    """The public holidays of a country or a part of it, plus dates to add, less dates to remove."""

    country: str = Field(pattern="^[A-Z]{2}$", description="As the `holidays` library knows it")
    subdivision: str | None = Field(None, description="As the `holidays` library knows it: ENG, SCT, NIR, BY ...")
    national_only: bool = Field(
        default=False, description="Only the days that the whole country has, without those of its parts"
    )
    add: list[Day] = []
    remove: list[Day] = []


class DeliveryHolidays(Part):
    """The holidays on which nothing is delivered to some places; the most specific place wins."""

    destinations: list[Place] = Field(min_length=1)
    holidays: str


class Hours(Part):
    """The last second at which a consignment can join a collection, and when it leaves. Local time."""

    cut_off: TimeOfDay
    cut_off_days_before: WholeNumber = Field(
        0, ge=0, le=31, description="Calendar days from the cut-off to the collection: 1 for the evening before"
    )
    collection: TimeOfDay


class WeeklyHours(Hours):
    """One collection on some days of every week."""

    days: list[Weekday] = Field(min_length=1)


# Tags of the kinds of exception. Pydantic puts them into the locations of its errors.
HOURS: Final = "(hours)"
SEVERAL: Final = "(several)"
CLOSED: Final = "(closed)"


def _kind_of_exception(value: Any) -> str:
    if isinstance(value, list):
        return SEVERAL
    return CLOSED if isinstance(value, str) else HOURS


_ExceptionalHours = Annotated[
    Annotated[Hours, Tag(HOURS)]
    | Annotated[list[Hours], Field(min_length=1), Tag(SEVERAL)]
    | Annotated[Literal["closed"], Tag(CLOSED)],
    Discriminator(_kind_of_exception),
]


class Calendar(Part):
    """When a carrier collects: its weekly hours, less the holidays. A date under `exceptions` wins over both."""

    time_zone: ZoneName | None = Field(None, description="The location's if left out, else the catalogue's")
    collections: list[WeeklyHours] = Field(min_length=1)
    holidays: str | None = None
    exceptions: dict[Day, _ExceptionalHours] = {}

    def exceptional_hours(self, day: date) -> list[Hours]:
        """Return the collections of a day that is an exception; none where it is closed."""
        match self.exceptions[day]:
            case "closed":
                return []
            case Hours() as hours:
                return [hours]
            case several:
                return several
