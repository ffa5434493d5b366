"""The use case of the table's stream: changed records in, allocation events out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.events.allocation_event import UnpublishableError, UnpublishableReason, allocation_event, canary_event
from allocation.observability import count, logger, measure_seconds
from allocation.ports import AllocationEvent, EventPublisher, Unpublishable, UnpublishableChanges
from allocation.records.canary import CANARY_KEY, recorded_canary
from allocation.records.stored_record import StoredRecord, is_of_later_version


@frozen
class Change:
    """A change of a record as the stream delivers it."""

    sequence_number: str
    # The record's new document; None if it can't be read.
    document: Mapping[str, Any] | None
    # The record's key, if it can be read.
    consignment_reference: str | None = None


@frozen
class PublishReport:
    """What became of a batch of changes."""

    # By sequence number: the changes that must be delivered again, and why.
    failed: Mapping[str, str]
    # The ids of the events that the topic took.
    published: Sequence[str]
    # By sequence number: the changes that can never be published and are kept elsewhere now, and why.
    set_aside: Mapping[str, str]
    # The types of the events that the topic took, in the same order.
    types: Sequence[str] = ()
    # When the canaries were sent whose events the topic took. They are in none of the above.
    canaries: Sequence[datetime] = ()


@frozen
class PublishAllocations:
    """Publishes the event of every changed record. An event may be published again, but none is skipped.

    A change that is no allocation record will not become one at the next delivery: it is set aside, and holds up
    nothing.
    """

    publisher: EventPublisher
    unpublishable: UnpublishableChanges

    def process(self, changes: Sequence[Change]) -> PublishReport:
        """Publish a batch and report the changes that the stream must deliver again."""
        events: list[tuple[Change, AllocationEvent]] = []
        hopeless: list[Unpublishable] = []
        for change in changes:
            try:
                events.append((change, event_of(change)))
            except UnpublishableError as error:
                hopeless.append(Unpublishable(change.sequence_number, change.consignment_reference, error.reason))
        unpublished = self.publisher.publish([event for _, event in events]) if events else frozenset()
        kept = self.unpublishable.keep(hopeless) if hopeless else frozenset()
        failed = {item.sequence_number: item.reason for item in hopeless if item.sequence_number not in kept}
        # A canary is not tried again: the alarm misses it, and the next one follows.
        lost = [change for at, (change, _) in enumerate(events) if at in unpublished and not _is_canary(change)]
        failed |= {change.sequence_number: "not_published" for change in lost}
        set_aside = {item.sequence_number: item.reason for item in hopeless if item.sequence_number in kept}
        taken = [event for at, event in enumerate(events) if at not in unpublished]
        canaries = [recorded_canary(change.document or {}) for change, _ in taken if _is_canary(change)]
        published = [event for change, event in taken if not _is_canary(change)]
        types = [event.attributes["type"] for event in published]
        return PublishReport(failed, [event.event_id for event in published], set_aside, types, canaries)


def _is_canary(change: Change) -> bool:
    return change.consignment_reference == CANARY_KEY


def event_of(change: Change) -> AllocationEvent:
    """Return the event of a change. Raises `UnpublishableError`."""
    if change.document is not None and is_of_later_version(change.document):
        text = "the record is of a later schema version: deploy the version that wrote it, and publish it again"
        raise UnpublishableError(UnpublishableReason.LATER_SCHEMA_VERSION, text)
    try:
        if _is_canary(change):
            return canary_event(recorded_canary(change.document or {}))
        return allocation_event(StoredRecord.model_validate(change.document))
    except (ValueError, RecursionError) as error:  # Pydantic's errors are ValueErrors
        text = "the stream record is no allocation record"
        raise UnpublishableError(UnpublishableReason.NOT_AN_ALLOCATION_RECORD, text) from error


def report_published(report: PublishReport, now: datetime) -> None:
    """Log the ids and types of a batch's events, all in one line, and the changes that have no event; count both kinds.

    How old canaries are at `now` (aware) is measured.

    The line is the evidence of an event for as long as logs are kept: `carrier orders trace` looks for it.
    """
    if report.published:
        logger.info("published", extra={"event_ids": report.published, "types": report.types})
    for sequence_number, cause in report.failed.items():
        logger.error("change not published", extra={"sequence_number": sequence_number, "cause": cause})
    for sequence_number, cause in report.set_aside.items():
        logger.error("change set aside", extra={"sequence_number": sequence_number, "cause": cause})
    for sent_at in report.canaries:
        measure_seconds(MetricName.CANARY_SECONDS, max((now - sent_at).total_seconds(), 0.0))
    count(MetricName.EVENTS_PUBLISHED, len(report.published))
    count(MetricName.EVENTS_NOT_PUBLISHED, len(report.failed) + len(report.set_aside))
