"""The function `publish_allocations` over moto's AWS: from a stream event to the topic and a partial batch response."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.composition import background
from allocation.domain.errors import RetryableError
from tests.integration.conftest import Queue, Topic
from tests.integration.handlers import Context, captured_log, function, lines
from tests.support.samples import json_of

Handler = Callable[[dict[str, Any], Context], Any]


@pytest.fixture
def failures() -> Queue:
    sqs = client("sqs")
    return Queue(sqs, sqs.create_queue(QueueName="stream-failures")["QueueUrl"])


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, topic: Topic, failures: Queue) -> Handler:
    monkeypatch.setenv("ALLOCATIONS_TOPIC_ARN", topic.arn)
    monkeypatch.setenv("STREAM_FAILURE_QUEUE_URL", failures.url)
    background.publish_allocations.cache_clear()
    made: Handler = function("publish_allocations").handler
    return made


def stream_event(*names: str) -> dict[str, Any]:
    """The records of several stream files in one event, numbered from 100."""
    records = [json_of(name)["Records"][0] for name in names]
    for number, record in enumerate(records, start=100):
        record["dynamodb"]["SequenceNumber"] = str(number)
    return {"Records": records}


def test_no_records_are_nothing_to_publish(handler: Handler) -> None:
    assert handler({"Records": []}, Context()) == {"batchItemFailures": []}


def test_every_record_is_published(handler: Handler, topic: Topic) -> None:
    event = stream_event("stream-insert-allocated.json", "stream-insert-failed.json")
    assert handler(event, Context()) == {"batchItemFailures": []}
    sent = [json.loads(each["Body"]) for each in topic.queue.messages()]
    expected = [json_of("consignment-allocated-v1.json"), json_of("consignment-allocation-failed-v1.json")]
    assert sorted(sent, key=lambda each: each["id"]) == expected


def test_a_record_that_can_not_be_read_is_set_aside_and_holds_up_no_other(
    handler: Handler, topic: Topic, failures: Queue
) -> None:
    event = stream_event("stream-insert-allocated.json", "stream-foreign-record.json", "stream-insert-failed.json")
    with captured_log() as log:
        assert handler(event, Context()) == {"batchItemFailures": []}
    assert len(topic.queue.messages()) == 2
    published, set_aside = lines(log)
    assert published["event_ids"] == ["EC-000-05B-MMA#1", "EC-000-05B-MMB#1"]
    assert published["types"] == ["consignment.allocated", "consignment.allocation_failed"]
    assert (set_aside["sequence_number"], set_aside["cause"]) == ("101", "NotAnAllocationRecord")
    (kept,) = failures.messages()
    told = json.loads(kept["Body"])
    assert (told["sequenceNumber"], told["reason"]) == ("101", "NotAnAllocationRecord")


def test_where_the_topic_takes_nothing_the_batch_comes_again_though_nobody_reads_a_reply(
    handler: Handler, topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    topic.client.delete_topic(TopicArn=topic.arn)
    event = stream_event("stream-insert-allocated.json", "stream-insert-failed.json")
    with pytest.raises(RetryableError, match="none of 2"):
        handler(event, Context())
    assert '"EventsNotPublished":[2.0]' in capsys.readouterr().out


def test_what_the_topic_did_not_take_of_a_batch_comes_again(handler: Handler, topic: Topic) -> None:
    topic.client.delete_topic(TopicArn=topic.arn)
    event = stream_event("stream-foreign-record.json", "stream-insert-failed.json")
    assert handler(event, Context()) == {"batchItemFailures": [{"itemIdentifier": "101"}]}


def test_a_record_that_comes_again_is_published_with_the_same_id(handler: Handler, topic: Topic) -> None:
    for _ in range(2):
        handler(json_of("stream-insert-allocated.json"), Context())
    assert [json.loads(each["Body"])["id"] for each in topic.queue.messages()] == ["EC-000-05B-MMA#1"] * 2


def test_published_and_unpublished_events_are_counted(handler: Handler, capsys: pytest.CaptureFixture[str]) -> None:
    handler(stream_event("stream-insert-allocated.json", "stream-foreign-record.json"), Context())
    counted = capsys.readouterr().out
    assert '"EventsPublished":[1.0]' in counted
    assert '"EventsNotPublished":[1.0]' in counted
