"""Events in SNS's batches: ten entries and 256 KiB at most, and each event answered for by its position."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from allocation.aws.sns import SnsPublisher
from allocation.ports import AllocationEvent

KIB = 1024


@dataclass
class FakeSns:
    """`publish_batch` with SNS's limits; messages in `refused` fail by themselves."""

    refused: set[str] = field(default_factory=set)
    error: Exception | None = None
    batches: list[list[str]] = field(default_factory=list)
    attributes: list[dict[str, Any]] = field(default_factory=list)

    def publish_batch(self, *, TopicArn: str, PublishBatchRequestEntries: list[Any]) -> dict[str, Any]:  # noqa: N803
        assert TopicArn == "arn:topic"
        if self.error:
            raise self.error
        if len(PublishBatchRequestEntries) > 10:
            raise ClientError({"Error": {"Code": "TooManyEntriesInBatchRequest"}}, "PublishBatch")
        if sum(map(weight, PublishBatchRequestEntries)) > 256 * KIB:
            raise ClientError({"Error": {"Code": "BatchRequestTooLong"}}, "PublishBatch")
        self.batches.append([entry["Message"] for entry in PublishBatchRequestEntries])
        self.attributes += [entry["MessageAttributes"] for entry in PublishBatchRequestEntries]
        failed = [entry["Id"] for entry in PublishBatchRequestEntries if entry["Message"] in self.refused]
        successful = [{"Id": entry["Id"]} for entry in PublishBatchRequestEntries if entry["Id"] not in failed]
        return {"Successful": successful, "Failed": [{"Id": each, "Code": "InternalError"} for each in failed]}


def weight(entry: dict[str, Any]) -> int:
    attributes = entry["MessageAttributes"].items()
    return len(entry["Message"].encode()) + sum(
        len((name + value["DataType"] + value["StringValue"]).encode()) for name, value in attributes
    )


def event(body: str, **attributes: str) -> AllocationEvent:
    return AllocationEvent(f"id of {body[:9]}", body, attributes)


def publish(sns: FakeSns, *events: AllocationEvent) -> frozenset[int]:
    return SnsPublisher(sns, "arn:topic").publish(events)  # type: ignore[arg-type]


def test_events_go_ten_a_batch_in_their_order() -> None:
    sns = FakeSns()
    assert publish(sns, *(event(str(number)) for number in range(25))) == frozenset()
    assert [len(batch) for batch in sns.batches] == [10, 10, 5]
    assert [body for batch in sns.batches for body in batch] == [str(number) for number in range(25)]


@pytest.mark.parametrize("letter", ["x", "é"], ids=["one byte", "two bytes"])
def test_a_batch_stays_within_256_kib_attributes_included(letter: str) -> None:
    sns = FakeSns()
    body = letter * (64 * KIB // len(letter.encode()))
    assert publish(sns, *(event(body, mode="default_rules") for _ in range(8))) == frozenset()
    assert [len(batch) for batch in sns.batches] == [3, 3, 2]


def test_only_an_event_too_large_for_sns_fails() -> None:
    sns = FakeSns()
    assert publish(sns, event("a"), event("x" * 257 * KIB), event("b")) == {1}
    assert sns.batches == [["a"], ["b"]]


def test_entries_that_sns_refuses_are_told_by_position() -> None:
    sns = FakeSns(refused={"3", "14"})
    assert publish(sns, *(event(str(number)) for number in range(20))) == {3, 14}


@pytest.mark.parametrize(
    "error",
    [ClientError({"Error": {"Code": "Throttled"}}, "PublishBatch"), ReadTimeoutError(endpoint_url="https://sns")],
    ids=["throttled", "timeout"],
)
def test_a_call_that_fails_leaves_all_of_its_batch_unpublished(error: Exception) -> None:
    assert publish(FakeSns(error=error), event("a"), event("b")) == {0, 1}


def test_attributes_are_strings_for_filter_policies() -> None:
    sns = FakeSns()
    publish(sns, event("a", mode="default_rules"))
    assert sns.attributes == [{"mode": {"DataType": "String", "StringValue": "default_rules"}}]
