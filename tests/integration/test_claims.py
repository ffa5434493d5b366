"""Claims on consignments in DynamoDB: who has asked PRO before, and who may be at it."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.ports import Claimed
from tests.integration.conftest import UNANSWERED
from tests.support.samples import A, B, C, reference
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "claims"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Environments:
    """Execution environments over one table, at a time that a test moves."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        self.dynamodb: Any = dynamodb
        self.now = NOON
        create_table(dynamodb, "ProClaimsTable", TABLE)

    def claims(self) -> DynamoDBClaims:
        return DynamoDBClaims(self.dynamodb, TABLE, lambda: self.now)


@pytest.fixture
def environments(dynamodb: "DynamoDBClient") -> Environments:
    return Environments(dynamodb)


def after(seconds: float) -> int:
    """Milliseconds since 1970."""
    return int((NOON.timestamp() + seconds) * 1000)


def test_what_nobody_has_asked_for_is_claimed(environments: Environments) -> None:
    assert environments.claims().take([A, B], 60) == Claimed(until=after(60))


def test_what_another_may_be_asking_for_is_held_for_as_long(environments: Environments) -> None:
    environments.claims().take([A], 60)
    environments.now += timedelta(seconds=20, milliseconds=1)
    assert environments.claims().take([A, B], 60).held == {A: 40}
    assert environments.claims().take([A, B], 60).held == {A: 40, B: 60}


def test_what_another_has_asked_for_and_ended_is_claimed_and_known_to_be_asked_for(environments: Environments) -> None:
    environments.claims().take([A], 60)
    environments.now += timedelta(seconds=60)
    assert environments.claims().take([A], 60) == Claimed(frozenset({A}), {}, after(120))
    assert environments.claims().take([A], 60) == Claimed(frozenset(), {A: 60}, after(120))


def test_a_claim_that_is_given_back_keeps_nobody_waiting(environments: Environments) -> None:
    one = environments.claims()
    one.give_back([A], one.take([A, B], 60).until, 0)
    assert environments.claims().take([A, B], 60) == Claimed(frozenset({A}), {B: 60}, after(60))


def test_a_claim_that_is_given_back_too_late_is_not_taken_from_who_has_it_now(environments: Environments) -> None:
    """DynamoDB may carry out late, or a second time, what was sent to it."""
    one = environments.claims()
    earlier = one.take([A], 60).until
    environments.now += timedelta(seconds=60)
    environments.claims().take([A], 60)
    one.give_back([A], earlier, 0)
    assert environments.claims().take([A], 60).held == {A: 60}


def test_a_claim_that_another_makes_in_between_is_found_held(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that there is none; the write of the slower one fails, and what it did not lose is claimed."""
    slow, fast = environments.claims(), environments.claims()
    write = environments.dynamodb.transact_write_items

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.undo()
        fast.take([B], 60)
        return write(**arguments)

    monkeypatch.setattr(environments.dynamodb, "transact_write_items", overtaken)
    assert slow.take([A, B, C], 60).held == {B: 60}
    assert environments.claims().take([A, B, C], 60).held.keys() == {A, B, C}


def test_more_than_one_request_takes_are_claimed(environments: Environments) -> None:
    many = [reference(number) for number in range(130)]
    claimed = environments.claims().take(many, 60)
    assert claimed == Claimed(until=after(60))
    environments.claims().give_back(many, claimed.until, 0)
    assert environments.claims().take(many, 60).asked_before == set(many)


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_a_table_that_does_not_answer_leaves_the_consignments_to_the_queue(
    environments: Environments, monkeypatch: pytest.MonkeyPatch, error: ClientError | BotoCoreError
) -> None:
    fail = Mock(side_effect=error)
    one = environments.claims()
    monkeypatch.setattr(environments.dynamodb, "transact_write_items", fail)
    one.give_back([A], after(60), 0)
    with pytest.raises(RetryableError, match=f"DynamoDB did not write: {cause_of(error)}"):
        one.take([A], 60)
    monkeypatch.setattr(environments.dynamodb, "batch_get_item", fail)
    with pytest.raises(RetryableError, match=rf"claims could not be read \({cause_of(error)}\)"):
        one.take([A], 60)


def test_what_pro_has_accepted_is_held_and_known_as_accepted_until_the_claim_ends(environments: Environments) -> None:
    claimed = environments.claims().take([A, B], 60)
    environments.claims().give_back([A], claimed.until, 180, accepted=True)
    environments.claims().give_back([B], claimed.until, 180)
    environments.now += timedelta(seconds=100)
    again = environments.claims().take([A, B], 60)
    assert again == Claimed(held={A: 80, B: 80}, until=again.until, accepted=frozenset({A}))
    environments.now += timedelta(seconds=80)
    ended = environments.claims().take([A, B], 60)
    assert ended == Claimed(asked_before=frozenset({A, B}), until=ended.until)
