"""Every change of a record is published, from the first on; one that can't be does not hold up its shard for ever."""

import json
from typing import Any

import pytest

from tests.infrastructure.stack import Stack

A_DAY = 24 * 3600  # how long a stream keeps a record


@pytest.fixture
def mapping(stack: Stack) -> dict[str, Any]:
    return stack.mapping("PublishAllocationsFunction")


def test_no_change_is_missed_that_was_written_before_the_publisher_was_there(mapping: dict[str, Any]) -> None:
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


@pytest.mark.parametrize(("change", "published"), [("INSERT", True), ("MODIFY", True), ("REMOVE", False)])
def test_an_expiry_is_no_event(mapping: dict[str, Any], change: str, published: bool) -> None:
    patterns = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]

    assert any(change in pattern["eventName"] for pattern in patterns) is published


def test_only_its_age_gives_a_record_up_and_it_can_be_read_for_half_a_day_after(mapping: dict[str, Any]) -> None:
    """Thirty tries a second apart are over before an outage of SNS is."""
    assert mapping["MaximumRetryAttempts"] == -1
    assert 3600 <= mapping["MaximumRecordAgeInSeconds"] <= A_DAY / 2


def test_one_bad_record_does_not_hold_up_its_batch_and_is_told_to_a_queue(
    stack: Stack, mapping: dict[str, Any]
) -> None:
    (queue, _) = mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"]

    assert mapping["BisectBatchOnFunctionError"] is True
    assert queue in stack.of_type("AWS::SQS::Queue")


def test_a_mapping_that_is_replaced_does_not_stay_beside_the_new_one(stack: Stack) -> None:
    """Where another table is adopted: two would read its stream, or the queue."""
    mappings = [each for each in stack.resources.values() if each["Type"] == "AWS::Lambda::EventSourceMapping"]

    assert len(mappings) == 3
    assert not [each for each in mappings if {"UpdateReplacePolicy", "DeletionPolicy"} & each.keys()]
