"""Every change of a record is published, from the first on; one that can't be does not hold up its shard for ever."""

import json
from typing import Any

import pytest

from tests.infrastructure.stack import Stack

A_DAY = 24 * 3600


@pytest.fixture
def mapping(stack: Stack) -> dict[str, Any]:
    return stack.mapping("PublishAllocationsFunction")


def test_stream_carries_the_new_record(stack: Stack) -> None:
    view = stack.properties("AllocationsTable")["StreamSpecification"]["StreamViewType"]

    assert view in {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}


def test_stream_of_the_table_is_read_from_its_beginning(mapping: dict[str, Any]) -> None:
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": ["AllocationsTable", "StreamArn"]}
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


def test_inserts_and_changes_are_published_and_expiries_are_not(mapping: dict[str, Any]) -> None:
    (filter_,) = mapping["FilterCriteria"]["Filters"]

    assert json.loads(filter_["Pattern"]) == {"eventName": ["INSERT", "MODIFY"]}


def test_records_after_a_failed_one_alone_are_delivered_again(mapping: dict[str, Any]) -> None:
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_retries_are_bounded_by_time_and_not_by_number(mapping: dict[str, Any]) -> None:
    """Thirty tries a second apart are over before an outage of SNS is."""
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == -1


def test_record_given_up_can_still_be_read_from_the_stream_for_half_a_day(mapping: dict[str, Any]) -> None:
    assert 3600 <= mapping["MaximumRecordAgeInSeconds"] <= A_DAY / 2


def test_record_given_up_is_told_to_a_queue(mapping: dict[str, Any]) -> None:
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": ["StreamFailureQueue", "Arn"]}}}
