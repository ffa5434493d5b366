"""Transactions: tried again while somebody else writes to the same items, and not for anything else."""

from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.exceptions import ClientError

from allocation.aws.dynamodb.bulk_calls import MAX_ATTEMPTS, CancelledError, write_all
from allocation.domain.errors import RetryableError
from tests.support.tables import create_table


class CanceledError(ClientError):
    """As botocore raises it."""

    def __init__(self, *reasons: str) -> None:
        super().__init__({"Error": {"Code": "TransactionCanceledException", "Message": ""}}, "TransactWriteItems")
        self.response["CancellationReasons"] = [{"Code": reason} for reason in reasons]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses made, each as long as it can be."""
    made: list[float] = []
    monkeypatch.setattr("allocation.aws.dynamodb.bulk_calls.time.sleep", made.append)
    monkeypatch.setattr("allocation.aws.dynamodb.bulk_calls.random.random", lambda: 1.0)
    return made


def answering(answers: list[Any]) -> Any:
    """A client whose transactions are answered so."""
    client = Mock()
    client.exceptions.TransactionCanceledException = CanceledError
    client.transact_write_items.side_effect = answers
    return client


def test_a_conflict_is_tried_again_after_ever_longer_pauses(pauses: list[float]) -> None:
    conflict = CanceledError("None", "TransactionConflict")
    client = answering([conflict, conflict, {}])
    write_all(client, [])
    assert pauses == [0.02, 0.04]


def test_a_conflict_that_lasts_is_told(pauses: list[float]) -> None:
    client = answering([CanceledError("TransactionConflict")] * MAX_ATTEMPTS)
    with pytest.raises(CancelledError, match="TransactionConflict"):
        write_all(client, [])
    assert len(pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize("reasons", [("ConditionalCheckFailed",), ("TransactionConflict", "ConditionalCheckFailed")])
def test_a_condition_that_does_not_hold_is_told_at_once(reasons: tuple[str, ...], pauses: list[float]) -> None:
    client = answering([CanceledError(*reasons)])
    with pytest.raises(CancelledError) as caught:
        write_all(client, [])
    assert (caught.value.reasons, pauses) == (reasons, [])


def test_an_error_of_another_kind_is_retryable_by_whoever_called(pauses: list[float]) -> None:
    client = answering([ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "x")])
    with pytest.raises(RetryableError, match="InternalServerError"):
        write_all(client, [])
    assert pauses == []


@pytest.mark.parametrize("resource", ["AllocationsTable", "SearchIndexTable"])
def test_what_is_cancelled_changes_nothing_here_either(resource: str) -> None:
    """Tables in tests are not copied for a transaction: their items are shared."""
    dynamodb: Any = boto3.client("dynamodb")
    create_table(dynamodb, resource, "any")
    schema = dynamodb.describe_table(TableName="any")["Table"]["KeySchema"]

    def key(text: str) -> dict[str, Any]:
        return {each["AttributeName"]: {"S": text} for each in schema}

    def update(text: str, value: str, condition: str) -> dict[str, Any]:
        told = {"UpdateExpression": "SET said = :said", "ExpressionAttributeValues": {":said": {"S": value}}}
        return {"TableName": "any", "Key": key(text), "ConditionExpression": condition, **told}

    kept = [{**key("kept"), "said": {"S": "before"}}]
    dynamodb.put_item(TableName="any", Item=kept[0])
    good, bad = update("kept", "after", "attribute_exists(said)"), update("other", "after", "attribute_exists(said)")
    put, delete = {"TableName": "any", "Item": key("new")}, {"TableName": "any", "Key": key("kept")}
    for done in ([{"Update": good}, {"Put": put}], [{"Delete": delete}]):
        with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
            dynamodb.transact_write_items(TransactItems=[*done, {"Update": bad}])
        assert dynamodb.scan(TableName="any")["Items"] == kept
    dynamodb.transact_write_items(TransactItems=[{"Update": good}, {"Put": put}])
    assert dynamodb.get_item(TableName="any", Key=key("kept"))["Item"]["said"] == {"S": "after"}
    assert len(dynamodb.scan(TableName="any")["Items"]) == 2
