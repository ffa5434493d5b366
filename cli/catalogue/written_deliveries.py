"""Deliveries as people write them: days, hours, exceptions by destination, and transit days."""

# ruff: noqa: RUF012 - Pydantic copies mutable defaults

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from cli.catalogue.value_types import DAYS, Day, OrShort, Part, Place, TimeOfDay, Weekday, WholeNumber

_Window = tuple[TimeOfDay, TimeOfDay]


def _slot(value: Any) -> Any:
    """Read two times as a slot of every day of delivery."""
    return {"window": value} if isinstance(value, list) else value


# A slot may be written as its two times only.
_OrTimes: Final = OrShort(_slot, {**TypeAdapter(_Window).json_schema(), "title": "Window"})


class Slot(Part):
    """Hours in which a service delivers on some days, promised as a whole. Local time."""

    days: list[Weekday] | None = Field(None, min_length=1, description="All days of delivery if left out")
    window: _Window


class DeliveryHours(Part):
    """On which days and in which hours a service delivers. What is left out is as described beside it."""

    days: list[Weekday] | None = Field(None, min_length=1)
    window: _Window | None = None
    slots: list[Annotated[Slot, _OrTimes]] | None = Field(None, min_length=1, description="Instead of a window")


class DeliveryException(DeliveryHours):
    """How a service delivers to some places: what is left out is as everywhere; the most specific place wins."""

    destinations: list[Place] = Field(min_length=1)
    closed: list[Day] = Field([], description="Days on which nothing is delivered there")


class Delivery(DeliveryHours):
    """The days and the hours in which a service delivers. Times are local."""

    days: list[Weekday] = Field(list(DAYS[:5]), min_length=1)
    on_holidays: bool = False
    window: _Window = (8 * 3600, 18 * 3600)
    exceptions: list[DeliveryException] = []


class Transit(Part):
    """How many days of delivery after its collection a consignment arrives. The most specific place wins."""

    zone: Place
    origin: Place | None = Field(None, description="Only from there; from everywhere if left out")
    days: WholeNumber = Field(ge=0, le=60)
