"""Consignments that SortedPRO is to create first, over HTTP: each is created there once, and then allocated."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allocation.domain.consignment import Consignment
from allocation.domain.metric import MetricName
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Outcome, Price
from allocation.domain.record import NamedAtPro
from allocation.domain.reference import ConsignmentReference
from allocation.observability import metrics
from allocation.pro.by_sender import MAX_FOUND, judge_found
from allocation.pro.client import ProReply
from allocation.pro.creating import SEARCH_LAG_SHARE, SECOND_LOOK_SECONDS
from allocation.pro.creation import NotCreated, creation_body, judge_creation
from allocation.pro.links import DynamoDBLinks
from allocation.pro.ports import NothingTriedError, Watch
from tests.contract.pro_over_http import PATIENCE_SECONDS, A, Pro, Remaining, pro_over_http
from tests.support.pro_faults import Fault
from tests.support.samples import NOON
from tests.support.tables import create_table

pro = pytest.fixture(pro_over_http)
WEB, SHOP = ConsignmentReference("WEB-1.a"), ConsignmentReference("SHOP-2")
LAG = PATIENCE_SECONDS * SEARCH_LAG_SHARE
CREATE, FIND = "/consignments", "/getConsignmentReferences"
CONTENT: dict[str, Any] = {
    "Reference": WEB,
    "Packages": [{"Weight": {"Value": 0.5, "Unit": "Kg"}}],
    "Addresses": [{"AddressType": "Origin", "ShippingLocationReference": "Sorted1"}],
    "deliveryOption": "next-day",
    "Unknown": {"Name": "Ann"},
}


def allocated(pro: Pro, *references: ConsignmentReference, **content: Any) -> list[Outcome | Deferred]:
    consignments = [Consignment(each, to_create=CONTENT | content) for each in references]
    answers = pro.sender_allocator().allocate(consignments, DefaultRules(), Remaining())
    return [answers[each] for each in references]


def created(pro: Pro) -> list[Any]:
    sent = zip(pro.server.requests, pro.server.bodies, strict=True)
    return [body for (method, path), body in sent if (method, path) == ("POST", CREATE)]


def test_what_pro_does_not_have_is_created_there_and_allocated(pro: Pro) -> None:
    web, at_pro = allocated(pro, WEB, A)
    assert isinstance(web, Allocated)
    assert isinstance(at_pro, Allocated)
    assert (web.pro_reference, at_pro.pro_reference) == ("EC-IMI-000-001", None)
    assert web.summary.api_links[0].href.endswith("/consignments/EC-IMI-000-001")
    assert pro.server.state.creations == {WEB: 1}
    [again] = allocated(pro, WEB)
    assert isinstance(again, Allocated)
    assert (pro.server.state.creations[WEB], pro.server.state.allocations["EC-IMI-000-001"]) == (1, 1)


def test_pro_gets_what_its_contract_has_under_the_reference_of_the_record(pro: Pro) -> None:
    delivery = {"Date": "2026-11-30T00:00:00+00:00", "IsToBeExactlyOnTheDateSpecified": False}
    consignment = Consignment(WEB, to_create={**CONTENT, "RequestedDeliveryDate": delivery}, customer_reference="PO 7")
    pro.sender_allocator().allocate([consignment], DefaultRules(), Remaining())
    [body] = created(pro)
    assert body["ConsignmentReferenceProvidedByCustomer"] == WEB
    assert body["RequiredDeliveryDate"] == delivery
    assert body["MetaData"][-1] == {"KeyValue": "ConsignmentReferenceProvidedByCustomer", "StringValue": "PO 7"}
    assert body["Packages"] == CONTENT["Packages"]
    assert body.keys().isdisjoint({"Reference", "deliveryOption", "Unknown", "RequestedDeliveryDate"})


def test_what_the_shop_created_itself_is_found_by_its_reference(pro: Pro) -> None:
    theirs = pro.server.state.create({**CONTENT, "ConsignmentReferenceProvidedByCustomer": WEB})
    pro.server.state.create({**CONTENT, "ConsignmentReferenceProvidedByCustomer": f"{WEB}0"})
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert (answer.pro_reference, created(pro), pro.links) == (theirs, [], {WEB: theirs})


def test_one_that_was_cancelled_counts_only_where_there_is_no_other(pro: Pro) -> None:
    first, second = (pro.server.state.create({**CONTENT, "ConsignmentReferenceProvidedByCustomer": WEB}) for _ in "ab")
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert answer.cause == DeferralCause.MISCONFIGURED
    assert first in answer.why
    assert second in answer.why
    pro.server.state.cancel(first)
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert answer.pro_reference == second


@pytest.mark.parametrize("allocated_one", [None, 0, 1])
def test_of_twins_that_this_software_created_the_allocated_or_the_first_goes_on(
    pro: Pro, allocated_one: int | None
) -> None:
    sent = json.loads(creation_body(Consignment(WEB, to_create=CONTENT, event_id="1")))
    twins = [pro.server.state.create(sent) for _ in range(2)]
    if allocated_one is not None:
        pro.stands(ConsignmentReference(twins[allocated_one]), "Allocated", "CX_NDS")
        pro.server.state.consignments[twins[allocated_one]].content = sent
    metrics.clear_metrics()
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert answer.pro_reference == twins[allocated_one or 0]
    assert created(pro) == []
    assert metrics.metric_set[MetricName.PRO_TWINS]["Value"] == [1.0]
    metrics.clear_metrics()


def test_a_search_that_finds_whatever_there_is_creates_nothing(pro: Pro) -> None:
    for _ in range(MAX_FOUND + 1):
        pro.server.state.create({**CONTENT, "ConsignmentReferenceProvidedByCustomer": WEB})
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert (answer.cause, created(pro)) == (DeferralCause.MISCONFIGURED, [])


LOST = ["reset", "500", "503", "504", "html", "empty_body", "wrong_json", "redirect"]


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("before", [True, False])
def test_a_creation_whose_reply_is_lost_is_looked_for_and_not_repeated_before_its_time(
    pro: Pro, kind: str, before: bool
) -> None:
    pro.server.faults.script(None, Fault(kind, before=before, path=CREATE))
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert pro.claims.given_back == [(WEB, PATIENCE_SECONDS + LAG)]
    assert pro.claims.watched == {WEB: Watch.OPEN}
    pro.claims.hold = {WEB: 200}
    [answer] = allocated(pro, WEB)
    assert len(created(pro)) == 1
    if before:
        assert isinstance(answer, Deferred)
        assert (answer.cause, answer.retry_after_seconds) == (DeferralCause.UNDER_WAY, 200)
        pro.claims.hold = {}
        [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert pro.server.state.creations == {WEB: 1}


def test_one_false_empty_answer_of_the_search_creates_nothing_twice(pro: Pro) -> None:
    pro.server.faults.script(None, Fault("reset", path=CREATE))
    allocated(pro, WEB)
    pro.links.clear()
    pro.pauses.clear()
    pro.server.faults.script(Fault("empty_array", path=FIND))
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert (pro.server.state.creations, pro.pauses) == ({WEB: 1}, [SECOND_LOOK_SECONDS])


def test_nothing_is_created_while_somebody_else_may_be_creating_it(pro: Pro) -> None:
    pro.claims.hold = {WEB: 66}
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert (answer.cause, answer.retry_after_seconds, pro.server.requests) == (DeferralCause.OUTCOME_UNKNOWN, 66, [])


def test_pros_health_is_told_only_by_what_pro_was_asked(pro: Pro) -> None:
    pro.claims.hold = {WEB: 66}
    allocated(pro, WEB)
    pro.sender_allocator().release((SHOP,), Remaining())
    assert (pro.circuit.errors, pro.server.requests) == ([NothingTriedError, NothingTriedError], [])


def test_one_consignment_may_come_by_both_of_its_references(pro: Pro) -> None:
    allocator = pro.sender_allocator()
    sent = {**CONTENT, "ConsignmentReferenceProvidedByCustomer": WEB}
    there = ConsignmentReference(pro.server.state.create(sent))
    both = [Consignment(WEB, to_create=CONTENT), Consignment(there)]
    by_sender, by_pro = (allocator.allocate(both, DefaultRules(), Remaining())[each] for each in (WEB, there))
    assert isinstance(by_sender, Allocated)
    assert isinstance(by_pro, Allocated)
    assert (by_sender.pro_reference, by_pro.pro_reference) == (there, None)
    assert pro.server.state.allocations[there] == 1
    pro.claims.hold = {there: 66}
    assert allocator.release([WEB, there], Remaining()).keys() == {WEB, there}


@pytest.mark.parametrize("kind", ["500", "html", "404", "429", "401", "reset"])
def test_nothing_is_created_while_the_search_for_it_can_not_be_read(pro: Pro, kind: str) -> None:
    times = 2 if kind in ("500", "reset") else 1  # such a read is repeated once
    pro.server.faults.script(*[Fault(kind, path=FIND)] * times)
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert created(pro) == []
    assert pro.claims.given_back in ([(WEB, 0)], [(WEB, LAG)])
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)


def test_what_pro_refuses_to_create_fails_and_is_created_when_a_new_order_is_right(pro: Pro) -> None:
    [answer] = allocated(pro, WEB, Packages=[])
    assert isinstance(answer, AllocationFailed)
    assert (answer.failure.code, answer.pro_reference) == ("ValidationException", None)
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)


def test_the_claim_of_a_refused_creation_ends_once_the_refusal_is_recorded(pro: Pro) -> None:
    allocator = pro.sender_allocator()
    content = CONTENT | {"Packages": []}
    consignments = [Consignment(each, to_create=content) for each in (WEB, SHOP)]
    allocator.allocate(consignments, DefaultRules(), Remaining())
    assert pro.claims.given_back == []
    allocator.settled([WEB])
    assert pro.claims.given_back == [(WEB, 0)]
    assert pro.claims.watched == {WEB: Watch.SETTLED}


def test_a_refusal_is_told_without_what_addresses_and_the_declaration_say() -> None:
    message = (
        "Destination: Ann's e-mail ANN@example.com is not valid in GB; nor is importer Bob's 07700 900123 as a Gift"
    )
    body = json.dumps({"Code": "ValidationException", "Message": message}).encode()
    contact = {"Title": "Ms", "FirstName": "Ann", "Email": "ann@example.com"}
    address = {"AddressType": "Destination", "Contact": contact, "Country": {"IsoCode": {"TwoLetterCode": "GB"}}}
    customs = {"DesignatedPersonResponsible": "Bob", "ImportersTelephone": "07700 900123", "CategoryType": "Gift"}
    sent = {"Addresses": [address], "CustomsDocumentation": customs}
    answer = judge_creation(Consignment(WEB, to_create=sent), ProReply(400, body))
    assert isinstance(answer, AllocationFailed)
    told = "Destination: ...'s e-mail ... is not valid in GB; nor is importer ...'s ... as a Gift"
    assert answer.failure.message == told


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"Telephone": 447700900123}, "447700900123"),
        ({"Telephone": "+44 7700 900124"}, "+447700900124"),
        ({"Telephone": "07700-900125"}, "(07700) 900125"),
        ({"LastName": "Mu\u0308ller"}, "M\u00fcller"),
        ({"LastName": "M\u00fcller"}, "Mu\u0308ller"),
    ],
)
def test_a_refusal_is_told_without_personal_data_that_pro_spells_another_way(sent: dict[str, Any], told: str) -> None:
    body = json.dumps({"Code": "ValidationException", "Message": f"{told} is not valid"}).encode()
    content = {"Addresses": [{"AddressType": "Destination", "Contact": sent}]}
    answer = judge_creation(Consignment(WEB, to_create=content), ProReply(400, body))
    assert isinstance(answer, AllocationFailed)
    assert answer.failure.message == "... is not valid"


@pytest.mark.parametrize("texts", [["1" * 1_000_000], [f"{number:011}" for number in range(90_000)]])
def test_a_refusal_is_told_whatever_an_order_says_of_people(texts: list[str]) -> None:
    """All of it made into a pattern would take minutes and more memory than the function has."""
    body = json.dumps({"Code": "ValidationException", "Message": "00000000007 1 is not valid"}).encode()
    sent = {"MetaData": [{"KeyValue": "k", "StringValue": text} for text in texts]}
    answer = judge_creation(Consignment(WEB, to_create=sent), ProReply(400, body))
    assert isinstance(answer, AllocationFailed)
    assert answer.failure.message == ("..." if len(texts) > 1 else "00000000007") + " 1 is not valid"


@pytest.mark.parametrize("at", ["consignment", "package", "item"])
def test_a_refusal_is_told_without_the_values_of_metadata(at: str) -> None:
    metadata = {"MetaData": [{"KeyValue": "Giftee", "StringValue": "Carol Danvers"}]}
    package = {"Items": [metadata]} if at == "item" else metadata
    sent = metadata if at == "consignment" else {"Packages": [package]}
    body = json.dumps({"Code": "ValidationException", "Message": "Giftee may not be Carol Danvers"}).encode()
    answer = judge_creation(Consignment(WEB, to_create=sent), ProReply(400, body))
    assert isinstance(answer, AllocationFailed)
    assert answer.failure.message == "Giftee may not be ..."


def test_a_refusal_to_allocate_is_told_without_it_too(pro: Pro, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "No service delivers to Ann at 13 Porter Street"
    monkeypatch.setattr(pro.server.state, "reason_against", lambda *_: text)
    address = {"AddressType": "Destination", "Contact": {"FirstName": "Ann"}, "AddressLine1": "13 Porter Street"}
    [answer] = allocated(pro, WEB, Addresses=[address])
    assert isinstance(answer, AllocationFailed)
    assert answer.failure.message == "No service delivers to ... at ..."


def test_too_many_calls_are_followed_by_a_search(pro: Pro) -> None:
    pro.server.faults.script(None, Fault("429", path=CREATE, retry_after="7"))
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Deferred)
    assert (answer.cause, answer.retry_after_seconds) == (DeferralCause.THROTTLED, 7)
    assert pro.claims.given_back == [(WEB, LAG)]
    [answer] = allocated(pro, WEB)
    assert isinstance(answer, Allocated)
    assert pro.server.state.creations == {WEB: 1}


def test_a_used_up_quota_is_no_refusal_of_a_consignment() -> None:
    body = json.dumps({"Code": "QuotaExceeded", "Message": "Quota exceeded"}).encode()
    answer = judge_creation(Consignment(WEB, to_create=CONTENT), ProReply(403, body, retry_after_seconds=7))
    assert answer == NotCreated(Deferred(DeferralCause.THROTTLED, 7))


def test_what_is_cancelled_before_it_is_created_is_not_created_any_more(pro: Pro) -> None:
    assert pro.sender_allocator().release((WEB,), Remaining()) == {}
    assert ([each for each, _ in pro.claims.taken], pro.server.requests) == ([WEB], [])


def test_what_is_cancelled_after_a_lost_creation_is_found_and_deallocated(pro: Pro) -> None:
    pro.server.faults.script(None, Fault("reset", path=CREATE))
    allocated(pro, WEB, SHOP)
    [there] = pro.server.state.find(WEB)
    pro.server.state.allocate(there, "CX_NDS")
    assert pro.sender_allocator().release((WEB,), Remaining()) == {}
    assert pro.server.state.consignments[there].state == "Unallocated"


@pytest.mark.parametrize("state", ["Unallocated", "Allocated", "Manifested", "Cancelled"])
def test_what_was_created_is_cancelled_in_pro_once(pro: Pro, state: str) -> None:
    allocated(pro, WEB)
    [there] = pro.server.state.find(WEB)
    pro.stands(ConsignmentReference(there), state, "CX_NDS" if state in ("Allocated", "Manifested") else None)
    for _ in range(2):
        assert pro.sender_allocator().release((WEB, A), Remaining()) == {}
        assert pro.sender_allocator().cancel_recorded((WEB, A), Remaining()) == {}
    assert pro.server.state.consignments[there].state == "Cancelled"
    assert pro.server.state.consignments[A].state == "Unallocated", "the shop created it itself"
    assert pro.server.calls("PUT").count(f"/consignments/{there}/cancel") == (state != "Cancelled")


@pytest.mark.parametrize("kind", ["reset", "500", "504", "400", "401"])
@pytest.mark.parametrize("before", [True, False])
def test_a_cancellation_is_followed_to_its_end(pro: Pro, kind: str, before: bool) -> None:
    allocated(pro, WEB)
    [there] = pro.server.state.find(WEB)
    pro.server.faults.script(None, Fault(kind, before=before, path="/cancel"))
    kept = pro.sender_allocator().cancel_recorded((WEB,), Remaining())
    assert (pro.server.state.consignments[there].state == "Cancelled") is not before
    assert (kept == {}) is not before, "PRO's state says whether it is done, and no reply does"
    assert pro.sender_allocator().cancel_recorded((WEB,), Remaining()) == {}
    assert pro.server.state.consignments[there].state == "Cancelled"


def test_what_is_recorded_as_cancelled_is_cancelled_in_pro_once(pro: Pro) -> None:
    allocated(pro, WEB, SHOP)
    web, shop = pro.links[WEB], pro.links.pop(SHOP)
    allocator = pro.sender_allocator()
    pro.server.faults.script(None, Fault("503", before=True, path=f"/consignments/{web}/cancel"))
    [kept] = allocator.cancel_recorded((WEB,), Remaining(), {WEB: NamedAtPro(web)}).values()
    assert kept.cause == DeferralCause.OUTCOME_UNKNOWN
    for _ in range(2):
        assert allocator.cancel_recorded((WEB, SHOP, A), Remaining(), {WEB: NamedAtPro(web)}) == {}
    assert [pro.server.state.consignments[each].state for each in (web, shop)] == ["Cancelled", "Cancelled"]
    assert A not in pro.server.state.consignments, "it is the shop's own"
    assert [path for path in pro.server.calls("PUT") if "cancel" in path].count(f"/consignments/{shop}/cancel") == 1


@pytest.mark.parametrize("operation", ["release", "release_lost"])
def test_a_record_names_what_to_take_back_when_nothing_else_remembers_it(pro: Pro, operation: str) -> None:
    allocated(pro, WEB)
    [there] = pro.links.values()
    pro.links.clear()
    pro.claims.before.discard(WEB)
    assert getattr(pro.sender_allocator(), operation)((WEB,), Remaining(), {WEB: NamedAtPro(there)}) == {}
    assert pro.server.state.consignments[there].service is None


def test_what_nobody_asked_pro_to_create_is_claimed_for_whoever_is_about_to(pro: Pro) -> None:
    """Who has read the records before must not have PRO create and allocate it after the record says that it failed."""
    assert pro.sender_allocator().release_lost((WEB,), Remaining()) == {}
    assert pro.claims.watched == {WEB: Watch.SETTLED}
    pro.claims.hold = {WEB: 130}
    assert pro.sender_allocator().release_lost((WEB,), Remaining()).keys() == {WEB}
    assert pro.server.requests == []


def test_a_creation_that_may_be_under_way_holds_up_a_cancellation(pro: Pro) -> None:
    pro.claims.hold = {WEB: 66}
    [kept] = pro.sender_allocator().release((WEB,), Remaining()).values()
    assert (kept.cause, kept.retry_after_seconds) == (DeferralCause.OUTCOME_UNKNOWN, 66)


def test_price_and_delivery_date_are_read_after_each_allocation_for_those_who_want_them(pro: Pro) -> None:
    pro.with_details = True
    web, at_pro = allocated(pro, WEB, A)
    for answer in (web, at_pro):
        assert isinstance(answer, Allocated)
        assert answer.price == Price(Decimal("5.49"), Decimal("1.10"), Decimal("6.59"), "GBP")
        assert answer.delivered_by is not None
        assert answer.delivered_by.isoformat() == "2019-06-17T17:00:00+00:00"
        assert answer.by
        assert not answer.by.is_adopted


def test_an_allocation_whose_price_can_not_be_read_waits_for_it(pro: Pro) -> None:
    pro.with_details = True
    pro.server.faults.script(None, *[Fault("503", path=f"/consignments/{A}")] * 2)
    [answer] = allocated(pro, A)
    assert isinstance(answer, Deferred)
    assert "price" in answer.why
    [answer] = allocated(pro, A)
    assert isinstance(answer, Allocated)
    assert answer.price
    assert pro.server.state.allocations[A] == 1


def test_the_body_of_a_creation_is_exact(pro: Pro) -> None:
    weight = {"Value": Decimal("0.10000"), "Unit": "Kg"}
    allocated(pro, WEB, Packages=[{"Weight": weight}])
    [body] = created(pro)
    assert json.dumps(body["Packages"]) == '[{"Weight": {"Value": 0.1, "Unit": "Kg"}}]'


@mock_aws
def test_pros_references_are_kept_beside_the_claims_for_as_long_as_records(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    dynamodb = boto3.client("dynamodb", region_name="eu-west-2")
    create_table(dynamodb, "ProClaimsTable", "claims")
    live, sandbox = (
        DynamoDBLinks(dynamodb, "claims", lambda: NOON, url, timedelta(days=kept) if kept else None)
        for url, kept in (("https://live.example", 0), ("https://sandbox.example", 90))
    )
    links = {ConsignmentReference(f"WEB-{number}"): A for number in range(101)}
    live.keep(links)
    sandbox.keep({SHOP: A})
    assert live.find([*links, SHOP]) == links
    assert sandbox.find([WEB, SHOP]) == {SHOP: A}
    expiring = [item for item in dynamodb.scan(TableName="claims")["Items"] if "expiresAt" in item]
    assert [item["expiresAt"]["N"] for item in expiring] == [str(int((NOON + timedelta(days=90)).timestamp()))]


def test_a_reply_about_another_consignment_is_no_reason_to_create_one() -> None:
    other = {"Reference": "EC-OTH-ERO-NE0", "ConsignmentState": "Allocated"}
    found = judge_found(WEB, {A: ProReply(200, json.dumps(other).encode())})
    assert isinstance(found, Deferred)
    assert found.cause == DeferralCause.REPLY_UNREADABLE
