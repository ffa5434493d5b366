"""Claims on consignments in DynamoDB: who has asked PRO before, and who may be at it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.ports import Claimed, Watch
from tests.integration.conftest import UNANSWERED, date_answers
from tests.support.samples import A, B, C, reference
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "claims"
HOLDERS = count()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LIVE = "https://api.electioapp.com"


class Environments:
    """Execution environments over one table, at a time that a test moves: AWS's own."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        self.dynamodb: Any = dynamodb
        self.now = NOON
        create_table(dynamodb, "ProClaimsTable", TABLE)
        date_answers(dynamodb, lambda: self.now, "batch_get_item", "batch_execute_statement")

    def claims(self, *, fast: timedelta = timedelta(0), base_url: str = LIVE) -> DynamoDBClaims:
        """The claims of an environment whose clock is fast, or slow, by so much."""
        return DynamoDBClaims(
            self.dynamodb, TABLE, lambda: self.now + fast, base_url, lambda: f"holder {next(HOLDERS)}"
        )


def fresh(until: int, *references: ConsignmentReference, now: datetime = NOON) -> Claimed:
    """What nobody has asked for is claimed so."""
    return Claimed(until=until, since=dict.fromkeys(references, now))


@pytest.fixture
def environments(dynamodb: "DynamoDBClient") -> Environments:
    return Environments(dynamodb)


def after(seconds: float) -> int:
    """Milliseconds since 1970."""
    return int((NOON.timestamp() + seconds) * 1000)


def test_what_nobody_has_asked_for_is_claimed(environments: Environments) -> None:
    assert environments.claims().take([A, B], 60) == fresh(after(60), A, B)


def test_what_another_may_be_asking_for_is_held_for_as_long(environments: Environments) -> None:
    environments.claims().take([A], 60)
    environments.now += timedelta(seconds=20)
    assert environments.claims().take([A, B], 60).held == {A: 40}
    assert environments.claims().take([A, B], 60).held == {A: 40, B: 60}


def test_what_another_has_asked_for_and_ended_is_claimed_and_known_to_be_asked_for(environments: Environments) -> None:
    environments.claims().take([A], 60)
    environments.now += timedelta(seconds=60)
    ended = environments.claims().take([A], 60)
    assert ended == replace(fresh(after(120), A), asked_before=frozenset({A}))
    assert environments.claims().take([A], 60) == replace(fresh(after(120), A), held={A: 60})


def test_a_claim_that_is_given_back_keeps_nobody_waiting(environments: Environments) -> None:
    one = environments.claims()
    one.give_back(one.take([A, B], 60), [A], 0)
    again = environments.claims().take([A, B], 60)
    assert again == replace(fresh(after(60), A, B), asked_before=frozenset({A}), held={B: 60})


def test_a_claim_that_is_given_back_too_late_is_not_taken_from_who_has_it_now(environments: Environments) -> None:
    """DynamoDB may carry out late, or a second time, what was sent to it."""
    one = environments.claims()
    earlier = one.take([A], 60)
    environments.now += timedelta(seconds=60)
    environments.claims().take([A], 60)
    one.give_back(earlier, [A], 0)
    assert environments.claims().take([A], 60).held == {A: 60}


def test_a_claim_that_another_makes_in_between_is_found_held(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read that it has ended; the write of the slower one fails, and what it did not lose is claimed."""
    slow, fast = environments.claims(), environments.claims()
    fast.give_back(fast.take([A, B, C], 60), [A, B, C], 0)
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
    assert claimed == fresh(after(60), *many)
    environments.claims().give_back(claimed, many, 0)
    assert environments.claims().take(many, 60).asked_before == set(many)


@pytest.mark.parametrize("error", UNANSWERED, ids=cause_of)
def test_a_table_that_does_not_answer_leaves_the_consignments_to_the_queue(
    environments: Environments, monkeypatch: pytest.MonkeyPatch, error: ClientError | BotoCoreError
) -> None:
    fail = Mock(side_effect=error)
    one = environments.claims()
    monkeypatch.setattr(environments.dynamodb, "batch_execute_statement", fail)
    monkeypatch.setattr(environments.dynamodb, "transact_write_items", fail)
    one.give_back(fresh(after(60), A), [A], 0)
    with pytest.raises(RetryableError, match=f"DynamoDB did not write: {cause_of(error)}"):
        one.take([A], 60)
    monkeypatch.setattr(environments.dynamodb, "batch_get_item", fail)
    with pytest.raises(RetryableError, match=rf"(claims could not be read|did not write).*{cause_of(error)}"):
        one.take([A], 60)


@pytest.mark.parametrize("watch", [Watch.OPEN, Watch.ACCEPTED, Watch.ACCEPTED_AFRESH])
def test_what_was_left_for_pro_is_held_and_may_be_watched_until_the_claim_ends(
    environments: Environments, watch: Watch
) -> None:
    claimed = environments.claims().take([A, B], 60)
    environments.claims().give_back(claimed, [A], 180, watch)
    environments.claims().give_back(claimed, [B], 180)
    environments.now += timedelta(seconds=100)
    again = environments.claims().take([A, B], 60)
    assert again == replace(fresh(again.until, A, B), held={A: 80, B: 80}, watched={A: watch})
    environments.now += timedelta(seconds=80)
    ended = environments.claims().take([A, B], 60)
    assert ended == replace(fresh(ended.until, A, B), asked_before=frozenset({A, B}))


def test_what_pro_was_not_asked_for_is_claimed_as_if_for_the_first_time(environments: Environments) -> None:
    claimed = environments.claims().take([A, B], 60)
    environments.claims().give_back(claimed, [A], 0, Watch.NOT_ASKED)
    environments.claims().give_back(claimed, [B], 0)
    again = environments.claims().take([A, B], 60)
    assert again.asked_before == {B}
    assert again.held == {}


def test_who_has_the_record_of_an_allocation_takes_its_claim_and_no_other(environments: Environments) -> None:
    claimed, other = environments.claims().take([A, B], 60), environments.claims().take([C], 60)
    recorded = {A: claimed.holder, C: claimed.holder}
    assert environments.claims().take([A], 60).held == {A: 60}, "who has not seen the record"
    over = environments.claims().take([A, B, C], 60, recorded)
    assert over.asked_before == {A}
    assert over.held == {B: 60, C: 60}
    assert over.holder not in (claimed.holder, other.holder)


def test_what_is_done_with_a_recorded_allocation_is_a_try_of_its_own(environments: Environments) -> None:
    """Else that record would be taken for the outcome of a cancellation of which nobody knows what became."""
    claimed = environments.claims().take([A], 60)
    environments.now += timedelta(seconds=20)
    again = environments.claims().take([A], 60, {A: claimed.holder})
    assert again.since[A] - claimed.since[A] == timedelta(seconds=20)


def test_new_claims_are_made_by_one_call_and_nothing_is_read(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    for unused in ("batch_get_item", "transact_write_items"):
        monkeypatch.setattr(environments.dynamodb, unused, Mock(side_effect=AssertionError(unused)))
    insert = Mock(side_effect=environments.dynamodb.batch_execute_statement)
    monkeypatch.setattr(environments.dynamodb, "batch_execute_statement", insert)
    environments.claims().take([A], 60)
    assert environments.claims().take([B, C], 60) == fresh(after(60), B, C)
    assert insert.call_count == 2


def test_a_claim_whose_answer_was_lost_is_its_callers(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = environments.dynamodb.batch_execute_statement

    def repeated(**arguments: Any) -> Any:
        insert(**arguments)
        return insert(**arguments)

    monkeypatch.setattr(environments.dynamodb, "batch_execute_statement", repeated)
    assert environments.claims().take([A, B], 60) == fresh(after(60), A, B)
    assert environments.claims().take([A], 60).held == {A: 60}


def test_a_claim_that_was_taken_over_was_asked_for_before_also_where_the_answer_was_lost(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its write is sent again, and fails on the first one's."""
    one = environments.claims()
    one.give_back(one.take([A], 60), [A], 0)
    write = environments.dynamodb.transact_write_items

    def repeated(**arguments: Any) -> Any:
        monkeypatch.setattr(environments.dynamodb, "transact_write_items", write)
        write(**arguments)
        return write(**arguments)

    monkeypatch.setattr(environments.dynamodb, "transact_write_items", repeated)
    assert environments.claims().take([A, B], 60) == replace(fresh(after(60), A, B), asked_before=frozenset({A}))


def test_what_is_settled_is_held_but_not_watched_and_only_who_looked_may_take_it(environments: Environments) -> None:
    claimed = environments.claims().take([A], 60)
    environments.claims().give_back(claimed, [A], 70, Watch.SETTLED)
    early = environments.claims().take([A], 60)
    assert early == replace(fresh(early.until, A), held={A: 70})
    over = environments.claims().take([A], 60, {})
    assert over == replace(fresh(over.until, A), asked_before=frozenset({A}))


def test_what_pro_may_still_deallocate_is_watched_by_nobody_until_the_claim_ends(environments: Environments) -> None:
    """Whoever watched it might adopt an allocation that a late deallocation takes away."""
    claimed = environments.claims().take([A], 60)
    environments.claims().give_back(claimed, [A], 180, Watch.TAKING_BACK)
    again = environments.claims().take([A], 60, {A: claimed.holder})
    assert again == replace(fresh(again.until, A), held={A: 180})


def test_a_try_after_a_recorded_outcome_is_one_of_its_own(environments: Environments) -> None:
    """Else the failure that is recorded would be taken for the outcome of the try after it."""
    claimed = environments.claims().take([A, B], 60)
    environments.claims().give_back(claimed, [A], 70, Watch.SETTLED)
    environments.claims().give_back(claimed, [B], 70)
    environments.now += timedelta(seconds=100)
    again = environments.claims().take([A, B], 60)
    assert again.since[A] - claimed.since[A] == timedelta(seconds=100)
    assert again.since[B] == claimed.since[B]


@pytest.mark.parametrize("fast", [timedelta(minutes=5), timedelta(minutes=-5)], ids=["fast", "slow"])
def test_clocks_of_environments_that_differ_by_minutes_shorten_no_claim(
    environments: Environments, fast: timedelta
) -> None:
    claimed = environments.claims(fast=fast).take([A, B], 60)
    environments.claims(fast=fast).give_back(claimed, [B], 180, Watch.OPEN)
    environments.now += timedelta(seconds=59)
    assert environments.claims(fast=-fast).take([A, B], 60).held == {A: 1, B: 121}
    environments.now += timedelta(seconds=1)
    assert environments.claims(fast=-fast).take([A, B], 60).asked_before == {A}


def test_when_pro_was_first_asked_is_known_for_as_long_as_the_order_comes_again(environments: Environments) -> None:
    claimed = environments.claims().take([A, B], 60)
    environments.claims().give_back(claimed, [A], 0)
    environments.claims().give_back(claimed, [B], 0, is_over=True)
    environments.now += timedelta(minutes=20)
    assert environments.claims().take([A, B], 60).since == {A: NOON, B: environments.now}
    environments.now += timedelta(minutes=40)
    assert environments.claims().take([A], 60).since == {A: environments.now}


def test_what_another_pro_was_asked_for_is_left_to_it_until_that_is_over(environments: Environments) -> None:
    environments.claims().take([A], 60)
    sandbox = environments.claims(base_url="https://apisandbox.electioapp.com")
    assert sandbox.take([A, B], 60) == replace(fresh(after(60), B), elsewhere={A: LIVE})
    environments.now += timedelta(minutes=40)
    assert sandbox.take([A], 60).asked_before == {A}


def test_a_claim_of_an_earlier_version_is_respected(environments: Environments) -> None:
    item = {"consignmentReference": {"S": A}, "heldUntil": {"N": str(after(60))}, "accepted": {"BOOL": True}}
    environments.dynamodb.put_item(TableName=TABLE, Item=item)
    assert environments.claims().take([A], 60).held == {A: 60}
