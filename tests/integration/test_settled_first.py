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
from allocation.domain.outcome import (
    Allocated,
    AllocatedBy,
    AllocationFailed,
    Deallocated,
    DeferralCause,
    Deferred,
    Failure,
    FailureCode,
)
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
FAILED = AllocationFailed(Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, "nothing fits"))


class Hurry:
    def remaining_seconds(self) -> float:
        return 60.0


class Switched:
    """A stack with the table of its claims at PRO, and the engine."""

    def __init__(self, dynamodb: "DynamoDBClient") -> None:
        create_table(dynamodb, "ProClaimsTable", "claims")
        self.now = NOON
        self.dynamodb: Any = dynamodb
        self.claims = DynamoDBClaims(dynamodb, "claims", lambda: NOON, LIVE, lambda: HOLDER)
        self.records: Any = InMemoryRecords()
        self.engine = ScriptedAllocator(lambda each: Allocated(summary_of(each.reference)))

    def new(self) -> SettledFirst:
        """A new execution environment."""
        return SettledFirst(self.engine, OpenClaims(self.dynamodb, "claims", self.records, lambda: self.now))

    def claim_as_before(self, reference: ConsignmentReference) -> None:
        """Claim as version 0.2.0 did: nothing says by whom."""
        ends = str(int((NOON + timedelta(minutes=6)).timestamp() * 1000))
        item = {"consignmentReference": {"S": reference}, "heldUntil": {"N": ends}}
        since = str(int(NOON.timestamp() * 1000))
        self.dynamodb.put_item(TableName="claims", Item=item | {"since": {"N": since}})

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
    assert switched.engine.asked == [(C,)]


def test_what_pro_has_settled_is_the_engines(switched: Switched) -> None:
    """By the claim, which says so, or, where an earlier version claimed, by a record that was written since."""
    claimed = switched.claims.take([A], 360)
    switched.claims.give_back(claimed, [A], 70, Watch.SETTLED)
    for each, seconds in ((B, 1), (C, -1)):
        switched.claim_as_before(each)
        switched.records.kept[each] = replace(record_of(each), allocated_at=NOON + timedelta(seconds=seconds))
    answers = switched.allocate(A, B, C, D)
    assert [each for each in (A, B, C, D) if isinstance(answers[each], Deferred)] == [C]


def test_what_pro_was_certainly_not_asked_for_is_the_engines(switched: Switched) -> None:
    claimed = switched.claims.take([A, B], 360)
    switched.claims.give_back(claimed, [A], 0, Watch.NOT_ASKED)
    switched.claims.give_back(claimed, [B], 0)
    answers = switched.allocate(A, B)
    assert [each for each in (A, B) if isinstance(answers[each], Deferred)] == [B]


def test_a_failure_of_another_order_by_a_fast_clock_is_not_the_outcome_of_what_came_after_it(
    switched: Switched,
) -> None:
    """An update asked for what an order had failed to get, and its outcome was lost."""
    later = switched.claims.take([A], 360).since[A] + timedelta(minutes=3)
    switched.records.kept[A] = replace(record_of(A, FAILED), allocated_at=later)
    assert isinstance(switched.allocate(A)[A], Deferred)


@pytest.mark.parametrize("outcome", [FAILED, Deallocated()], ids=["failed", "deallocated"])
def test_what_the_engine_recorded_by_a_fast_clock_is_not_the_outcome_of_a_creation_after_it(
    switched: Switched, outcome: AllocationFailed | Deallocated
) -> None:
    """SortedPRO created and allocated what the engine had not, and nobody could record it."""
    own = ConsignmentReference("WEB-1")
    later = switched.claims.take([own], 360).since[own] + timedelta(minutes=3)
    switched.records.kept[own] = replace(record_of(own), outcome=outcome, allocated_at=later)
    assert isinstance(switched.allocate(own)[own], Deferred)


def test_what_was_taken_back_is_the_engines_once_that_is_recorded(switched: Switched) -> None:
    since = switched.claims.take([A, B, C], 360, takes_back=True).since
    for each, outcome, seconds in ((A, Deallocated(), 1), (B, Deallocated(), -1), (C, FAILED, 1)):
        at = since[each] + timedelta(seconds=seconds)
        switched.records.kept[each] = replace(record_of(each), outcome=outcome, allocated_at=at)
    answers = switched.allocate(A, B, C)
    assert [each for each in (A, B, C) if isinstance(answers[each], Deferred)] == [B, C]


def test_an_order_whose_consignment_pro_has_under_its_own_reference_is_open_as_long_as_that_is(
    switched: Switched,
) -> None:
    """The claim under the sender's reference is about the creation, long ago."""
    own, other = ConsignmentReference("WEB-1"), ConsignmentReference("WEB-2")
    switched.claims.take([own, other], 360)
    switched.claims.give_back(switched.claims.take([B], 360), [B], 70, Watch.SETTLED)
    switched.claims.take([A], 360)
    for each, there in ((own, A), (other, B)):
        at = NOON + timedelta(minutes=3)
        switched.records.kept[each] = replace(record_of(each, FAILED), allocated_at=at, pro_reference=there)
    answers = switched.allocate(own, other)
    assert [each for each in (own, other) if isinstance(answers[each], Deferred)] == [own]


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
    api.elsewhere = SettledAtPro(OpenClaims(switched.dynamodb, "claims", switched.records, lambda: NOON))
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
    looks = Mock(wraps=switched.dynamodb.scan)
    monkeypatch.setattr(switched.dynamodb, "scan", looks)
    allocator = switched.new()
    for _ in range(3):
        allocator.allocate([Consignment(A)], DefaultRules(), Hurry())
    assert switched.engine.asked == [(A,)] * 3
    assert looks.call_count == 1, "no more than one look a second"


def test_the_first_claim_of_another_version_is_seen_by_an_environment_that_saw_none(switched: Switched) -> None:
    """A deployment that goes to SortedPRO by steps and is rolled back: both versions allocate for a while."""
    allocator = switched.new()
    assert isinstance(allocator.allocate([Consignment(A)], DefaultRules(), Hurry())[A], Allocated)
    switched.claims.take([B], 360)
    switched.now += timedelta(seconds=1)  # no message comes back sooner
    answers = allocator.allocate([Consignment(B), Consignment(C)], DefaultRules(), Hurry())
    assert isinstance(answers[B], Deferred)
    assert isinstance(answers[C], Allocated)
    assert switched.engine.asked[-1] == (C,)


def test_nothing_is_decided_while_the_claims_can_not_be_read(
    switched: Switched, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ClientError({"Error": {"Code": "InternalServerError"}}, "Scan")
    monkeypatch.setattr(switched.dynamodb, "scan", Mock(side_effect=error))
    with pytest.raises(RetryableError, match="claims could not be read"):
        switched.allocate(A)
