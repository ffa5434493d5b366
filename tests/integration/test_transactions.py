"""Transactions: tried again while somebody else writes to the same items, and not for anything else."""

from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from allocation.aws.dynamodb.transactions import MAX_ATTEMPTS, CancelledError, Transactions
from allocation.domain.errors import RetryableError


class CanceledError(ClientError):
    """As botocore raises it."""

    def __init__(self, *reasons: str) -> None:
        super().__init__({"Error": {"Code": "TransactionCanceledException", "Message": ""}}, "TransactWriteItems")
        self.response["CancellationReasons"] = [{"Code": reason} for reason in reasons]


def transactions(answers: list[Any]) -> tuple[Transactions, list[float]]:
    client, pauses = Mock(), list[float]()
    client.exceptions.TransactionCanceledException = CanceledError
    client.transact_write_items.side_effect = answers
    return Transactions(client, pause=pauses.append, jitter=lambda: 1.0), pauses


def test_a_conflict_is_tried_again_after_ever_longer_pauses() -> None:
    conflict = CanceledError("None", "TransactionConflict")
    made, pauses = transactions([conflict, conflict, {}])
    made.write([])
    assert pauses == [0.02, 0.04]


def test_a_conflict_that_lasts_is_told() -> None:
    made, pauses = transactions([CanceledError("TransactionConflict")] * MAX_ATTEMPTS)
    with pytest.raises(CancelledError, match="TransactionConflict"):
        made.write([])
    assert len(pauses) == MAX_ATTEMPTS - 1


@pytest.mark.parametrize("reasons", [("ConditionalCheckFailed",), ("TransactionConflict", "ConditionalCheckFailed")])
def test_a_condition_that_does_not_hold_is_told_at_once(reasons: tuple[str, ...]) -> None:
    made, pauses = transactions([CanceledError(*reasons)])
    with pytest.raises(CancelledError) as caught:
        made.write([])
    assert (caught.value.reasons, pauses) == (reasons, [])


def test_an_error_of_another_kind_is_retryable_by_whoever_called() -> None:
    made, pauses = transactions([ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "x")])
    with pytest.raises(RetryableError, match="InternalServerError"):
        made.write([])
    assert pauses == []
