"""Takes guards away that hold whoever allocates. `guards.py` has the histories in which each is missed."""

from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from types import ModuleType
from typing import Any
from unittest.mock import patch

from allocation.aws.dynamodb import bulk_calls, insertions, record_steps, record_writes, search_index
from allocation.aws.dynamodb.bulk_calls import CancelledError, write_all
from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.record_reading import RecordReader
from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter
from allocation.aws.sns import SnsPublisher
from allocation.aws.sqs import SqsRefusedMessages
from allocation.console.entries import Entry
from allocation.domain.outcome import AllocationFailed
from allocation.domain.record import RecordSeen
from allocation.orders import allocate_orders as workflow
from allocation.orders import cancelling
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.batch_report import BatchReport
from allocation.orders.cancelling import Cancelling
from allocation.orders.updating import Updating
from allocation.ports import Recorded
from allocation.records import kept_summary
from tests.simulation import contents, environments
from tests.simulation.aws import ANYHOW


def without_keeping_catalogues_first() -> AbstractContextManager[Any]:
    """Explanations refer to a catalogue whether it could be kept or not."""
    keep = DynamoDBCatalogueArchive.keep

    def careless(self: DynamoDBCatalogueArchive, digest: str, compiled: str) -> bool:
        keep(self, digest, compiled)
        return True

    return patch.object(DynamoDBCatalogueArchive, "keep", careless)


def without_condition() -> AbstractContextManager[Any]:
    """Records are written whether there is one or not."""
    return patch.object(record_writes, "NOT_THERE_YET", "attribute_exists(anything) OR TRUE")


def without_the_condition_of(module: ModuleType, update: str) -> AbstractContextManager[Any]:
    """What a module knows as making this update makes one that holds in any case."""
    made = getattr(module, update)

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**made(*arguments), "ConditionExpression": ANYHOW}

    return patch.object(module, update, careless)


def without_the_version_of_a_step() -> AbstractContextManager[Any]:
    """A consignment takes a step from whatever state it is in by now."""
    return without_the_condition_of(record_steps, "step_update")


def without_the_version_of_an_entry() -> AbstractContextManager[Any]:
    """An entry is written over whatever version the index has."""

    def careless(self: DynamoDBIndexWriter, before: Entry | None, after: Entry) -> Any:
        put = put_if_unchanged(self, before, after)
        return {"Put": {**put["Put"], "ConditionExpression": ANYHOW}}

    put_if_unchanged = DynamoDBIndexWriter._put
    return patch.object(DynamoDBIndexWriter, "_put", careless)


def without_the_versions_of_an_entry() -> AbstractContextManager[Any]:
    """What an entry is written over is gone."""
    return patch.object(DynamoDBIndexWriter, "keep", lambda *_: None)


def without_one_transaction_of_entry_and_counts() -> AbstractContextManager[Any]:
    """The counts change after the entry was written, by calls of their own."""

    def one_by_one(client: Any, actions: Any) -> None:
        for action in actions:
            write_all(client, [action])

    write_all = bulk_calls.write_all
    return patch.object(search_index, "write_all", one_by_one)


def without_stream_retries() -> AbstractContextManager[Any]:
    """What SNS did not take counts as published."""
    publish = SnsPublisher.publish

    def careless(self: SnsPublisher, events: Any) -> frozenset[int]:
        publish(self, events)
        return frozenset()

    return patch.object(SnsPublisher, "publish", careless)


def without_returning_messages() -> AbstractContextManager[Any]:
    """Messages are deleted though a consignment of theirs has no outcome."""
    process = AllocateOrders.process

    def careless(self: AllocateOrders, *arguments: Any) -> BatchReport:
        report = process(self, *arguments)
        return BatchReport({}, report.refused, report.outcomes, report.seconds_since_sent)

    return patch.object(AllocateOrders, "process", careless)


def without_certainty_of_the_dlq() -> AbstractContextManager[Any]:
    """A refused message is deleted though the DLQ did not take it."""
    keep = SqsRefusedMessages.keep

    def careless(self: SqsRefusedMessages, refused: Any) -> frozenset[str]:
        keep(self, refused)
        return frozenset(item.message.message_id for item in refused)

    return patch.object(SqsRefusedMessages, "keep", careless)


def without_waiting() -> AbstractContextManager[Any]:
    """What is not done is delivered again at once."""
    return patch.object(workflow, "wait_seconds", lambda *_: 0)


def without_patience_for_late_calls() -> AbstractContextManager[Any]:
    """What PRO may carry out yet is asked for again as soon as its message comes back."""
    return patch.object(environments, "PATIENCE_SECONDS", 0.0)


def without_cutting_summaries() -> AbstractContextManager[Any]:
    """A summary is kept as it came, however large and deep."""
    return patch.object(kept_summary, "MAX_BYTES", 1 << 30)


def without_the_clock_of_aws() -> AbstractContextManager[Any]:
    """Each environment looks at its own clock."""
    contexts = ExitStack()
    for module in (bulk_calls, insertions):
        contexts.enter_context(patch.object(module, "date_of", lambda _: None))
    return contexts


def without_the_steady_clock() -> AbstractContextManager[Any]:
    """Claims and patience are measured by the system's clock, which may be set in between."""
    return patch.object(environments.Environments, "unset", lambda self: self.now)


def without_event_ids() -> AbstractContextManager[Any]:
    """A failure is tried again by any event, also by one that has tried it."""
    return patch.object(RecordSeen, "is_to_be_tried", lambda self, _, **__: self.state == AllocationFailed.state)


def without_trying_again() -> AbstractContextManager[Any]:
    """A failure is final."""
    return patch.object(RecordSeen, "is_to_be_tried", lambda *_, **__: False)


def without_looking_twice() -> AbstractContextManager[Any]:
    """The index by order is trusted at once."""
    return patch.object(cancelling, "_INDEX_LAG", timedelta(0))


def without_a_second_look_at_cancelled_orders() -> AbstractContextManager[Any]:
    """An order that is cancelled while it is allocated is not noticed."""
    return patch.object(Cancelling, "cancel_overtaken", lambda *_: ({}, {}))


def without_consistent_marks() -> AbstractContextManager[Any]:
    """Whether an order was cancelled while it was allocated is read at half the price: the mark may be missing."""
    recorded = RecordReader.recorded

    def careless(self: RecordReader, references: Any, orders: Any = (), *, may_lag: bool = False) -> Recorded:
        return recorded(self, references, orders, may_lag=may_lag or not references)

    return patch.object(RecordReader, "recorded", careless)


def without_consistent_looks_at_what_comes_again() -> AbstractContextManager[Any]:
    """The first look at records may lag also for messages that come again, updates, and what follows cancellations."""
    allocate = AllocationWaves.allocate

    def careless(self: AllocationWaves, *arguments: Any, are_new: bool) -> Any:  # noqa: ARG001
        return allocate(self, *arguments, are_new=True)

    return patch.object(AllocationWaves, "allocate", careless)


def without_refusals() -> AbstractContextManager[Any]:
    """An update that comes too late counts as done, without an event."""
    return patch.object(Updating, "settle", lambda *_: {})


def without_ids_of_refused_updates() -> AbstractContextManager[Any]:
    """An update is refused each time that it is delivered."""
    return patch.object(RecordSeen, "refuses", lambda self, _: self.state != AllocationFailed.state)


def without_precedence_of_updates() -> AbstractContextManager[Any]:
    """Whatever event comes last tries a failure again, though its content may be older."""
    is_to_be_tried = RecordSeen.is_to_be_tried
    return patch.object(
        RecordSeen, "is_to_be_tried", lambda self, event_id, **_: is_to_be_tried(self, event_id, is_update=True)
    )


def without_taking_back() -> AbstractContextManager[Any]:
    """What a lost call of a late order-created event may have allocated after an update failed stays allocated."""
    return patch.object(Cancelling, "take_back", lambda *_: {})


def without_moving_places_at_once() -> AbstractContextManager[Any]:
    """Places leave a counter, and come into its part by another call."""

    def careless(self: DynamoDBLimitUsage, actions: Any) -> bool:
        for action in actions:
            try:
                write_all(self.client, [action])
            except CancelledError:
                return False
        return True

    return patch.object(DynamoDBLimitUsage, "_moved", careless)


def without_turns() -> AbstractContextManager[Any]:
    """Two updates of a consignment that come at once count as one."""
    return patch.object(workflow, "turns_of", lambda orders: [list(orders)])


def without_new_labels() -> AbstractContextManager[Any]:
    """What an update says is allocated, and the label keeps what the order said."""
    return patch.object(Updating, "_keep_taken", lambda *_: {})


def without_care_for_newer_labels() -> AbstractContextManager[Any]:
    """What is kept for a label is written over, also by an event that has lost against an update."""
    return patch.object(contents.SimulatedContents, "_holds", lambda *_, **__: True)


def without_working_on_each() -> AbstractContextManager[Any]:
    """A batch is worked on as a whole, however often its messages came again."""
    return patch.object(workflow, "may_kill", return_value=False)
