"""The allocation record as the document that DynamoDB keeps and streams (`docs/events/README.md` lists its fields)."""

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, assert_never

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, allocation_mode
from allocation.domain.outcome import (
    Allocated,
    AllocationFailed,
    Cancelled,
    Deallocated,
    Explanation,
    Failure,
    Price,
    Standing,
)
from allocation.domain.record import AllocationRecord, PastFailure, RecordSeen
from allocation.domain.reference import OrderReference
from allocation.domain.routing import Route
from allocation.domain.summary import AllocationSummary, collection_time
from allocation.records.kept_summary import kept_summary

_SCHEMA_VERSION: Final = 1
# Characters of an explanation as it is kept. A longer one is left out: an item has at most 400 KB.
_MAX_EXPLANATION: Final = 150_000
# Characters of a failure's code or message. The rest is cut.
_MAX_FAILURE: Final = 1_000


def record_document(record: AllocationRecord) -> dict[str, Any]:
    """Return a record as plain data, numbers exact; a field without a value is left out.

    Money is text, times are ISO 8601 in UTC, and `expiresAt` is in seconds since 1970, as DynamoDB's TTL wants it.
    """
    document = {
        "consignmentReference": record.consignment_reference,
        "orderReference": record.order_reference,
        "customerReference": record.customer_reference,
        "state": record.outcome.state,
        "mode": record.mode.name if record.mode else None,
        "modeReference": record.mode.reference if record.mode else None,
        "version": record.version,
        "eventId": record.event_id,
        "route": _route_document(record.route) if record.route else None,
        "eventIds": list(record.event_ids) or None,
        "allocatedAt": moment_text(record.allocated_at),
        "schemaVersion": _SCHEMA_VERSION,
        "expiresAt": int(record.expires_at.timestamp()) if record.expires_at else None,
        "pastFailure": _past_failure_document(record.past_failure) if record.past_failure else None,
        **_outcome_fields(record.outcome),
    }
    return {name: value for name, value in document.items() if value is not None}


def _route_document(route: Route) -> dict[str, str]:
    """Return the row of the routing table, with its delivery option where it has one."""
    return {"row": route.row} | ({"option": route.option} if route.option is not None else {})


def moment_text(moment: datetime) -> str:
    """Return an aware UTC moment as `2026-11-23T09:15:00.000Z`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _optional_moment(moment: datetime | None) -> str | None:
    return moment_text(moment) if moment else None


def _past_failure_document(past: PastFailure) -> Mapping[str, str]:
    """Return a failure that a later change did not clear."""
    return {**_failure_document(past.failure), "failedAt": moment_text(past.failed_at)}


def _failure_document(failure: Failure) -> dict[str, str]:
    """Return a failure's code and message, neither too long to keep."""
    return {"code": failure.code[:_MAX_FAILURE], "message": failure.message[:_MAX_FAILURE]}


def _outcome_fields(outcome: Standing) -> dict[str, Any]:
    """Return what an outcome adds to its record, cut to what an item and an event can hold."""
    match outcome:
        case Allocated():
            summary = kept_summary(outcome.summary)
            return {
                "allocationSummary": summary,
                "carrierReference": summary["CarrierReference"],
                "carrierServiceReference": summary["CarrierServiceReference"],
                "collectedAt": _optional_moment(collection_time(outcome.summary.description)),
                "deliveredBy": _optional_moment(outcome.delivered_by),
                "why": outcome.why,
                "price": _price_document(outcome.price) if outcome.price else None,
                "limitedDay": outcome.limit.on.day.isoformat() if outcome.limit else None,
                "explanation": _explanation_text(outcome.explanation),
            }
        case AllocationFailed():
            failure = _failure_document(outcome.failure)
            return {"failure": failure, "explanation": _explanation_text(outcome.explanation)}
        case Deallocated() | Cancelled():
            return {}
        case _:
            assert_never(outcome)


def _explanation_text(explanation: Explanation | None) -> str | None:
    """Return the explanation as base64 of gzip of JSON, or None if there is none or it is too long to keep.

    Nothing queries inside it, and every KB of a record is paid for twice. The same explanation gives the same text.
    """
    if not explanation:
        return None
    text = b64encode(gzip.compress(json.dumps(explanation, separators=(",", ":")).encode(), mtime=0)).decode()
    return text if len(text) <= _MAX_EXPLANATION else None


def explanation_of(text: str) -> Explanation:
    """Return the explanation that `text` was made from."""
    explanation: Explanation = json.loads(gzip.decompress(b64decode(text)))
    return explanation


def _price_document(price: Price) -> Mapping[str, str]:
    """Return a price with its amounts as text, so that no reader turns them into floats."""
    return {"net": str(price.net), "vat": str(price.vat), "gross": str(price.gross), "currency": price.currency}


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


class PastFailureDocument(FailureDocument):
    """The last failure before the record's outcome; `failedAt` is ISO 8601 in UTC."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    failed_at: str


class StoredRecord(BaseModel):
    """A record as read back from the table or its stream. Fields that are unknown here are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    consignment_reference: str
    order_reference: str
    customer_reference: str | None = None
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
    schema_version: int = _SCHEMA_VERSION
    # The day on which it counts towards its service's allocation limit.
    limited_day: str | None = None
    past_failure: PastFailureDocument | None = None
    explanation: str | None = None

    @property
    def label_link(self) -> str | None:
        """The link of the summary to the consignment's labels, or None."""
        links = self.allocation_summary.api_links if self.allocation_summary else ()
        return next((link.href for link in links if link.rel.casefold() == "label"), None)

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
        return Route(self.route.row, self.route.option) if self.route else None

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
    return isinstance(version, int | Decimal) and Decimal(version).is_finite() and version > _SCHEMA_VERSION


def _past_failure(failure: FailureDocument, failed_at: str) -> PastFailure:
    return PastFailure(Failure(failure.code, failure.message), datetime.fromisoformat(failed_at))
