"""The workflow's ports in memory, each with the faults that the real one can have."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Deferred, Outcome
from allocation.domain.record import AllocationRecord, NamedAtPro, RecordSeen, RefusedUpdate, latest_event_ids
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.state import Step
from allocation.ports import (
    NOTHING_NAMED,
    AddReceipt,
    AllocationEvent,
    CancelledOrder,
    Deadline,
    Recorded,
    RefusedMessage,
    Unpublishable,
)
from allocation.records.items import record_item, record_seen

NOT_CANCELLED = CancelledOrder(None, {})


@dataclass
class FakeDeadline:
    """A clock that advances by the same amount each time it is read."""

    seconds: float = 60.0
    each_look: float = 0.0

    def remaining_seconds(self) -> float:
        self.seconds -= self.each_look
        return self.seconds + self.each_look


@dataclass
class InMemoryCatalogues:
    """A `CatalogueArchive`; while it is `broken`, it keeps nothing."""

    kept: dict[str, str] = field(default_factory=dict)
    broken: bool = False

    def keep(self, digest: str, compiled: str) -> bool:
        if not self.broken:
            self.kept.setdefault(digest, compiled)
        return digest in self.kept

    def compiled(self, digest: str) -> str | None:
        return next((text for known, text in self.kept.items() if known.startswith(digest)), None)


@dataclass
class InMemoryRecords:
    """A `RecordStore` and `CancelledOrders`; the references in `unwritable` are never written."""

    kept: dict[ConsignmentReference, AllocationRecord] = field(default_factory=dict)
    unwritable: set[str] = field(default_factory=set)
    unreadable: bool = False
    # Whether a look that may lag misses everything.
    lags: bool = False
    cancelled: dict[OrderReference, CancelledOrder] = field(default_factory=dict)
    # How long ago orders were marked as cancelled.
    marked_for: timedelta = timedelta(days=1)
    # The last step of an allocated consignment since its record was written.
    steps: dict[ConsignmentReference, Step] = field(default_factory=dict)
    outrun: dict[str, int] = field(default_factory=dict)
    """How often others use up the limit that a consignment is to be counted on."""

    def recorded(
        self,
        references: Sequence[ConsignmentReference],
        orders: Sequence[OrderReference] = (),
        *,
        may_lag: bool = False,
    ) -> Recorded:
        if self.unreadable:
            raise RetryableError("the allocation records could not be read")
        seen = {
            reference: self._with_step(record_seen(record_item(self.kept[reference], by_order=True)), reference)
            for reference in references
            if reference in self.kept
        }
        found = Recorded(seen, {order: self.cancelled[order] for order in orders if order in self.cancelled})
        return Recorded({}, {}) if may_lag and self.lags else found

    def of_order(self, order: OrderReference) -> Sequence[ConsignmentReference]:
        if self.unreadable:
            raise RetryableError("the allocation records could not be read")
        return [key for key, record in self.kept.items() if record.order_reference == order]

    def mark(self, order: OrderReference, event_id: str) -> timedelta:
        marked = self.cancelled.get(order, NOT_CANCELLED)
        self.cancelled[order] = replace(marked, whole_by=marked.whole_by or event_id)
        return self.marked_for

    def mark_consignments(
        self, order: OrderReference, event_id: str, consignments: Sequence[ConsignmentReference]
    ) -> None:
        marked = self.cancelled.get(order, NOT_CANCELLED)
        named = {**dict.fromkeys(consignments, event_id), **marked.consignments}
        self.cancelled[order] = replace(marked, consignments=named)

    def replace(self, record: AllocationRecord, seen: RecordSeen | None) -> bool:
        if record.consignment_reference in self.unwritable:
            raise RetryableError("the allocation record could not be written")
        kept = self.kept.get(record.consignment_reference)
        if (kept.version if kept else 0) != (seen.version if seen else 0):
            return False
        self.kept[record.consignment_reference] = record
        self.steps.pop(record.consignment_reference, None)
        return True

    def _with_step(self, seen: RecordSeen, reference: ConsignmentReference) -> RecordSeen:
        step = self.steps.get(reference)
        return replace(seen, state=step.state, written_at=step.at) if step else seen

    def take_step(self, reference: ConsignmentReference, step: Step, seen: RecordSeen) -> bool:
        kept = self.kept[reference]
        if kept.version != seen.version:
            return False
        event_ids = latest_event_ids(*seen.event_ids, step.event_id)
        self.kept[reference] = replace(kept, version=seen.version + 1, event_ids=event_ids)
        self.steps[reference] = step
        return True

    def refuse_update(self, reference: ConsignmentReference, refused: RefusedUpdate, seen: RecordSeen) -> bool:
        if reference in self.unwritable:
            raise RetryableError("the allocation record could not be written")
        kept = self.kept[reference]
        if kept.version != seen.version:
            return False
        event_ids = latest_event_ids(*seen.event_ids, refused.event_id)
        self.kept[reference] = replace(kept, version=seen.version + 1, event_ids=event_ids, refused_update=refused)
        return True

    def add(self, records: Sequence[AllocationRecord], deadline: Deadline | None = None) -> AddReceipt:  # noqa: ARG002 - the port's
        references = [record.consignment_reference for record in records]
        outrun = frozenset(reference for reference in references if self.outrun.get(reference))
        for reference in outrun:
            self.outrun[reference] -= 1
        writable = [each for each in records if each.consignment_reference not in self.unwritable | outrun]
        versions = {reference: record.version for reference, record in self.kept.items()}
        present = frozenset(
            each.consignment_reference
            for each in writable
            if each.version != versions.get(each.consignment_reference, 0) + 1
        )
        added = {item.consignment_reference: item for item in writable if item.consignment_reference not in present}
        self.kept |= added
        return AddReceipt(frozenset(added), present, outrun)


@dataclass
class InMemoryContents:
    """`OrderedConsignments`; the references in `unwritable` are never written."""

    kept: dict[ConsignmentReference, Mapping[str, Any]] = field(default_factory=dict)
    unwritable: set[str] = field(default_factory=set)

    def keep(self, consignments: Mapping[ConsignmentReference, Mapping[str, Any]]) -> frozenset[ConsignmentReference]:
        written = {key: content for key, content in consignments.items() if key not in self.unwritable}
        self.kept |= written
        return frozenset(consignments.keys() - written.keys())

    def replace(
        self, updates: Mapping[ConsignmentReference, tuple[str, Mapping[str, Any]]]
    ) -> frozenset[ConsignmentReference]:
        return self.keep({reference: content for reference, (_, content) in updates.items()})


@dataclass
class InMemoryLimits:
    """A `LimitUsage` of what a test says."""

    counts: dict[LimitedDay, int] = field(default_factory=dict)
    asked: list[LimitedDay] = field(default_factory=list)

    def used(self, days: Sequence[LimitedDay]) -> Mapping[LimitedDay, int]:
        self.asked += days
        return {day: self.counts[day] for day in days if day in self.counts}


@dataclass
class InMemoryCanaries:
    """A `CanaryStore` that remembers what it was given."""

    kept: list[datetime] = field(default_factory=list)
    error: Exception | None = None

    def keep(self, sent_at: datetime) -> None:
        if self.error:
            raise self.error
        self.kept.append(sent_at)


@dataclass
class InMemoryRefusedMessages:
    """`RefusedMessages`; the message ids in `unkeepable` are not taken."""

    kept: list[RefusedMessage] = field(default_factory=list)
    unkeepable: set[str] = field(default_factory=set)

    def keep(self, refused: Sequence[RefusedMessage]) -> frozenset[str]:
        taken = [item for item in refused if item.message.message_id not in self.unkeepable]
        self.kept += taken
        return frozenset(item.message.message_id for item in taken)


@dataclass
class RecordedRedelivery:
    """A `Redelivery` that remembers for how long it was to hold which message back."""

    waits: dict[str, int] = field(default_factory=dict)

    def postpone(self, waits: Mapping[str, int]) -> None:
        self.waits |= waits


@contextmanager
def doing_first(work: Callable[[], None]) -> Iterator[None]:
    """A block before which work is done that might be done while AWS is waited for."""
    work()
    yield


@dataclass
class ScriptedAllocator:
    """An `Allocator` that answers by `answer`, None for no answer at all, and remembers what it was asked."""

    answer: Callable[[Consignment], Outcome | Deferred | None]
    asked: list[tuple[str, ...]] = field(default_factory=list)
    modes: list[AllocationMode] = field(default_factory=list)
    crashes_on: set[str] = field(default_factory=set)
    unavailable: bool = False
    released: list[ConsignmentReference] = field(default_factory=list)
    unreleasable: dict[str, Deferred] = field(default_factory=dict)
    uncancellable: dict[str, Deferred] = field(default_factory=dict)
    recorded: list[ConsignmentReference] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None
    """What happens elsewhere while the first call is under way."""

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,  # noqa: ARG002 - the port's
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        self.asked.append(tuple(consignment.reference for consignment in consignments))
        self.modes.append(mode)
        if self.meanwhile:
            event, self.meanwhile = self.meanwhile, None
            event()
        if self.unavailable:
            raise RetryableError("there is no catalogue now")
        if self.crashes_on.intersection(self.asked[-1]):
            raise ZeroDivisionError("a mistake of the allocator's own")
        answers = {consignment.reference: self.answer(consignment) for consignment in consignments}
        return {reference: answer for reference, answer in answers.items() if answer is not None}

    def prepare(self, asked: Sequence[tuple[Consignment, AllocationMode]]) -> None:
        """Has nothing to prepare."""

    def release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,  # noqa: ARG002 - the port's
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,  # noqa: ARG002 - the port's
        *,
        is_recorded: bool = True,  # noqa: ARG002 - the port's
    ) -> Mapping[ConsignmentReference, Deferred]:
        self.released += references
        return {reference: self.unreleasable[reference] for reference in references if reference in self.unreleasable}

    release_lost = release

    def cancel_recorded(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,  # noqa: ARG002 - the port's
        named: Mapping[ConsignmentReference, NamedAtPro] = NOTHING_NAMED,  # noqa: ARG002 - the port's
    ) -> Mapping[ConsignmentReference, Deferred]:
        return {each: self.uncancellable[each] for each in references if each in self.uncancellable}

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        self.recorded += references


@dataclass
class InMemoryUnpublishable:
    """An `UnpublishableChanges`; it keeps nothing while it is `full`."""

    kept: list[Unpublishable] = field(default_factory=list)
    full: bool = False

    def keep(self, changes: Sequence[Unpublishable]) -> frozenset[str]:
        if self.full:
            return frozenset()
        self.kept += changes
        return frozenset(change.sequence_number for change in changes)


@dataclass
class InMemoryEventPublisher:
    """An `EventPublisher`; events whose ids are in `unpublishable` are not taken."""

    published: list[AllocationEvent] = field(default_factory=list)
    unpublishable: set[str] = field(default_factory=set)

    def publish(self, events: Sequence[AllocationEvent]) -> frozenset[int]:
        failed = frozenset(at for at, event in enumerate(events) if event.event_id in self.unpublishable)
        self.published += taken(events, failed)
        return failed


def taken(events: Iterable[AllocationEvent], failed: frozenset[int]) -> list[AllocationEvent]:
    return [event for at, event in enumerate(events) if at not in failed]
