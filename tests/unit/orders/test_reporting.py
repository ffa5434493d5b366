"""What CloudWatch is told of each batch: names, values and dimensions, as they stand in the log."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allocation.aws.lambda_events import queue_messages
from allocation.domain.errors import InvalidMessageError
from allocation.domain.metric import MetricName
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure
from allocation.events.publish_allocations import PublishReport, report_published
from allocation.observability import measure, metrics
from allocation.orders.batch_report import BatchReport, report_batch
from allocation.orders.redelivery import seconds_since_sent
from tests.support.samples import FAILED, NOON, A, B, C, D, json_of, message, summary_of

NOTHING = BatchReport({}, {}, {}, {})
ALLOCATED = Allocated(summary_of(A))
NOT_JSON = InvalidMessageError("NotJson", "the body is not JSON")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    metrics.clear_metrics()
    yield
    metrics.clear_metrics()


def emitted() -> dict[str, list[float]]:
    """The metrics as CloudWatch reads them, by their names."""
    written: Any = metrics.serialize_metric_set()
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"]]
    return {metric["Name"]: written[metric["Name"]] for metric in directive["Metrics"]}


def failed(code: str) -> AllocationFailed:
    return AllocationFailed(Failure(code, "no"))


def test_a_batch_in_which_nothing_happened_counts_zeros_so_that_alarms_can_end() -> None:
    report_batch(NOTHING)
    assert emitted() == {
        "ConsignmentsAllocated": [0],
        "ConsignmentsFailed": [0],
        "OrdersLeftOut": [0],
        "MessagesRefused": [0],
        "MessagesReturned": [0],
    }


def test_allocated_and_failed_consignments_are_counted_the_failed_ones_by_code_too() -> None:
    others = {B: FAILED, C: FAILED, D: failed("ConsignmentIncomplete")}
    report_batch(replace(NOTHING, outcomes={A: ALLOCATED, **others}))
    counted = emitted()
    assert counted["ConsignmentsAllocated"] == [1]
    assert counted["ConsignmentsFailed"] == [3]
    assert counted["ConsignmentsFailedNoCarrierServiceAvailable"] == [2]
    assert counted["ConsignmentsFailedConsignmentIncomplete"] == [1]


def test_returned_messages_are_counted_by_cause() -> None:
    causes = {
        "m1": Deferred(DeferralCause.OUTAGE),
        "m2": Deferred(DeferralCause.OUT_OF_TIME),
        "m3": Deferred(DeferralCause.OUTAGE, 30),
    }
    report_batch(replace(NOTHING, returned=causes))
    counted = emitted()
    assert counted["MessagesReturned"] == [3]
    assert counted["MessagesReturnedOutage"] == [2]
    assert counted["MessagesReturnedOutOfTime"] == [1]


def test_refused_messages_are_counted() -> None:
    report_batch(replace(NOTHING, refused={"m1": NOT_JSON, "m2": NOT_JSON}))
    assert emitted()["MessagesRefused"] == [2]


def test_words_that_others_choose_make_no_new_metrics() -> None:
    unheard = {letter: failed(f"Unheard{letter}") for letter in (A, B, C)}
    report_batch(replace(NOTHING, outcomes=unheard))
    counted = emitted()
    assert counted["ConsignmentsFailedOther"] == [3]
    assert not any("nheard" in metric for metric in counted)


def test_how_old_a_message_was_when_it_was_done_is_measured_apart_from_one_that_goes_back() -> None:
    report_batch(
        BatchReport(
            {"m2": Deferred(DeferralCause.OUTAGE)},
            {"m3": NOT_JSON},
            {},
            {"m1": 1.5, "m2": 1800.0, "m3": 9.0, "m4": 2.5},
        )
    )
    measured = emitted()
    assert measured["OrderLatencySeconds"] == [1.5, 2.5]
    assert measured["ReturnedMessageAgeSeconds"] == [1800.0]


def test_the_age_of_a_message_is_counted_from_when_sqs_took_it() -> None:
    received = queue_messages(json_of("sqs-batch.json"))
    sent_at = received[0].sent_at
    assert sent_at is not None
    assert sent_at.isoformat() == "2026-11-23T09:15:01+00:00"
    ages = seconds_since_sent(received, sent_at + timedelta(seconds=90))
    assert ages == {item.message_id: 90.0 for item in received}


def test_a_message_from_the_future_or_of_unknown_age_spoils_no_statistic() -> None:
    early = replace(message("m1", A), sent_at=NOON + timedelta(seconds=1))
    assert seconds_since_sent([early, message("m2", B)], NOON) == {"m1": 0.0}


def test_published_and_unpublished_events_are_counted() -> None:
    report_published(PublishReport({"100": "not_published"}, [f"{A}#1", f"{B}#2"], {}), NOON)
    assert emitted() == {"EventsPublished": [2], "EventsNotPublished": [1]}


def test_the_events_of_a_batch_are_logged_in_one_line_by_their_ids(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        report_published(PublishReport({}, [f"{A}#1", f"{B}#2"], {}), NOON)
    (line,) = caplog.records
    assert (line.message, vars(line)["event_ids"]) == ("published", [f"{A}#1", f"{B}#2"])


def test_a_batch_without_events_is_not_logged_as_published(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        report_published(PublishReport({"100": "not_published"}, [], {}), NOON)
    assert [line.message for line in caplog.records] == ["change not published"]


def test_each_duration_is_kept_apart() -> None:
    measure(MetricName.PRO_ALLOCATION_MILLISECONDS, 120)
    measure(MetricName.PRO_ALLOCATION_MILLISECONDS, 480)
    assert emitted() == {"ProAllocationMilliseconds": [120, 480]}


def test_more_values_than_cloudwatch_takes_at_once_are_written_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(150):
        measure(MetricName.PRO_ALLOCATION_MILLISECONDS, 1)
    first: Any = json.loads(capsys.readouterr().out)
    assert len(first["ProAllocationMilliseconds"]) == 100
    assert len(emitted()["ProAllocationMilliseconds"]) == 50


def test_a_returned_message_says_which_consignment_waits_and_what_for(caplog: pytest.LogCaptureFixture) -> None:
    why = f"PRO has {A} in state Allocating since 2026-11-27T12:00:00Z"
    causes = {"m1": Deferred(DeferralCause.ALLOCATING, why=why), "m2": Deferred(DeferralCause.OUTAGE)}
    report_batch(replace(NOTHING, returned=causes))
    returned = [vars(record) for record in caplog.records if record.getMessage() == "message returned"]
    assert [line.get("why") for line in returned] == [why, None]
