"""Order-updated messages about consignments that SortedPRO has by senders' references, over HTTP."""

import json
from contextlib import suppress
from typing import Any

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.pro import changing
from allocation.pro.creation import change_body
from allocation.pro.ports import Watch
from tests.contract.pro_over_http import PATIENCE_SECONDS, Pro, Remaining, pro_over_http
from tests.support.documented import EXAMPLES
from tests.support.pro_faults import Fault

pro = pytest.fixture(pro_over_http)
WEB = ConsignmentReference("WEB-1.a")
THERE = ConsignmentReference("EC-IMI-000-001")
CHANGE = "/consignments"


def sent(street: str) -> dict[str, Any]:
    address = {"AddressType": "Destination", "AddressLine1": street, "Contact": {"FirstName": "Ann"}}
    return {"Reference": WEB, "Packages": [{"Weight": {"Value": 0.5, "Unit": "Kg"}}], "Addresses": [address]}


def asked(pro: Pro, street: str, event_id: str, *, is_update: bool, order: str = "WEB-1") -> Outcome | Deferred:
    consignment = Consignment(
        WEB, to_create=sent(street), event_id=event_id, order_reference=OrderReference(order), is_update=is_update
    )
    return pro.sender_allocator().allocate([consignment], DefaultRules(), Remaining())[WEB]


def ordered(pro: Pro) -> Outcome | Deferred:
    return asked(pro, "1 Old Street", "created-1", is_update=False)


def updated(pro: Pro, event_id: str = "updated-1") -> Outcome | Deferred:
    return asked(pro, "2 New Street", event_id, is_update=True)


def street(pro: Pro) -> str:
    return str(pro.server.state.consignments[THERE].content["Addresses"][0]["AddressLine1"])


def changes(pro: Pro) -> int:
    return pro.server.calls("PUT").count(CHANGE)


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Allocated", "Manifested"])
def test_an_update_is_in_place_before_pro_allocates(pro: Pro, state: str) -> None:
    """Whatever a lost call of the order has come to."""
    ordered(pro)
    pro.server.state.consignments[THERE].state = state
    pro.server.state.consignments[THERE].service = "CX_ECO" if state in ("Allocated", "Manifested") else None
    answer = updated(pro)
    assert isinstance(answer, Allocated)
    assert (answer.pro_reference, street(pro), changes(pro)) == (THERE, "2 New Street", 1)
    assert pro.server.state.deallocations[THERE] == (state in ("Allocated", "Manifested"))
    assert isinstance(updated(pro), Allocated)
    assert changes(pro) == 1, "a message that comes again changes nothing again"


def test_an_update_that_comes_first_is_created_with_its_content(pro: Pro) -> None:
    assert isinstance(updated(pro), Allocated)
    assert (street(pro), changes(pro), pro.server.state.creations) == ("2 New Street", 0, {WEB: 1})


@pytest.mark.parametrize("sent_as", ["RequestedDeliveryDate", "RequiredDeliveryDate"])
def test_an_update_has_the_names_of_pros_update_request(sent_as: str) -> None:
    """Of the delivery date, too, which PRO's create request calls `RequiredDeliveryDate`."""
    delivery = {"Date": "2026-11-30T00:00:00+00:00"}
    of_create = {**sent("2 New Street"), sent_as: delivery, "Source": "Web", "Direction": "Outbound", "Tags": ["T"]}
    body = json.loads(change_body(Consignment(WEB, to_create=of_create, event_id="u-1", is_update=True), THERE))
    assert body["RequestedDeliveryDate"] == delivery
    documented = EXAMPLES["help/updating_existing_consignments.md: Update Consignments"]["body"]
    assert body.keys() <= {*documented, "Packages"}


@pytest.mark.parametrize("kind", ["reset", "503", "503_of_pro", "504", "empty_body", "wrong_json"])
@pytest.mark.parametrize("before", [True, False])
def test_a_change_whose_reply_is_lost_is_looked_for_and_nothing_is_allocated_before_it(
    pro: Pro, kind: str, before: bool
) -> None:
    ordered(pro)
    pro.server.state.deallocate(THERE)
    allocations = pro.server.state.allocations[THERE]
    pro.server.faults.script(None, Fault(kind, before=before, path=CHANGE))
    answer = updated(pro)
    assert isinstance(answer, Deferred)
    assert answer.cause in (DeferralCause.OUTCOME_UNKNOWN, DeferralCause.OUTAGE)
    assert (THERE, PATIENCE_SECONDS) in pro.claims.given_back
    assert pro.claims.watched[THERE] == Watch.OPEN
    pro.claims.hold = {THERE: 100}
    assert isinstance(updated(pro), Deferred)
    assert pro.server.state.allocations[THERE] == allocations
    pro.claims.hold = {}
    assert isinstance(updated(pro), Allocated)
    assert (street(pro), changes(pro)) == ("2 New Street", 1 + before)


@pytest.mark.parametrize("kind", ["reset", "503", "503_of_pro", "504"])
def test_nobody_adopts_an_allocation_that_a_lost_deallocation_may_take_away_yet(pro: Pro, kind: str) -> None:
    assert isinstance(ordered(pro), Allocated)
    pro.server.faults.script(Fault(kind, before=True, path="/deallocate"))
    assert isinstance(updated(pro), Deferred)
    assert (THERE, PATIENCE_SECONDS) in pro.claims.given_back
    pro.claims.hold = {THERE: 100}
    answer = ordered(pro)
    assert isinstance(answer, Deferred)
    assert answer.retry_after_seconds == 100
    assert pro.server.state.consignments[THERE].state == "Allocated"
    pro.claims.hold = {}
    assert isinstance(updated(pro), Allocated)
    assert street(pro) == "2 New Street"


@pytest.mark.parametrize(
    ("judged", "state", "watch"),
    [("judge_deallocation", "Allocated", Watch.TAKING_BACK), ("judge_change", "Unallocated", Watch.OPEN)],
)
def test_after_a_crash_nobody_asks_while_pro_may_still_do_what_it_was_asked(
    pro: Pro, monkeypatch: pytest.MonkeyPatch, judged: str, state: str, watch: Watch
) -> None:
    ordered(pro)
    pro.server.state.consignments[THERE].state = state
    with monkeypatch.context() as crashing:
        crashing.setattr(changing, judged, {}.__getitem__)  # a KeyError, or a TypeError, whatever it is given
        with suppress(KeyError, TypeError):
            updated(pro)
    assert pro.claims.given_back[-1] == (THERE, PATIENCE_SECONDS)
    assert pro.claims.watched[THERE] == watch


def test_what_pro_refuses_of_an_update_fails_without_contact_data(pro: Pro, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered(pro)
    monkeypatch.setattr(
        pro.server.state, "update", lambda content: pro.server.state.create({**content, "Packages": []})
    )
    pro.server.state.deallocate(THERE)
    answer = updated(pro)
    assert isinstance(answer, AllocationFailed)
    assert (answer.failure.code, answer.pro_reference) == ("ValidationException", THERE)


def test_an_order_waits_for_an_update_whose_content_pro_has_and_that_is_not_recorded(pro: Pro) -> None:
    ordered(pro)
    updated(pro)
    answer = ordered(pro)
    assert isinstance(answer, Deferred)
    assert (answer.cause, "an update to come" in answer.why) == (DeferralCause.UNDER_WAY, True)


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Allocated"])
def test_an_order_does_not_wait_for_the_update_of_another_order_which_may_be_cancelled(pro: Pro, state: str) -> None:
    updated(pro)
    pro.server.state.consignments[THERE].state = state
    pro.server.state.consignments[THERE].service = "CX_ECO" if state == "Allocated" else None
    answer = asked(pro, "3 Other Street", "created-2", is_update=False, order="WEB-2")
    assert isinstance(answer, Allocated)
    assert (answer.pro_reference, street(pro)) == (THERE, "3 Other Street")


def test_an_update_that_does_not_name_its_order_is_waited_for(pro: Pro) -> None:
    updated(pro)
    metadata = pro.server.state.consignments[THERE].content["MetaData"]
    metadata[:] = [each for each in metadata if each["StringValue"] != "WEB-1"]
    answer = asked(pro, "3 Other Street", "created-2", is_update=False, order="WEB-2")
    assert isinstance(answer, Deferred)
    assert (answer.cause, street(pro)) == (DeferralCause.UNDER_WAY, "2 New Street")


def test_nothing_is_changed_while_its_state_can_not_be_read(pro: Pro) -> None:
    ordered(pro)
    pro.server.faults.script(*[Fault("503", path=f"/consignments/{THERE}")] * 2)
    assert isinstance(updated(pro), Deferred)
    assert changes(pro) == 0
