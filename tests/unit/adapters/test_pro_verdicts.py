"""The matrix of `docs/pro-client.md`: every row of it is a case here, by the same name, and the other way round."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allocation.adapters.pro_calls import AllocationCall
from allocation.adapters.pro_client import KeyUnavailableError, NoReplyError, NotSentError, Reply
from allocation.adapters.pro_verdicts import (
    ASKED_BEFORE,
    CallError,
    Doubtful,
    OutOfTimeError,
    TryAgain,
    Untouched,
    judge,
    judge_state,
)
from allocation.domain.modes import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcomes import Allocated, AllocationFailed, Deferred, Failure
from allocation.domain.references import ConsignmentReference
from tests.fakes.pro_state import Consignment, ProState

A, B = ConsignmentReference("EC-000-000-AAA"), ConsignmentReference("EC-000-000-BBB")
BASE_URL = "https://api.electioapp.com"
DOCUMENT = Path(__file__).parents[3] / "docs" / "pro-client.md"
PAGE = b"<html>Not here</html>"
ERROR = b'{"Code": "SomethingIsWrongException", "Message": "Something is wrong"}'
ONE, TWO = AllocationCall("/one", b"", (A,)), AllocationCall("/two", b"", (A, B))


def error(code: str) -> bytes:
    return json.dumps({"Code": code, "Message": "No such thing", "Details": [{"Message": "at all"}]}).encode()


def rows(heading: str) -> set[str]:
    """The first cells of the table under a heading of the document."""
    section = DOCUMENT.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return {cell.strip() for cell in re.findall(r"^\| (.+?) \|", section, re.MULTILINE)[1:]}


WHOLE: dict[str, tuple[AllocationCall, AllocationMode, Reply | CallError, Untouched | Doubtful]] = {
    "no connection": (ONE, DefaultRules(), NotSentError(""), Untouched("outage")),
    "no key": (ONE, DefaultRules(), KeyUnavailableError(""), Untouched("credentials", final=True)),
    "no time left": (ONE, DefaultRules(), OutOfTimeError(""), Untouched("out_of_time", final=True)),
    "connection lost, or no reply in time": (
        TWO,
        DefaultRules(),
        NoReplyError("", timed_out=False),
        Doubtful("outcome_unknown", again=False, open=True),
    ),
    "401": (ONE, DefaultRules(), Reply(401, PAGE), Untouched("credentials", final=True)),
    "403": (ONE, DefaultRules(), Reply(403, PAGE), Untouched("credentials", final=True)),
    "403 with `Retry-After`": (ONE, DefaultRules(), Reply(403, PAGE, 60), Untouched("throttled", 60)),
    "403 with an error of PRO's": (
        ONE,
        DefaultRules(),
        Reply(403, ERROR),
        Doubtful("outage", Failure("SomethingIsWrongException", "Something is wrong")),
    ),
    "429": (TWO, DefaultRules(), Reply(429, PAGE, 7), Untouched("throttled", 7)),
    "408, 409, 423, 425": (ONE, DefaultRules(), Reply(409, ERROR), Doubtful("outage", open=True)),
    "400 with an error, one consignment": (
        ONE,
        DefaultRules(),
        Reply(400, ERROR),
        Doubtful("outage", Failure("SomethingIsWrongException", "Something is wrong")),
    ),
    "400 with an error, several consignments": (TWO, DefaultRules(), Reply(400, ERROR), Doubtful("outage")),
    "400, unknown carrier service or service group": (
        TWO,
        CarrierService("CX_NDS"),
        Reply(400, error("MpdCarrierServiceNotFoundException")),
        Doubtful(
            "outage",
            Failure("MpdCarrierServiceNotFoundException", "carrier service CX_NDS: No such thing at all"),
        ),
    ),
    "400 without an error of PRO's": (ONE, DefaultRules(), Reply(404, PAGE), Doubtful("outage", open=True)),
    "521 with an error": (
        ONE,
        DefaultRules(),
        Reply(521, ERROR),
        Doubtful("outage", Failure("NoCarrierServiceAvailable", "Something is wrong")),
    ),
    "521 without an error of PRO's": (ONE, DefaultRules(), Reply(521, PAGE), Doubtful("outage", open=True)),
    "500, 503": (ONE, DefaultRules(), Reply(503, ERROR, 20), Doubtful("outage", retry_after_seconds=20, open=True)),
    "502, 504": (ONE, DefaultRules(), Reply(502, ERROR), Doubtful("outcome_unknown", again=False, open=True)),
    "302": (ONE, DefaultRules(), Reply(302), Doubtful("outage", open=True)),
    "200, unreadable": (TWO, DefaultRules(), Reply(200, PAGE), Doubtful("outcome_unknown", open=True)),
    "202, unreadable": (TWO, DefaultRules(), Reply(202), Doubtful("outcome_unknown", again=False, open=True)),
}


@pytest.mark.parametrize("row", WHOLE)
def test_a_reply_to_a_whole_call_means_the_same_for_each_consignment(row: str) -> None:
    call, mode, reply, expected = WHOLE[row]

    assert judge(call, mode, reply) == dict.fromkeys(call.references, expected)


def test_an_unknown_service_group_is_named() -> None:
    verdicts = judge(ONE, ServiceGroup("valuableGoods"), Reply(404, error("ServiceGroupNotFoundException")))

    failure = Failure("ServiceGroupNotFoundException", "service group valuableGoods: No such thing at all")
    assert verdicts == {A: Doubtful("outage", failure)}


SUCCESS = ProState(BASE_URL).item(A, 200, "It is allocated", "CX_NDS")
NO_CARRIER = dict.fromkeys(["CarrierReference", "CarrierName", "CarrierServiceReference", "CarrierServiceName"])
FAILED = {**SUCCESS, **NO_CARRIER, "Description": "It failed"}
FOREIGN = {**SUCCESS, "ApiLinks": [{"Rel": "detail", "Href": f"{BASE_URL}/consignments/EC-FOR-EIG-N00"}]}
MISSING = Doubtful("outcome_unknown", open=True)
WAIT = Doubtful("outcome_unknown", again=False, open=True)
REFUSED = Doubtful("outage", Failure("AllocationRefused", "It failed"))
ITEMS: dict[str, tuple[Any, Allocated | Doubtful | None]] = {
    "status 200 with a carrier or carrier service": ([SUCCESS], None),
    "status 200 without either": ([FAILED], WAIT),
    "status 202": ([{**SUCCESS, "StatusCode": 202}], WAIT),
    "status 400": ([{**FAILED, "StatusCode": 422}], REFUSED),
    "status 521": (
        [{**FAILED, "StatusCode": 521}],
        Doubtful("outage", Failure("NoCarrierServiceAvailable", "It failed")),
    ),
    "status 429": ([{**FAILED, "StatusCode": 429}], Doubtful("throttled")),
    "status 401, 500": ([{**FAILED, "StatusCode": 500}], Doubtful("outage", open=True)),
    "missing": ([], MISSING),
    "two that contradict each other": ([SUCCESS, {**FAILED, "StatusCode": 400}], MISSING),
    "no `detail` link": ([{**SUCCESS, "ApiLinks": None}], MISSING),
    "of a consignment not asked for": ([FOREIGN, SUCCESS], None),
    "`WithMessage` (2016), success": ([{"IsSuccess": True, "Message": "Done", "Data": A, "ApiLinks": []}], WAIT),
    "`WithMessage` (2016), no success": ([{"IsSuccess": False, "Message": "It failed", "Data": A}], REFUSED),
}


@pytest.mark.parametrize("row", ITEMS)
def test_an_item_decides_about_its_consignment_alone(row: str) -> None:
    document, expected = ITEMS[row]

    verdicts = judge(ONE, DefaultRules(), Reply(200, json.dumps(document).encode()))

    if expected is None:
        verdict = verdicts[A]
        assert isinstance(verdict, Allocated)
        assert verdict.summary.to_json() == SUCCESS
    else:
        assert verdicts == {A: expected}


def test_an_items_own_code_is_kept() -> None:
    document = [{**FAILED, "StatusCode": 400, "Code": "SomethingIsWrongException"}]

    verdicts = judge(ONE, DefaultRules(), Reply(200, json.dumps(document).encode()))

    assert verdicts == {A: Doubtful("outage", Failure("SomethingIsWrongException", "It failed"))}


def test_what_an_accepted_call_leaves_open_is_not_asked_for_again_at_once() -> None:
    verdicts = judge(TWO, DefaultRules(), Reply(202, json.dumps([SUCCESS]).encode()))

    assert verdicts[B] == WAIT


def detail(state: str, service: str | None = None, **changes: Any) -> Reply:
    consignment = Consignment(state, service, "Far too heavy" if state == "AllocationFailed" else None)
    document = ProState(BASE_URL, consignments={A: consignment}).detail(A)
    return Reply(200, json.dumps({**document, **changes}).encode())


UNKNOWN = Deferred("outcome_unknown")
STANDING = Failure("SomethingIsWrongException", "Something is wrong")
NO_SERVICE = Failure("MpdCarrierServiceNotFoundException", "carrier service CX_NDS: No such thing")
PLAIN = Doubtful("outage")
NOT_FOUND = AllocationFailed(Failure("ConsignmentNotFoundException", f"PRO knows no consignment {A}"))
STATES: dict[str, tuple[Doubtful, Reply | CallError, AllocationFailed | Deferred | TryAgain | None]] = {
    "allocated, or further on": (PLAIN, detail("Manifested", "CX_NDS"), None),
    "`AllocationFailed`, after an error": (
        replace(PLAIN, failure=STANDING),
        detail("AllocationFailed"),
        AllocationFailed(STANDING),
    ),
    "`AllocationFailed`, without an error": (PLAIN, detail("AllocationFailed"), TryAgain("outage")),
    "`AllocationFailed`, or an error, while a call is open": (
        replace(PLAIN, open=True),
        detail("AllocationFailed"),
        UNKNOWN,
    ),
    "`Allocating`, `Deallocating`": (PLAIN, detail("Allocating"), UNKNOWN),
    "`Unallocated`, after an error": (
        replace(PLAIN, failure=STANDING),
        detail("Unallocated"),
        AllocationFailed(STANDING),
    ),
    "`Unallocated`, without an error": (PLAIN, detail("Unallocated"), TryAgain("outage")),
    "`Cancelled`": (PLAIN, detail("Cancelled"), TryAgain("outage")),
    "past allocation, without `Allocation`": (PLAIN, detail("Allocated"), UNKNOWN),
    "of another consignment": (PLAIN, detail("Allocated", "CX_NDS", Reference=B), UNKNOWN),
    "unreadable": (PLAIN, Reply(200, PAGE), UNKNOWN),
    "404 with an error of PRO's": (PLAIN, Reply(404, ERROR), NOT_FOUND),
    "404, empty, after an error of PRO's": (replace(PLAIN, failure=STANDING), Reply(404), NOT_FOUND),
    "404, any other, or while a call is open": (PLAIN, Reply(404), UNKNOWN),
    "401, no key": (PLAIN, Reply(401, ERROR), Deferred("credentials")),
    "403": (PLAIN, Reply(403, PAGE), Deferred("credentials")),
    "403 with `Retry-After`": (PLAIN, Reply(403, PAGE, 60), Deferred("throttled", 60)),
    "403 with an error of PRO's": (replace(PLAIN, failure=STANDING), Reply(403, ERROR), AllocationFailed(STANDING)),
    "any other reply, or none": (PLAIN, NoReplyError("", timed_out=True), UNKNOWN),
}


def test_a_state_that_may_not_be_read_leaves_an_unanswered_call_in_doubt() -> None:
    assert judge_state(A, PLAIN, Reply(403, ERROR), BASE_URL) == UNKNOWN


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateways_time_out_is_no_end_of_the_call(status: int) -> None:
    assert judge(ONE, DefaultRules(), Reply(status, PAGE)) == {A: Doubtful("outcome_unknown", again=False, open=True)}


def test_what_was_asked_for_before_and_can_not_be_read_in_time_says_nothing_of_pro() -> None:
    assert judge_state(A, ASKED_BEFORE, OutOfTimeError(""), BASE_URL) == Deferred("out_of_time")
    assert judge_state(A, PLAIN, OutOfTimeError(""), BASE_URL) == UNKNOWN


def test_names_in_another_case_are_a_gateways_and_no_error_of_pros() -> None:
    """A wrong base URL must not fail every order for good."""
    gateway = b'{"code": "NOT_FOUND", "message": "no Route matched with those values"}'
    assert judge(ONE, DefaultRules(), Reply(404, gateway)) == {A: Doubtful("outage", open=True)}
    assert judge_state(A, PLAIN, Reply(404, gateway), BASE_URL) == UNKNOWN


def test_a_gateways_page_is_no_unknown_consignment() -> None:
    assert judge_state(A, replace(PLAIN, failure=STANDING), Reply(404, PAGE), BASE_URL) == UNKNOWN


@pytest.mark.parametrize("row", STATES)
def test_the_state_that_is_read_back_settles_a_doubt(row: str) -> None:
    doubt, reply, expected = STATES[row]

    settled = judge_state(A, doubt, reply, BASE_URL)

    if expected is None:
        assert isinstance(settled, Allocated)
        assert settled.summary.carrier_service_reference == "CX_NDS"
    else:
        assert settled == expected


def test_an_error_keeps_its_code_unless_it_has_none_and_the_state_names_it() -> None:
    """The state may be from an earlier allocation that failed for another reason."""
    kept, named = NO_SERVICE, replace(STANDING, code="AllocationRefused")
    for failure, code in ((kept, NO_SERVICE.code), (named, "NoCarrierServiceAvailable")):
        settled = judge_state(A, replace(PLAIN, failure=failure), detail("AllocationFailed"), BASE_URL)
        assert settled == AllocationFailed(Failure(code, failure.message))


@pytest.mark.parametrize("failure", [STANDING, NO_SERVICE], ids=lambda failure: failure.code)
@pytest.mark.parametrize(
    "reply",
    [detail("Unallocated"), detail("AllocationFailed"), Reply(404, ERROR), Reply(404), Reply(403, ERROR)],
    ids=["unallocated", "failed", "404", "empty 404", "403"],
)
def test_an_error_is_no_outcome_while_a_call_is_open(failure: Failure, reply: Reply) -> None:
    """PRO may yet carry out the call that it has not answered, and allocate what has failed meanwhile."""
    assert judge_state(A, replace(PLAIN, failure=failure, open=True), reply, BASE_URL) == UNKNOWN


@pytest.mark.parametrize("doubt", [*judge(TWO, DefaultRules(), Reply(400, ERROR)).values(), ASKED_BEFORE])
def test_a_failure_from_before_is_no_outcome_of_a_call_that_did_not_come_to_the_consignment(doubt: Doubtful) -> None:
    assert isinstance(judge_state(A, doubt, detail("AllocationFailed"), BASE_URL), TryAgain)


def test_an_old_failure_does_not_hide_a_later_success() -> None:
    settled = judge_state(A, PLAIN, detail("Allocated", "CX_NDS", FailedAllocation={"Message": "Too heavy"}), BASE_URL)

    assert isinstance(settled, Allocated)


def test_a_consignment_that_may_still_be_worked_on_is_not_tried_again() -> None:
    doubt = Doubtful("outcome_unknown", again=False, retry_after_seconds=9)

    assert judge_state(A, doubt, detail("Unallocated"), BASE_URL) == Deferred("outcome_unknown", 9)


@pytest.mark.parametrize(
    ("heading", "tested"),
    [("An allocation call", {*WHOLE, "200, readable"}), ("An item of a 200 or 202", ITEMS), ("Reading back", STATES)],
)
def test_every_row_of_the_documented_matrix_is_tested(heading: str, tested: dict[str, Any] | set[str]) -> None:
    assert rows(heading) == set(tested)
