"""Carriers' tracking events as PRO's `POST /tracking/carrierevents` takes them. The texts may be personal data."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from allocation.consignments.pro_values import ProModel, null_as_empty
from allocation.domain.tracking import TrackingEvent

# Consignments of a request, packages of a consignment, events of a package. Each consignment takes two calls of a
# database, and API Gateway waits for 29 seconds.
_MAX_CONSIGNMENTS: Final = 200
_MAX_PACKAGES: Final = 1000
_MAX_EVENTS: Final = 200
# How far the clock of a carrier may be ahead. A date far in the future would be the last event for ever.
MAX_AHEAD: Final = timedelta(days=1)

_Reference = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)]
_Text = Annotated[str, StringConstraints(max_length=1000)]


def _with_offset(text: str) -> str:
    """Return a moment as it was sent. Raises `ValueError` unless it has an offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError("must be a timestamp in ISO 8601 with its UTC offset, such as 2027-01-31T09:15:00+00:00")
    return text


class CarrierEvent(ProModel):
    """One event of a package."""

    time_stamp: Annotated[str, StringConstraints(max_length=40), AfterValidator(_with_offset)]
    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    description: _Text | None = None
    signed_by: _Text | None = None
    location: _Text | None = None

    @property
    def at(self) -> datetime:
        """The moment, aware."""
        return datetime.fromisoformat(self.time_stamp)

    def to_domain(self, package: int | None, leg: int) -> TrackingEvent:
        """Return the event of a package, by its position from 0 or None for all, on a leg."""
        return TrackingEvent(self.time_stamp, self.code, package, leg, self.description, self.signed_by, self.location)


class PackageEvents(ProModel):
    """The events of one package; of all packages, or of the one that the tracking reference means, without one."""

    package_reference: Annotated[str, StringConstraints(max_length=256)] | None = None
    tracking_events: Annotated[list[CarrierEvent], BeforeValidator(null_as_empty), Field(max_length=_MAX_EVENTS)] = (
        Field(default_factory=list)
    )


class ConsignmentEvents(ProModel):
    """The events of one tracking reference."""

    consignment_tracking_reference: _Reference
    package_tracking_events: Annotated[
        list[PackageEvents], BeforeValidator(null_as_empty), Field(max_length=_MAX_PACKAGES)
    ] = Field(default_factory=list)


class CarrierEvents(ProModel):
    """PRO's `BulkCarrierTrackingEventsRequest`. Without a carrier's reference, the events are any carrier's."""

    carrier_reference: Annotated[str, StringConstraints(max_length=256)] | None = None
    consignment_tracking_events: Annotated[list[ConsignmentEvents], Field(min_length=1, max_length=_MAX_CONSIGNMENTS)]
