"""Takes guards away that keep records, limits and cancellations right. `guards.py` has the histories that miss each."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from allocation.aws.dynamodb import bulk_calls, limit_usage, record_writes, records
from allocation.aws.dynamodb.bulk_calls import Action
from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.records import DynamoDBRecords
from allocation.aws.sqs import SqsUnpublishable
from allocation.domain.limit import LimitedDay
from allocation.domain.order import Order
from allocation.domain.outcome import Deferred
from allocation.domain.record import AllocationRecord, RecordSeen
from allocation.domain.reference import ConsignmentReference
from allocation.orders import allocate_orders as workflow
from allocation.orders import cancelling
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.cancelling import Cancelling
from allocation.orders.order_created import ReadingRules
from allocation.orders.updating import Updating
from allocation.orders.work import ConsignmentRequest, Deferrals, Requests, Work
from allocation.ports import QueueMessage, Unpublishable
from allocation.pro.sender_allocator import SenderAllocator
from tests.simulation.aws import ANYHOW
from tests.simulation.guards_here import without_the_condition_of


def without_the_version_of_a_record() -> AbstractContextManager[Any]:
    """A later version of a record is written over whatever is there by now."""
    upon = record_writes._upon

    def careless(version: int) -> dict[str, Any]:
        return {"ConditionExpression": ANYHOW} if version else upon(version)

    return patch.object(record_writes, "_upon", careless)


def without_the_version_of_a_refusal() -> AbstractContextManager[Any]:
    """An update is refused in a record that may have changed since it was read."""
    return without_the_condition_of(records, "refusal_update")


def without_past_failures() -> AbstractContextManager[Any]:
    """A record that follows a failure does not say so."""
    record = AllocationWaves._record

    def careless(self: AllocationWaves, *arguments: Any) -> AllocationRecord:
        return replace(record(self, *arguments), past_failure=None)

    return patch.object(AllocationWaves, "_record", careless)


def without_all_events_of_a_batch() -> AbstractContextManager[Any]:
    """Where several orders of a batch ask for a consignment, its record names the event of one."""
    record = AllocationWaves._record

    def careless(self: AllocationWaves, work: Work, *arguments: Any) -> AllocationRecord:
        return record(self, replace(work, requests=work.requests[:1]), *arguments)

    return patch.object(AllocationWaves, "_record", careless)


def without_events_before_a_cancellation() -> AbstractContextManager[Any]:
    """What is cancelled has forgotten which events it had before."""
    return patch.object(cancelling, "latest_event_ids", lambda *_: ())


def without_counting_with_the_record() -> AbstractContextManager[Any]:
    """An allocation is written, and counted on its limit by another call."""
    write_once = bulk_calls.write_once

    def one_by_one(client: Any, actions: Sequence[Action]) -> None:
        for action in actions:
            write_once(client, [action])

    return patch.object(records, "write_once", one_by_one)


def without_giving_places_back() -> AbstractContextManager[Any]:
    """What is cancelled stays counted on its limit."""
    replace_record = DynamoDBRecords.replace

    def careless(self: DynamoDBRecords, record: AllocationRecord, seen: RecordSeen | None) -> bool:
        return replace_record(self, record, replace(seen, counted_on=None) if seen else None)

    return patch.object(DynamoDBRecords, "replace", careless)


def without_the_room_of_a_limit() -> AbstractContextManager[Any]:
    """An allocation is counted on a limit that others may have used up since it was read."""
    return _without_conditions(limit_usage._HAD_ROOM, limit_usage._HAS_ROOM)


def without_the_places_of_a_part() -> AbstractContextManager[Any]:
    """A place is taken from a part of a limit that may have none left."""
    return _without_conditions(limit_usage._HAS_LEFT)


def _without_conditions(*conditions: str) -> AbstractContextManager[Any]:
    update = DynamoDBLimitUsage._update

    def careless(
        self: DynamoDBLimitUsage, key: str, day: LimitedDay, condition: str | None = None, **others: Any
    ) -> Action:
        return update(self, key, day, None if condition in conditions else condition, **others)

    return patch.object(DynamoDBLimitUsage, "_update", careless)


def without_marks() -> AbstractContextManager[Any]:
    """A cancelled order is not marked: only what its index has is cancelled."""
    return patch.object(DynamoDBCancelledOrders, "mark", lambda *_: timedelta(days=1))


def without_a_first_look_at_cancelled_orders() -> AbstractContextManager[Any]:
    """An order is allocated whether it was cancelled before or not."""
    return patch.object(Cancelling, "cancel_known", lambda _self, requests, *_: ({}, {}, requests))


def without_cancelling_again() -> AbstractContextManager[Any]:
    """What is recorded as cancelled counts as cancelled at PRO too, though the function was killed in between."""
    return patch.object(cancelling, "_has_cancelled", lambda *_: False)


def without_waiting_for_releases() -> AbstractContextManager[Any]:
    """What PRO has not confirmed to have deallocated is recorded as cancelled."""
    release = SenderAllocator.release

    def careless(self: SenderAllocator, *arguments: Any, **named: Any) -> dict[str, Any]:
        release(self, *arguments, **named)
        return {}

    return patch.object(SenderAllocator, "release", careless)


def without_updates_first() -> AbstractContextManager[Any]:
    """Of an order and its update in one batch, the one that comes first is allocated."""

    def careless(orders: Iterable[Order]) -> Requests:
        requests: dict[ConsignmentReference, list[ConsignmentRequest]] = {}
        for order in orders:
            for consignment in order.consignments:
                requests.setdefault(consignment.reference, []).append(ConsignmentRequest(consignment, order))
        return requests

    return patch.object(workflow, "requests_of", careless)


def without_refusing_last() -> AbstractContextManager[Any]:
    """A message of which a part can't be read is done when the DLQ has it, whatever became of the rest."""
    read, unfinished = workflow._read, workflow._unfinished
    invalid: set[str] = set()

    def noted(messages: Sequence[QueueMessage], rules: ReadingRules) -> Any:
        found = read(messages, rules)
        invalid.difference_update(message.message_id for message in messages)
        invalid.update(found[1])
        return found

    def careless(*arguments: Any) -> dict[str, Deferred]:
        return {name: why for name, why in unfinished(*arguments).items() if name not in invalid}

    return patch.multiple(workflow, _read=noted, _unfinished=careless)


def without_setting_aside() -> AbstractContextManager[Any]:
    """What can never be published is delivered again until the stream gives it up."""
    return patch.object(SqsUnpublishable, "keep", lambda *_: frozenset())


def without_certainty_of_the_set_aside() -> AbstractContextManager[Any]:
    """What can never be published counts as set aside, though the queue did not take it."""
    keep = SqsUnpublishable.keep

    def careless(self: SqsUnpublishable, changes: Sequence[Unpublishable]) -> frozenset[str]:
        keep(self, changes)
        return frozenset(change.sequence_number for change in changes)

    return patch.object(SqsUnpublishable, "keep", careless)


def without_looking_who_was_first() -> AbstractContextManager[Any]:
    """Where somebody else was first to record a failure, it counts for this event as well."""
    return patch.object(AllocationWaves, "_overtaken", lambda *_: frozenset())


def without_reading_marks_for_certain() -> AbstractContextManager[Any]:
    """Where it can't be read whether an order was cancelled meanwhile, it was not."""
    cancel_overtaken = Cancelling.cancel_overtaken

    def careless(self: Cancelling, *arguments: Any) -> Any:
        cancelled, deferrals = cancel_overtaken(self, *arguments)
        return cancelled, {each: why for each, why in deferrals.items() if why is not cancelling._NOT_READ}

    return patch.object(Cancelling, "cancel_overtaken", careless)


def without_recording_before_cancelling() -> AbstractContextManager[Any]:
    """What PRO has created is cancelled there before its record says so: another order may be recorded first."""
    release = Cancelling._release

    def careless(self: Cancelling, work: Any, deadline: Any) -> Any:
        seen = release(self, work, deadline)
        there = {each: seen[each].pro_reference if each in seen else None for each in work.left}
        self._cancel_elsewhere(there, deadline)
        return seen

    return patch.object(Cancelling, "_release", careless)


def without_keeping_content_first() -> AbstractContextManager[Any]:
    """An order is allocated though its content could not be kept for labels."""
    not_kept = AllocationWaves._not_kept

    def careless(self: AllocationWaves, wave: Sequence[Work]) -> frozenset[ConsignmentReference]:
        not_kept(self, wave)
        return frozenset()

    return patch.object(AllocationWaves, "_not_kept", careless)


def without_keeping_updates_for_certain() -> AbstractContextManager[Any]:
    """An update is done though its content could not be kept for labels."""
    keep_taken = Updating._keep_taken

    def careless(self: Updating, *arguments: Any) -> Deferrals:
        keep_taken(self, *arguments)
        return {}

    return patch.object(Updating, "_keep_taken", careless)
