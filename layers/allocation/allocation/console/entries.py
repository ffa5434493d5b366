"""An entry of the search index: what the console lists of one consignment, and what its filters look at.

An entry is made of the allocation record alone, so that it can be made again at any time. It holds no contact data,
because the record has none.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from allocation.domain.state import STATES
from allocation.records.record_document import moment_text
from allocation.records.stored_record import PriceDocument, StoredRecord

# Tracking references of an entry. A journey has a handful of packages and legs.
_MAX_TRACKING: Final = 20
# Characters of a text by which entries are found: a key of DynamoDB has at most 1,024 bytes.
_MAX_KEY: Final = 200
# A number that stands by itself, and is no part of a reference such as CX_24.
_NUMBER: Final = re.compile(r"(?<![\w.-])\d+(?:[.,:]\d+)*(?![\w-])")
# A country with the first part of a postcode: `GB M1`.
_AREA: Final = re.compile(r"\b([A-Z]{2}) [A-Z]{1,2}\d[A-Z\d]?\b")
# In a failure's message: what else is said after the nearest miss (`engine/nearest_miss.py`).
_REST: Final = re.compile(r" (?:As close|Whatever else they take|Checks failed by \S+ services): .*", re.DOTALL)


class Entry(BaseModel):
    """What the index knows of a consignment. Moments are ISO 8601 in UTC, amounts decimal text.

    `cause` says why no carrier service takes it, the same for all that fail alike; `failure` says it for this one.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    consignment: str
    order: str
    customer_reference: str | None = None
    state: str
    mode: str | None = None
    carrier: str | None = None
    service: str | None = None
    price: PriceDocument | None = None
    allocated_at: str
    collected_at: str | None = None
    delivered_by: str | None = None
    failure_code: str | None = None
    cause: str | None = None
    failure: str | None = None
    tracking_references: tuple[str, ...] = ()
    version: int
    # When the consignment took its last step since its allocation, such as manifested.
    moved_at: str | None = None
    # Where this version only refused an update: when it did.
    refused_at: str | None = None
    # In seconds since 1970: the entry goes when the record goes.
    expires_at: int | None = None

    @property
    def day(self) -> str:
        """The day of the last change, in UTC: `2026-11-26`."""
        return self.allocated_at[:10]

    @property
    def cause_digest(self) -> str | None:
        """What identifies the cause of the failure, or None."""
        return digest_of(self.failure_code or "", self.cause) if self.cause else None

    def shown(self) -> dict[str, Any]:
        """Return the entry as the console's list has it."""
        shown = self.model_dump(by_alias=True, exclude={"cause", "failure", "moved_at", "refused_at", "expires_at"})
        return {**shown, "trackingReferences": list(self.tracking_references)}


class PastVersion(BaseModel):
    """What the index keeps of a version of a record that is no longer the last one."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    consignment: str
    version: int
    state: str
    allocated_at: str
    moved_at: str | None = None
    carrier: str | None = None
    service: str | None = None
    failure_code: str | None = None
    failure: str | None = None
    refused_at: str | None = None
    expires_at: int | None = None


def past_version(entry: Entry) -> PastVersion:
    """Return what is kept of an entry whose consignment has a later version."""
    return PastVersion.model_validate(entry.model_dump(include=set(PastVersion.model_fields)))


def entry_of(record: StoredRecord) -> Entry:
    """Return the entry of a record. Raises `ValueError` for a record whose state or time means nothing to us."""
    if record.state not in STATES:
        raise ValueError(f"there is no state {record.state[:64]!r}")
    failure = record.failure
    return Entry(
        consignment=record.consignment_reference,
        order=record.order_reference,
        customer_reference=_key(record.customer_reference),
        state=record.state,
        mode=record.mode,
        carrier=_key(record.carrier_reference),
        service=_key(record.carrier_service_reference),
        price=record.price,
        allocated_at=moment_text(datetime.fromisoformat(record.allocated_at).astimezone(UTC)),
        moved_at=record.moved_at,
        collected_at=record.collected_at,
        delivered_by=record.delivered_by,
        failure_code=_key(failure.code) if failure else None,
        cause=cause_of(failure.message, record.consignment_reference) if failure else None,
        failure=nearest_miss(failure.message, record.consignment_reference) if failure else None,
        tracking_references=_tracking_references(record),
        version=record.version,
        refused_at=record.refused_update.at if record.refused_update else None,
        expires_at=record.expires_at,
    )


def _key(text: str | None) -> str | None:
    return text[:_MAX_KEY] if text else None


def _tracking_references(record: StoredRecord) -> tuple[str, ...]:
    summary = record.allocation_summary
    legs = summary.consignment_legs if summary else ()
    found = dict.fromkeys(text for leg in legs for text in leg.tracking_references if 0 < len(text) <= _MAX_KEY)
    return tuple(found)[:_MAX_TRACKING]


def nearest_miss(message: str, consignment: str) -> str:
    """Return the beginning of a failure's message, up to the nearest miss, without the consignment's reference.

    >>> nearest_miss("Carrier service A can't take C-1: 31 Kg is over 30 Kg (A). As close: another (B).", "C-1")
    "Carrier service A can't take it: 31 Kg is over 30 Kg (A)."
    """
    return _REST.sub("", _without(consignment, message))


def cause_of(message: str, consignment: str) -> str:
    """Return what is the same in the messages of consignments that fail alike: without references and numbers.

    >>> cause_of("Carrier service A can't take C-1: 31.5 Kg is over 30 Kg to GB M1 (A_24).", "C-1")
    "Carrier service A can't take it: … Kg is over … Kg to GB (A_24)."
    """
    return _NUMBER.sub("…", _AREA.sub(r"\1", nearest_miss(message, consignment)))


def _without(consignment: str, message: str) -> str:
    if consignment not in message:
        # No pattern need be made: it would match nothing.
        return message
    return re.sub(rf"(?:[Cc]onsignment )?(?<![\w-]){re.escape(consignment)}(?![\w-])", "it", message)


def digest_of(*texts: str) -> str:
    """Return a short text that identifies texts of any length."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]
