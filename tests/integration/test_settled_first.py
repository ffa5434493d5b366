"""A stack that was switched from SortedPRO to the engine: the engine leaves alone what PRO may have allocated."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocatedBy, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.ports import Watch
from allocation.pro.releasing import SettledAtPro
from allocation.pro.settled_first import OpenClaims, SettledFirst
from tests.support.allocation_api import Api
from tests.support.consignments import InMemoryConsignments
from tests.support.ports import InMemoryRecords, ScriptedAllocator
from tests.support.samples import NOON, A, B, C, D, record_of, summary_of
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LIVE = "https://api.electioapp.com"
HOLDER = "holder"


class Hurry:
    def remaining_seconds(self) -> float:
        return 60.0


class Switched:
    """A stack with the table of its claims at PRO, and the engine."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        create_table(dynamodb, "ProClaimsTable", "claims")
        self.dynamodb: Any = dynamodb
        self.claims = DynamoDBClaims(dynamodb, "claims", lambda: NOON, LIVE, lambda: HOLDER)
        self.records: Any = InMemoryRecords()
        self.engine = ScriptedAllocator(lambda each: Allocated(summary_of(each.reference)))

    def new(self) -> SettledFirst:
        """A new execution environment."""
        return SettledFirst(self.engine, OpenClaims(self.dynamodb, "claims", self.records))

    def allocate(self, *references: Any) -> Any:
        consignments = [Consignment(each) for each in references]
        return self.new().allocate(consignments, DefaultRules(), Hurry())


@pytest.fixture
def switched(dynamodb: "DynamoDBClient") -> Switched:
    return Switched(dynamodb)


def test_what_pro_was_asked_for_waits_for_pro_and_says_what_to_do(switched: Switched) -> None:
    switched.claims.take([A, B], 360)
    answers = switched.allocate(A, B, C)
    assert isinstance(answers[C], Allocated)
    for each in (A, B):
        assert isinstance(answers[each], Deferred)
        assert (answers[each].cause, "set Allocator=pro back" in answers[each].why) == (
            DeferralCause.MISCONFIGURED,
            True,
        )
    assert switched.engine.asked[-1] == (C,)


def test_what_pro_has_settled_is_the_engines(switched: Switched) -> None:
    """By the claim, which says so, or by a record that was written since."""
    claimed = switched.claims.take([A, B, C], 360)
    switched.claims.give_back(claimed, [A], 70, Watch.SETTLED)
    later = timedelta(seconds=1)
    switched.records.kept[B] = replace(record_of(B), allocated_at=claimed.since[B] + later)
    switched.records.kept[C] = replace(record_of(C), allocated_at=claimed.since[C] - later)
    answers = switched.allocate(A, B, C, D)
    assert [each for each in (A, B, C, D) if isinstance(answers[each], Deferred)] == [C]


def test_an_allocation_that_names_the_claim_is_its_outcome_also_by_a_slow_clock(switched: Switched) -> None:
    claimed = switched.claims.take([A, B], 360)
    for each, claim in ((A, HOLDER), (B, "another")):
        outcome = Allocated(summary_of(each), by=AllocatedBy("pro", LIVE, claim=claim))
        earlier = claimed.since[each] - timedelta(minutes=5)
        switched.records.kept[each] = replace(record_of(each), outcome=outcome, allocated_at=earlier)
    answers = switched.allocate(A, B)
    assert [each for each in (A, B) if isinstance(answers[each], Deferred)] == [B]


def test_nothing_of_it_is_cancelled_here_either(switched: Switched) -> None:
    switched.claims.take([A], 360)
    allocator = switched.new()
    for release in (allocator.release, allocator.release_lost):
        assert release([A, B], Hurry()).keys() == {A}
    assert switched.engine.released == [B, B]


@pytest.mark.parametrize("action", ["allocate", "deallocate", "cancel"])
def test_the_api_changes_nothing_that_pro_was_asked_for(switched: Switched, action: str) -> None:
    store = InMemoryConsignments()
    api = Api(store)
    [asked, free] = [ConsignmentReference(api.create()) for _ in range(2)]
    if action == "deallocate":
        for each in (asked, free):
            api.call("PUT", f"/allocation/{each}/allocatewithservicegroup/valuableGoods")
            assert store.records[each].state == "Allocated"
    api.elsewhere = SettledAtPro(OpenClaims(switched.dynamodb, "claims", switched.records))
    switched.claims.take([asked], 360)
    before = dict(store.records)
    at = (
        "/allocation/{}/allocatewithservicegroup/valuableGoods"
        if action == "allocate"
        else f"/consignments/{{}}/{action}"
    )

    refused = api.call("PUT", at.format(asked))

    assert (refused.status, refused.data["Code"]) == (409, "ConsignmentUnsettledException")
    assert "set Allocator=pro back" in refused.data["Message"]
    assert store.records == before
    assert api.call("PUT", at.format(free)).status < 300


def test_a_stack_that_never_called_pro_reads_no_claim_of_each_consignment(
    switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switched.dynamodb, "batch_get_item", Mock(side_effect=AssertionError("there is nothing")))
    allocator = switched.new()
    for _ in range(3):
        allocator.allocate([Consignment(A)], DefaultRules(), Hurry())
    assert switched.engine.asked == [(A,)] * 3


def test_the_first_claim_of_another_version_is_seen_by_an_environment_that_saw_none(switched: Switched) -> None:
    """A deployment that goes to SortedPRO by steps and is rolled back: both versions allocate for a while."""
    allocator = switched.new()
    assert isinstance(allocator.allocate([Consignment(A)], DefaultRules(), Hurry())[A], Allocated)
    switched.claims.take([B], 360)
    answers = allocator.allocate([Consignment(B), Consignment(C)], DefaultRules(), Hurry())
    assert isinstance(answers[B], Deferred)
    assert isinstance(answers[C], Allocated)
    # What the engine decided with B among them is not what is recorded: B uses no daily limit.
    assert switched.engine.asked[-1] == (C,)


def test_nothing_is_decided_while_the_claims_can_not_be_read(
    switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ClientError({"Error": {"Code": "InternalServerError"}}, "Scan")
    monkeypatch.setattr(switched.dynamodb, "scan", Mock(side_effect=error))
    with pytest.raises(RetryableError, match="claims could not be read"):
        switched.allocate(A)
