"""What a trace says of an event that the publisher's log does not name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.domain.outcome import AllocationFailed, Failure
from allocation.records.record_document import record_document
from allocation.records.stored_record import StoredRecord
from cli.commands.trace_events import event_facts
from cli.operations.finding import FoundRecords, NamedBy
from cli.operations.trace import History, Traced
from cli.operations.waiting import Waiting
from tests.support.samples import NOON, A, record_of

FAILED = AllocationFailed(Failure("NoCarrierServiceAvailable", "none"))


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=5), "not published yet"),
        (timedelta(hours=1), "not in the publisher's log: `carrier republish --order` publishes it again"),
        (timedelta(days=31), "older than the publisher's log (30 days)"),
    ],
)
def test_a_failure_s_event_that_is_missing_is_told_by_its_age(age: timedelta, words: str) -> None:
    document = record_document(replace(record_of(A), outcome=FAILED))
    traced = Traced(document, StoredRecord.model_validate(document))
    found = FoundRecords(NamedBy.CONSIGNMENT, [document])
    history = History(found, [traced], [], Waiting(on_queue=0, in_work=0, unpublished=0), read_at=NOON + age)
    assert list(event_facts(traced, history)) == [("Event", f"{A}#1 allocation_failed, {words}")]
