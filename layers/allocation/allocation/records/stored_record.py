"""Reads the allocation record from the document that DynamoDB keeps and streams (`docs/events/README.md`)."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.outcome import AllocatedBy, Failure
from allocation.domain.record import PastFailure, RecordSeen
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.routing import Route
from allocation.domain.summary import AllocationSummary
from allocation.domain.tracking import Journey
from allocation.records.record_document import SCHEMA_VERSION, journey_document


class FailureDocument(BaseModel):
    """Why a consignment has no carrier service."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str


class PriceDocument(BaseModel):
    """What the carrier service costs; the amounts are decimal text in `currency` (ISO 4217)."""

    model_config = ConfigDict(frozen=True)

    net: str
    vat: str
    gross: str
    currency: str


class RouteDocument(BaseModel):
    """The row of the routing table that chose the mode: a delivery option, `default` or `unknown`."""

    model_config = ConfigDict(frozen=True)

    row: str
    option: str | None = None
    preference: str | None = None


class PastFailureDocument(FailureDocument):
    """The last failure before the record's outcome; `failedAt` is ISO 8601 in UTC."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    failed_at: str


class RefusedUpdateDocument(BaseModel):
    """An update that the consignment refused, since it is allocated or cancelled; `at` is ISO 8601 in UTC."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    event_id: str
    at: str


class DeliveryDocument(BaseModel):
    """When what happened to a consignment on its way, by its carrier's events; ISO 8601 in UTC.

    `at` is the moment of the last event that says where it is.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    at: str
    collected_at: str | None = None
    first_attempted_at: str | None = None
    attempted_at: str | None = None
    delivered_at: str | None = None
    returned_at: str | None = None


class StoredRecord(BaseModel):
    """A record as read back from the table or its stream. Fields that are unknown here are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    consignment_reference: str
    order_reference: str
    customer_reference: str | None = None
    # SortedPRO's own reference, where it created the consignment for this stack.
    pro_reference: str | None = None
    state: str
    mode: str | None = None
    mode_reference: str | None = None
    route: RouteDocument | None = None
    version: int
    event_id: str = ""
    # The ids of the events and requests that were tried, where there were several.
    event_ids: tuple[str, ...] = ()
    allocated_at: str
    allocation_summary: AllocationSummary | None = None
    failure: FailureDocument | None = None
    carrier_reference: str | None = None
    carrier_service_reference: str | None = None
    price: PriceDocument | None = None
    collected_at: str | None = None
    # The end of the delivery window, on the destination's clock written as UTC.
    delivered_by: str | None = None
    why: str | None = None
    # `engine` or `pro`; None in the records of earlier versions.
    allocated_by: str | None = None
    # Of the SortedPRO that allocated it.
    pro_base_url: str | None = None
    # The claim under which it was asked; None in the records of earlier versions.
    pro_claim: str | None = None
    adopted: bool | None = None
    schema_version: int = SCHEMA_VERSION
    # The day on which it counts towards its service's allocation limit.
    limited_day: str | None = None
    past_failure: PastFailureDocument | None = None
    # The id of the last order-updated event whose content was taken.
    updated_by: str | None = None
    # The name of the API's key that asked for this outcome, where one did.
    asked_by: str | None = None
    # Where this version only says that an update was refused.
    refused_update: RefusedUpdateDocument | None = None
    # When the allocated consignment took its last step (ISO 8601 in UTC); None for one that has taken none.
    moved_at: str | None = None
    # The manifest that the consignment stands in, and when it came there.
    manifest_reference: str | None = None
    manifested_at: str | None = None
    # Why it could not be manifested, where the last attempt failed.
    manifest_problem: str | None = None
    dispatched_at: str | None = None
    # What its carrier's events come to.
    delivery: DeliveryDocument | None = None
    # In seconds since 1970; None for a record that stays.
    expires_at: int | None = None
    # Text is the form of earlier versions. `records/explanations.py` reads both.
    explanation: bytes | str | None = None
    # What the decision was asked (`engine/asked.py`).
    asked: bytes | None = None

    @property
    def label_link(self) -> str | None:
        """The link of the summary to the consignment's labels, or None."""
        links = self.allocation_summary.api_links if self.allocation_summary else ()
        return next((link.href for link in links if link.rel.casefold() == "label"), None)

    @property
    def tracking_reference(self) -> str | None:
        """The first tracking reference of the allocation, or None."""
        legs = self.allocation_summary.consignment_legs if self.allocation_summary else ()
        return next((text for leg in legs for text in leg.tracking_references), None)

    def says(self, journey: Journey) -> bool:
        """Return whether the record says already what a carrier's events come to."""
        if journey.state is None:
            return self.delivery is None
        return self.state == journey.state and self.delivery == DeliveryDocument(**journey_document(journey))

    @property
    def counted_on(self) -> LimitedDay | None:
        """The service's day whose limit the record counts on, or None."""
        if self.limited_day is None or self.carrier_service_reference is None:
            return None
        return LimitedDay(self.carrier_service_reference, date.fromisoformat(self.limited_day))

    @property
    def latest_failure(self) -> PastFailure | None:
        """The record's own failure, or else its past failure: a later success does not clear it."""
        if self.failure:
            return _past_failure(self.failure, self.allocated_at)
        return _past_failure(self.past_failure, self.past_failure.failed_at) if self.past_failure else None

    @property
    def tried_event_ids(self) -> tuple[str, ...]:
        """The ids of the last events and requests that were tried."""
        return self.event_ids or (self.event_id,)

    @property
    def known_route(self) -> Route | None:
        """The row of the routing table that chose the mode, or None."""
        return Route(self.route.row, self.route.option, self.route.preference) if self.route else None

    @property
    def known_allocator(self) -> AllocatedBy | None:
        """Who allocated the consignment, or None where that is not known."""
        match self.allocated_by:
            case "engine" | "pro" as allocator:
                return AllocatedBy(allocator, self.pro_base_url, self.adopted is True, self.pro_claim)
            case _:
                return None

    @property
    def known_pro_reference(self) -> ConsignmentReference | None:
        """SortedPRO's own reference, or None."""
        return ConsignmentReference(self.pro_reference) if self.pro_reference else None

    def seen(self) -> RecordSeen:
        """Return what a change of the record must have seen."""
        return RecordSeen(
            state=self.state,
            version=self.version,
            order_reference=OrderReference(self.order_reference),
            mode=self._known_mode(),
            event_ids=self.tried_event_ids,
            latest_failure=self.latest_failure,
            counted_on=self.counted_on,
            route=self.known_route,
            customer_reference=self.customer_reference,
            pro_reference=self.known_pro_reference,
            updated_by=self.updated_by,
            carrier_service=self.carrier_service_reference,
            written_at=_moment(self.moved_at or self.allocated_at),
            allocated_by=self.known_allocator,
        )

    def _known_mode(self) -> AllocationMode | None:
        """Return the mode of the last allocation, or None if this version does not know it."""
        try:
            return allocation_mode(self.mode, self.mode_reference) if self.mode else None
        except (UnknownModeError, InvalidReferenceError):
            return None


def is_of_later_version(document: Mapping[str, Any]) -> bool:
    """Return whether a later version of this software wrote a record, in a form that this one may misread."""
    version = document.get("schemaVersion")
    return isinstance(version, int | Decimal) and Decimal(version).is_finite() and version > SCHEMA_VERSION


def _moment(text: str) -> datetime | None:
    """Return an aware moment, or None for text that is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _past_failure(failure: FailureDocument, failed_at: str) -> PastFailure:
    return PastFailure(Failure(failure.code, failure.message), datetime.fromisoformat(failed_at))
