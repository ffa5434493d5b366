"""Orders that met a PRO which did not take them, in a stack that is switched to the engine then."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.rounds import MAX_ROUNDS
from allocation.pro.settled_first import OpenClaims, SettledFirst
from tests.contract.pro_over_http import A, B, Pro, Remaining, pro_over_http
from tests.integration.conftest import date_answers
from tests.support.ports import InMemoryRecords, ScriptedAllocator
from tests.support.pro_faults import Fault, Faults
from tests.support.pro_server import KEY
from tests.support.samples import NOON, summary_of
from tests.support.tables import create_table

pro = pytest.fixture(pro_over_http)
HOLDERS = count()
WEB = ConsignmentReference("WEB-1")
CONTENT: dict[str, Any] = {"Packages": [{}], "Addresses": [{}]}
LONG = timedelta(hours=1)


class Stack:
    """A stack with `Allocator=pro`, which can be switched."""

    def __init__(self, pro: Pro, dynamodb: Any) -> None:
        self.pro, self.dynamodb, self.now = pro, dynamodb, NOON
        create_table(dynamodb, "ProClaimsTable", "claims")
        date_answers(dynamodb, lambda: self.now, "batch_get_item", "batch_execute_statement")
        url = pro.allocator().client.base_url
        claims: Any = DynamoDBClaims(dynamodb, "claims", lambda: self.now, url, lambda: f"holder {next(HOLDERS)}")
        pro.claims = claims

    def asks_pro(self, reference: ConsignmentReference) -> DeferralCause:
        """Have PRO allocate, in vain. Return why the order waits. Much later it may be tried again."""
        sent = Consignment(reference, to_create=CONTENT)
        answer = self.pro.sender_allocator().allocate([sent], DefaultRules(), Remaining())[reference]
        assert isinstance(answer, Deferred)
        self.now += LONG
        return answer.cause

    def fails(self, kind: str, reference: ConsignmentReference) -> None:
        """Let PRO get the call that matters, and answer so."""
        if reference == WEB:
            self.pro.server.faults.script(None, Fault(kind, before=True, path="/consignments"))
        else:
            self.pro.server.faults.script(*[Fault(kind, before=True, path="/allocation/")] * MAX_ROUNDS)

    def engine_allocates(self, reference: ConsignmentReference) -> bool:
        """Switch to the engine. Tell whether it allocates the consignment."""
        records: Any = InMemoryRecords()
        engine = ScriptedAllocator(lambda each: Allocated(summary_of(each.reference)))
        switched = SettledFirst(engine, OpenClaims(self.dynamodb, "claims", records, lambda: NOON))
        answer = switched.allocate([Consignment(reference)], DefaultRules(), Remaining())[reference]
        return isinstance(answer, Allocated)


@pytest.fixture
def stack(pro: Pro, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Stack(pro, boto3.client("dynamodb", region_name="eu-west-1"))


@pytest.mark.parametrize("reference", [A, WEB])
def test_what_a_pro_with_a_dead_key_turned_away_is_the_engines(stack: Stack, reference: ConsignmentReference) -> None:
    stack.pro.key = "revoked"
    for _ in range(2):
        assert stack.asks_pro(reference) == DeferralCause.CREDENTIALS
    assert stack.engine_allocates(reference)


@pytest.mark.parametrize("reference", [A, WEB])
def test_what_no_connection_carried_to_pro_is_the_engines(stack: Stack, reference: ConsignmentReference) -> None:
    stack.pro.server.stop()
    for _ in range(2):
        assert stack.asks_pro(reference) == DeferralCause.OUTAGE
    assert stack.engine_allocates(reference)


@pytest.mark.parametrize("reference", [A, WEB])
@pytest.mark.parametrize("kind", ["503", "reset", "429"])
def test_what_pro_may_have_got_waits_whatever_came_after(
    stack: Stack, reference: ConsignmentReference, kind: str
) -> None:
    stack.fails(kind, reference)
    stack.asks_pro(reference)
    stack.pro.server.faults = Faults()
    stack.pro.key = "revoked"
    assert stack.asks_pro(reference) == DeferralCause.CREDENTIALS
    assert not stack.engine_allocates(reference)


def test_what_pro_got_after_it_had_turned_it_away_waits(stack: Stack) -> None:
    stack.pro.key = "revoked"
    stack.asks_pro(A)
    stack.pro.key = KEY
    stack.fails("reset", A)
    assert stack.asks_pro(A) == DeferralCause.OUTCOME_UNKNOWN
    assert not stack.engine_allocates(A)


def test_what_pro_turned_away_is_asked_for_as_if_it_were_new(stack: Stack) -> None:
    """No state is read first, and one call is for both."""
    stack.pro.key = "revoked"
    stack.asks_pro(A)
    stack.pro.key = KEY
    before = len(stack.pro.server.requests)
    answers = stack.pro.allocate([A, B])
    assert all(isinstance(each, Allocated) for each in answers.values())
    assert stack.pro.server.requests[before:] == [("PUT", "/allocation/allocate")]


def test_what_pro_has_by_a_senders_reference_waits_although_nothing_was_asked(stack: Stack) -> None:
    """Two consignments there: people must say which is meant."""
    for _ in range(2):
        stack.pro.server.state.create({"ConsignmentReferenceProvidedByCustomer": WEB, **CONTENT})
    assert stack.asks_pro(WEB) == DeferralCause.MISCONFIGURED
    assert not stack.engine_allocates(WEB)
