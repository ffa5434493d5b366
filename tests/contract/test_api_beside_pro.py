"""The API of a stack for which SortedPRO allocates: what PRO holds is changed at PRO first, or not at all."""

from dataclasses import replace

import pytest

from allocation.api.resolver import OPERATIONS
from allocation.domain.outcome import Allocated, AllocatedBy, AllocationFailed, DeferralCause, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.pro.held_documents import HeldDocuments
from allocation.pro.ports import NothingTriedError
from allocation.pro.releasing import Releasing
from allocation.records.items import record_item, stored_record
from tests.contract.pro_over_http import HURRY, A, B, Pro, Remaining, pro_over_http
from tests.support.allocation_api import Answer, Api
from tests.support.consignments import InMemoryConsignments
from tests.support.pro_clients import client_at
from tests.support.pro_faults import Fault, Faults
from tests.support.samples import record_of, summary_of

pro = pytest.fixture(pro_over_http)
WEB = ConsignmentReference("WEB-1-a")
DEALLOCATE, CANCEL = "deallocate", "cancel"
CHANGES = pytest.mark.parametrize(("action", "state"), [(DEALLOCATE, "Unallocated"), (CANCEL, "Cancelled")])
ENDED = {"Unallocated", "Cancelled"}
LOST = pytest.mark.parametrize("kind", ["reset", "truncated", "500", "403"])


class Stack:
    """The API's records beside a PRO, both of which have A allocated."""

    def __init__(self, pro: Pro, remaining: Remaining | None = None) -> None:
        self.pro = pro
        self.store = InMemoryConsignments()
        releasing = Releasing(pro.sender_allocator(), lambda: remaining or Remaining())
        self.api = Api(self.store, pro_url="https://pro.example", elsewhere=releasing)
        self.keep(Allocated(summary_of(A)))
        pro.stands(A, "Allocated", "CX_NDS")

    def keep(self, outcome: Allocated | AllocationFailed) -> None:
        kept = stored_record(record_item(record_of(A, outcome), by_order=False))
        assert kept is not None
        self.store.records[A] = kept

    def change(self, action: str) -> Answer:
        answer = self.api.call("PUT", f"/consignments/{A}/{action}")
        assert not (self.recorded in ENDED and self.pro.server.state.consignment(A).service), "PRO still ships it"
        return answer

    @property
    def recorded(self) -> str:
        return self.store.records[A].state


@CHANGES
def test_what_pro_allocated_is_taken_back_there_and_then_recorded(pro: Pro, action: str, state: str) -> None:
    stack = Stack(pro)
    assert stack.change(action).status == 200
    assert (stack.recorded, pro.server.state.consignment(A).state) == (state, "Unallocated")
    assert pro.server.state.deallocations[A] == 1


@LOST
@CHANGES
def test_nothing_is_recorded_before_pro_shows_it(pro: Pro, action: str, state: str, kind: str) -> None:
    """Whether PRO has done it or not: only its state tells, and the next request comes to the end."""
    stack = Stack(pro, HURRY)
    pro.server.faults.script(Fault(kind, path="/deallocate"), *[Fault(kind, path=f"/consignments/{A}")] * 3)
    refused = stack.change(action)
    assert (refused.status, refused.data["Code"]) == (409, "ConsignmentNotReleasedException")
    assert stack.recorded == "Allocated"
    pro.server.faults = Faults()
    assert stack.change(action).status == 200
    assert stack.recorded == state


@pytest.mark.parametrize("action", [DEALLOCATE, CANCEL])
def test_what_pro_does_not_deallocate_stays_as_it_is(pro: Pro, action: str) -> None:
    stack = Stack(pro)
    pro.stands(A, "Dispatched", "CX_NDS")
    answer = stack.change(action)
    assert (answer.status, stack.recorded) == (409, "Allocated")
    assert DeferralCause.OUTCOME_UNKNOWN in answer.data["Message"]


@pytest.mark.parametrize("action", [DEALLOCATE, CANCEL])
def test_while_an_order_is_being_allocated_nothing_is_changed(pro: Pro, action: str) -> None:
    stack = Stack(pro)
    pro.claims.hold[A] = 30
    answer = stack.change(action)
    assert (answer.status, stack.recorded) == (409, "Allocated")
    assert answer.data["Message"].endswith("Try again in 30 s.")
    assert pro.circuit.errors == [NothingTriedError], "the queue must not take it for an outage"
    assert pro.server.calls("PUT") == []


@pytest.mark.parametrize("action", ["deallocatelist", "cancellist"])
def test_a_list_tells_for_each_consignment_whether_pro_has_done_it(pro: Pro, action: str) -> None:
    stack = Stack(pro)
    answer = stack.api.call("PUT", f"/consignments/{action}", [A, B])
    assert [item["IsSuccess"] for item in answer.data] == [True, False]
    assert pro.server.state.deallocations == {A: 1}


def test_a_failure_that_pro_allocated_after_all_is_taken_back_when_it_is_cancelled(pro: Pro) -> None:
    stack = Stack(pro)
    stack.keep(AllocationFailed(Failure("NoCarrierServiceAvailable", "nothing fits")))
    assert stack.change(CANCEL).status == 200
    assert pro.server.state.deallocations[A] == 1


def test_all_else_that_changes_a_consignment_is_left_to_pro(pro: Pro) -> None:
    stack = Stack(pro)
    before = dict(stack.store.records)
    left = [each for each in OPERATIONS if not each.beside_pro]
    assert {each.method for each in left} >= {"PUT", "POST"}
    for each in left:
        path = each.path.replace("{consignment}", A)
        answer = stack.api.call(each.method, path, {} if each.takes else None)
        assert (answer.status, answer.data["Code"]) == (501, "OperationOfSortedProException"), each.path
        assert "to https://pro.example, or send an order to the stack's queue." in answer.data["Message"]
    assert (stack.store.records, pro.server.requests) == (before, [])


def test_records_are_read_as_ever(pro: Pro) -> None:
    answer = Stack(pro).api.call("GET", f"/consignments/{A}/status")
    assert (answer.status, answer.data["Status"]) == (200, "Allocated")


@pytest.mark.parametrize("action", ["deallocate", "cancel"])
@pytest.mark.parametrize("is_pros", [True, False], ids=["another PRO", "engine"])
def test_what_another_pro_has_allocated_is_changed_by_nobody_here(pro: Pro, action: str, is_pros: bool) -> None:
    stack = Stack(pro)
    stack.api.pro_url = "https://pro.example" if is_pros else None
    stack.keep(Allocated(summary_of(A), by=AllocatedBy("pro", "https://api.electioapp.com")))

    answer = stack.change(action)

    assert (answer.status, answer.data["Code"]) == (409, "AllocatedElsewhereException")
    assert "was allocated at https://api.electioapp.com" in answer.data["Message"]
    assert (stack.recorded, pro.server.requests) == ("Allocated", [])


@pytest.fixture
def served(pro: Pro) -> Stack:
    """A stack whose API fetches documents from PRO, with A created there for a sender's reference."""
    stack = Stack(pro)
    stack.api.held_documents = HeldDocuments(client_at(pro.server.url, pro.fetch_key))
    item = record_item(replace(record_of(WEB), pro_reference=A), by_order=False)
    kept = stored_record(item)
    assert kept is not None
    stack.store.records[WEB] = kept
    return stack


@pytest.mark.parametrize("reference", [A, WEB])
def test_labels_and_customs_documents_are_those_that_pro_holds(pro: Pro, served: Stack, reference: str) -> None:
    label = served.api.call("GET", f"/labels/{reference}/pdf")
    assert (label.status, label.data["ContentType"]) == (200, "application/pdf")
    assert served.api.call("GET", f"/labels/{reference}").data == label.data
    assert served.api.call("GET", f"/consignments/docs/{reference}").data["CN22Documents"] == []
    assert pro.server.calls("GET") == [f"/labels/{A}/pdf", f"/labels/{A}/PDF", f"/consignments/docs/{A}"]


def test_a_document_that_pro_refuses_has_its_code(pro: Pro, served: Stack) -> None:
    pro.stands(A, "Unallocated")
    answer = served.api.call("GET", f"/labels/{WEB}")
    assert (answer.status, answer.data["Code"]) == (400, "InvalidConsignmentStateException")


@pytest.mark.parametrize("kind", ["reset", "503", "html", "wrong_json", "401"])
def test_a_document_that_can_not_be_had_now_is_to_be_asked_for_again(pro: Pro, served: Stack, kind: str) -> None:
    pro.server.faults.script(Fault(kind))
    assert served.api.call("GET", f"/labels/{A}").status == 503
    assert served.api.call("GET", f"/labels/{A}").status == 200


def test_what_was_created_at_pro_is_cancelled_there_once_that_is_recorded(pro: Pro, served: Stack) -> None:
    """Broken off in between, the next request comes to the end."""
    pro.server.faults.script(Fault("503", before=True, path=f"/consignments/{A}/cancel"))
    answer = served.api.call("PUT", f"/consignments/{WEB}/cancel")
    assert (answer.status, answer.data["Code"]) == (409, "ConsignmentNotReleasedException")
    assert "It is cancelled here. Try again" in answer.data["Message"]
    assert (served.store.records[WEB].state, pro.server.state.consignment(A).state) == ("Cancelled", "Unallocated")

    again = served.api.call("PUT", f"/consignments/{WEB}/cancel")
    assert (again.status, again.data["Code"]) == (400, "InvalidConsignmentStateException")
    assert pro.server.state.consignment(A).state == "Cancelled"
