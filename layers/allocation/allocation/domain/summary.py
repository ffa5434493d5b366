"""The Allocation Summary, exactly as SortedPRO writes it (`pro-api.md`, Allocation Summary).

It is kept and published with all documented fields. So it is a Pydantic model even in the domain
(`docs/decisions/0003-the-summary-is-a-document.md`). Any other field may hold contact data and is not read.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_pascal

from allocation.domain.reference import ConsignmentReference

_COLLECTED: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d\d:[0-5]\d)", re.ASCII)


class SummaryPart(BaseModel):
    """A frozen part of a summary: PascalCase in JSON, nulls written, unknown fields left out."""

    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True, extra="ignore", frozen=True)


class ApiLink(SummaryPart):
    """A link to the consignment (`detail`) or to its labels (`label`)."""

    rel: str
    href: str


class ConsignmentLeg(SummaryPart):
    """One leg of the journey; carriers that hand over have a leg each. Legs count from 1."""

    leg: int
    tracking_references: tuple[str, ...] = ()
    carrier_reference: str | None = None
    carrier_service_reference: str | None = None
    carrier_name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def accept_one_tracking_reference(cls, value: Any) -> Any:
        """Read API v1's single `TrackingReference` as a list of one, and a null list as an empty one."""
        if not isinstance(value, dict):
            return value
        leg = dict(value)
        single = leg.pop("TrackingReference", None)
        if leg.get("TrackingReferences", ()) is None or single is not None:
            leg["TrackingReferences"] = [single] if single else []
        return leg


class AllocationSummary(SummaryPart):
    """What an allocation endpoint answers for one consignment; `status_code` is 2xx for an allocation."""

    status_code: int
    api_links: tuple[ApiLink, ...] = ()
    description: str | None = None
    consignment_legs: tuple[ConsignmentLeg, ...] = ()
    carrier_reference: str | None = None
    carrier_name: str | None = None
    carrier_service_reference: str | None = None
    carrier_service_name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def accept_null_lists(cls, value: Any) -> Any:
        """Read a null `ApiLinks` or `ConsignmentLegs`, which failed items may have, as an empty list."""
        if not isinstance(value, dict):
            return value
        lists = ("ApiLinks", "ConsignmentLegs")
        return {key: [] if key in lists and item is None else item for key, item in value.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the summary as PRO's JSON: plain data."""
        # This mode makes lists of tuples; there are only texts and whole numbers, which it leaves as they are.
        return self.model_dump(mode="json", by_alias=True)


def collection_time(description: str | None) -> datetime | None:
    """Return when a success text says that the consignment is collected, in UTC, or None.

    >>> collection_time("Consignment C has been allocated with X for shipping on 11/06/2027 17:00:00 +00:00")
    datetime.datetime(2027, 6, 11, 17, 0, tzinfo=datetime.timezone.utc)
    """
    _, found, moment = (description or "").rpartition(" for shipping on ")
    if not found:
        return None
    try:
        # As all of ours are, and most of PRO's: `strptime` is slow, and the first one makes a function wait.
        if written := _COLLECTED.fullmatch(moment):
            return datetime.fromisoformat("{2}-{1}-{0}T{3}{4}".format(*written.groups())).astimezone(UTC)
        return datetime.strptime(moment, "%d/%m/%Y %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def success_text(
    consignment: ConsignmentReference, carrier_name: str | None, service_name: str, collected_at: datetime | None
) -> str:
    """Return PRO's success text; a service's name that contains the carrier's, in any case, stands by itself.

    `collected_at` is aware and is written in UTC; None leaves out when it is collected.

    >>> success_text(ConsignmentReference("EC-000-05B-MMA"), "Carrier X", "Next Day", None)
    'Consignment EC-000-05B-MMA has been successfully allocated with Carrier X Next Day'
    """
    carrier = f"{carrier_name} " if carrier_name and carrier_name.casefold() not in service_name.casefold() else ""
    text = f"Consignment {consignment} has been successfully allocated with {carrier}{service_name}"
    if collected_at is None:
        return text
    return f"{text} for shipping on {collected_at.astimezone(UTC):%d/%m/%Y %H:%M:%S +00:00}"
