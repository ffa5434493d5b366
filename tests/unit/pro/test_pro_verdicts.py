"""The matrix of `docs/pro-client.md`: every row is a case here under the same name, and every case is a row."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.pro.calls import AllocationCall, CallError, OutOfTimeError
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.credentials import KeyUnavailableError
from allocation.pro.state_verdicts import judge_state
from allocation.pro.verdicts import (
    ACCEPTED,
    ASKED_BEFORE,
    UNDER_WAY,
    Doubtful,
    Throttled,
    TryAgain,
    Untouched,
    judge,
)
from cli.imitation.consignments import Consignment
from tests.support.pro_document import table
from tests.support.pro_state import ProState

A, B = ConsignmentReference("EC-000-000-AAA"), ConsignmentReference("EC-000-000-BBB")
BASE_URL = "https://api.electioapp.com"
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
PAGE = b"<html>Not here</html>"
ERROR = b'{"Code": "SomethingIsWrongException", "Message": "Something is wrong"}'
ONE, TWO = AllocationCall("/one", b"", (A,)), AllocationCall("/two", b"", (A, B))


def error(code: str) -> bytes:
    return json.dumps({"Code": code, "Message": "No such thing", "Details": [{"Message": "at all"}]}).encode()


def replies(
    *statuses: int, bodies: tuple[bytes, ...] = (ERROR,), wish: int | None = None
) -> list[ProReply | CallError]:
    return [ProReply(status, body, wish) for status in statuses for body in bodies]


def each(table: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """A case for each example of each row: a row has one list of them."""
    return [
        pytest.param(row, example, id=f"{row}-{number}")
        for row, columns in table.items()
        for examples in columns
        if isinstance(examples, list)
        for number, example in enumerate(examples)
    ]


def rows(heading: str) -> set[str]:
    """The first cells of the table under a heading of the document."""
    return {row[0] for row in table(heading)}


OTHERS = (400, 404, 410, 422)
"""Of the statuses that have no row of their own, for which 400 stands; `test_400_stands_for...` has all of them."""
FAILURE = Failure("SomethingIsWrongException", "Something is wrong")
Replies = list[ProReply | CallError]
WHOLE: dict[str, tuple[AllocationCall, AllocationMode, Replies, Untouched | Throttled | Doubtful]] = {
    "no connection": (ONE, DefaultRules(), [NotSentError("")], Untouched(DeferralCause.OUTAGE)),
    "no key": (ONE, DefaultRules(), [KeyUnavailableError("")], Untouched(DeferralCause.CREDENTIALS, final=True)),
    "no time left": (ONE, DefaultRules(), [OutOfTimeError("")], Untouched(DeferralCause.OUT_OF_TIME, final=True)),
    "connection lost, or no reply in time": (
        TWO,
        DefaultRules(),
        [NoReplyError("", timed_out=timed_out) for timed_out in (False, True)],
        Doubtful(DeferralCause.OUTCOME_UNKNOWN, open=True),
    ),
    "401": (ONE, DefaultRules(), replies(401, bodies=(PAGE, ERROR)), Untouched(DeferralCause.CREDENTIALS, final=True)),
    "403": (ONE, DefaultRules(), replies(403, bodies=(PAGE,)), Untouched(DeferralCause.CREDENTIALS, final=True)),
    "403 with `Retry-After`": (
        ONE,
        DefaultRules(),
        replies(403, bodies=(PAGE, ERROR), wish=60),
        Throttled(60),
    ),
    "403 with an error of PRO's": (ONE, DefaultRules(), replies(403), Doubtful(DeferralCause.OUTAGE, FAILURE)),
    "429": (TWO, DefaultRules(), replies(429, bodies=(PAGE, ERROR), wish=7), Throttled(7)),
    "408, 409, 423, 425": (
        ONE,
        DefaultRules(),
        replies(408, 409, 423, 425, bodies=(PAGE, ERROR)),
        Doubtful(DeferralCause.OUTAGE, open=True),
    ),
    "400 with an error, one consignment": (
        ONE,
        DefaultRules(),
        replies(*OTHERS),
        Doubtful(DeferralCause.OUTAGE, FAILURE),
    ),
    "400 with an error, several consignments": (TWO, DefaultRules(), replies(*OTHERS), Doubtful(DeferralCause.OUTAGE)),
    "400, unknown carrier service or service group": (
        TWO,
        CarrierService("CX_NDS"),
        replies(*OTHERS, bodies=(error("MpdCarrierServiceNotFoundException"),)),
        Doubtful(DeferralCause.MISCONFIGURED, is_useless=True),
    ),
    "400 without an error of PRO's": (
        ONE,
        DefaultRules(),
        replies(*OTHERS, bodies=(PAGE, b"")),
        Doubtful(DeferralCause.OUTAGE, open=True),
    ),
    "521 with an error": (
        ONE,
        DefaultRules(),
        replies(521),
        Doubtful(DeferralCause.OUTAGE, Failure("NoCarrierServiceAvailable", "Something is wrong")),
    ),
    "521 without an error of PRO's": (
        ONE,
        DefaultRules(),
        replies(521, bodies=(PAGE, b"")),
        Doubtful(DeferralCause.OUTAGE, open=True),
    ),
    "500, 503": (
        ONE,
        DefaultRules(),
        replies(500, 503, bodies=(PAGE, ERROR), wish=20),
        Doubtful(DeferralCause.OUTAGE, retry_after_seconds=20, open=True),
    ),
    "502, 504": (
        ONE,
        DefaultRules(),
        replies(502, 504, bodies=(PAGE, ERROR)),
        Doubtful(DeferralCause.OUTCOME_UNKNOWN, open=True),
    ),
    "302": (ONE, DefaultRules(), replies(302, bodies=(b"", ERROR)), Doubtful(DeferralCause.OUTAGE, open=True)),
    "200, unreadable": (
        TWO,
        DefaultRules(),
        replies(200, bodies=(PAGE, b"", b'"?"', b'[{"statusCode": 200}]')),
        Doubtful(DeferralCause.REPLY_UNREADABLE, open=True),
    ),
    "202, unreadable": (
        TWO,
        DefaultRules(),
        replies(202, bodies=(PAGE, b"", b'"?"')),
        ACCEPTED,
    ),
}


@pytest.mark.parametrize(("row", "reply"), each(WHOLE))
def test_a_reply_to_a_whole_call_means_the_same_for_each_consignment(row: str, reply: ProReply | CallError) -> None:
    call, mode, _, expected = WHOLE[row]

    assert judge(call, mode, reply) == dict.fromkeys(call.references, expected)


@pytest.mark.parametrize("call", [ONE, TWO], ids=["one consignment", "two"])
@pytest.mark.parametrize("body", [ERROR, PAGE], ids=["error", "page"])
def test_400_stands_for_all_of_the_400s_that_have_no_row_of_their_own(call: AllocationCall, body: bytes) -> None:
    of_their_own = {int(status) for row in rows("An allocation call") for status in re.findall(r"\b4\d\d\b", row)}
    verdicts = {status: judge(call, DefaultRules(), ProReply(status, body)) for status in range(400, 500)}

    assert 401 in of_their_own
    assert [status for status in verdicts if status not in of_their_own and verdicts[status] != verdicts[400]] == []


def test_what_is_to_be_corrected_where_pro_does_not_have_a_mode_is_said() -> None:
    verdict = judge(ONE, ServiceGroup("valuableGoods"), ProReply(404, error("ServiceGroupNotFoundException")))[A]

    assert verdict == Doubtful(DeferralCause.MISCONFIGURED, is_useless=True)
    settled = judge_state(A, verdict, detail("Unallocated"), BASE_URL)
    assert isinstance(settled, Deferred)
    assert "no service group valuableGoods: correct the stack's ServiceGroupReference" in settled.why


def test_an_error_about_a_mode_that_the_stack_does_not_use_is_about_the_consignment() -> None:
    verdicts = judge(ONE, DefaultRules(), ProReply(404, error("ServiceGroupNotFoundException")))

    failure = Failure("ServiceGroupNotFoundException", "No such thing at all")
    assert verdicts == {A: Doubtful(DeferralCause.OUTAGE, failure)}


SUCCESS = ProState(BASE_URL).item(A, 200, "It is allocated", "CX_NDS")
NO_CARRIER = dict.fromkeys(["CarrierReference", "CarrierName", "CarrierServiceReference", "CarrierServiceName"])
FAILED = {**SUCCESS, **NO_CARRIER, "Description": "It failed"}
FOREIGN = {**SUCCESS, "ApiLinks": [{"Rel": "detail", "Href": f"{BASE_URL}/consignments/EC-FOR-EIG-N00"}]}


def with_status(status: int, item: dict[str, Any] = FAILED) -> dict[str, Any]:
    return {**item, "StatusCode": status}


MISSING = Doubtful(DeferralCause.OUTCOME_UNKNOWN, open=True)
REFUSED = Doubtful(DeferralCause.OUTAGE, Failure("AllocationRefused", "It failed"))
ITEMS: dict[str, tuple[list[Any], Allocated | Doubtful | None]] = {
    "status 200 with a carrier or carrier service": (
        [[SUCCESS], [{**SUCCESS, "CarrierReference": None}], [{**SUCCESS, "CarrierServiceReference": None}]],
        None,
    ),
    "status 200 without either": ([[FAILED]], MISSING),
    "status 202": ([[with_status(202, SUCCESS)], [with_status(202)]], ACCEPTED),
    "status 400": ([[with_status(status)] for status in OTHERS if status != 404] + [[with_status(403)]], REFUSED),
    "status 404": (
        [[with_status(404)]],
        Doubtful(DeferralCause.OUTAGE, Failure("ConsignmentNotFoundException", "It failed")),
    ),
    "status 521": (
        [[with_status(521)]],
        Doubtful(DeferralCause.OUTAGE, Failure("NoCarrierServiceAvailable", "It failed")),
    ),
    "status 429": ([[with_status(429)]], Doubtful(DeferralCause.THROTTLED)),
    "status 401, 500": ([[with_status(status)] for status in (401, 500)], Doubtful(DeferralCause.OUTAGE, open=True)),
    "missing": ([[]], MISSING),
    "two that contradict each other": ([[SUCCESS, with_status(400)], [with_status(500), SUCCESS]], MISSING),
    "no `detail` link": ([[{**SUCCESS, "ApiLinks": links}] for links in (None, SUCCESS["ApiLinks"][1:])], MISSING),
    "of a consignment not asked for": ([[FOREIGN, SUCCESS], [with_status(400, FOREIGN), SUCCESS]], None),
    "`WithMessage` (2016), success": ([[{"IsSuccess": True, "Message": "Done", "Data": A, "ApiLinks": []}]], ACCEPTED),
    "`WithMessage` (2016), no success": ([[{"IsSuccess": False, "Message": "It failed", "Data": A}]], REFUSED),
}


@pytest.mark.parametrize(("row", "document"), each(ITEMS))
def test_an_item_decides_only_about_its_consignment(row: str, document: Any) -> None:
    expected = ITEMS[row][1]

    verdicts = judge(ONE, DefaultRules(), ProReply(200, json.dumps(document).encode()))

    if expected is None:
        verdict = verdicts[A]
        assert isinstance(verdict, Allocated)
        assert verdict.summary.to_json() == document[-1]
    else:
        assert verdicts == {A: expected}


def test_an_items_own_code_is_kept() -> None:
    document = [{**FAILED, "StatusCode": 400, "Code": "SomethingIsWrongException"}]

    verdicts = judge(ONE, DefaultRules(), ProReply(200, json.dumps(document).encode()))

    assert verdicts == {A: Doubtful(DeferralCause.OUTAGE, Failure("SomethingIsWrongException", "It failed"))}


def test_what_a_202_leaves_open_is_not_asked_for_again_at_once() -> None:
    verdicts = judge(TWO, DefaultRules(), ProReply(202, json.dumps([SUCCESS]).encode()))

    assert verdicts[B] == ACCEPTED


def detail(state: str, service: str | None = None, **changes: Any) -> ProReply:
    consignment = Consignment(state, service, "Far too heavy" if state == "AllocationFailed" else None)
    document = ProState(BASE_URL, consignments={A: consignment}).detail(A)
    return ProReply(200, json.dumps({**document, **changes}).encode())


UNKNOWN = Deferred(DeferralCause.OUTCOME_UNKNOWN)
UNREADABLE = Deferred(DeferralCause.REPLY_UNREADABLE)
AFRESH = replace(ACCEPTED, failure_counts=True)
FORBIDDEN = Deferred(DeferralCause.STATE_FORBIDDEN)
NO_SERVICE = Failure("MpdCarrierServiceNotFoundException", "carrier service CX_NDS: No such thing")
PLAIN = Doubtful(DeferralCause.OUTAGE)
REFUSAL = replace(PLAIN, failure=FAILURE)
OPEN = replace(PLAIN, open=True)
NOT_FOUND = AllocationFailed(Failure("ConsignmentNotFoundException", f"PRO knows no consignment {A}"))
OTHER_STATUSES = (202, 204, 302, 400, 408, 409, 410, 422, 423, 425, 500, 502, 503, 504, 521)
PAST_ALLOCATION = ("Allocated", "Manifesting", "Manifested", "ManifestFailed", "Dispatched", "Delivered", "AnyOther")
STATES: dict[str, tuple[list[tuple[Doubtful, ProReply | CallError]], AllocationFailed | Deferred | TryAgain | None]] = {
    "allocated, or further on": (
        [(doubt, detail(state, "CX_NDS")) for state in PAST_ALLOCATION for doubt in (PLAIN, REFUSAL, OPEN)],
        None,
    ),
    "`AllocationFailed`, after an error": ([(REFUSAL, detail("AllocationFailed"))], AllocationFailed(FAILURE)),
    "`AllocationFailed`, without an error": ([(PLAIN, detail("AllocationFailed"))], TryAgain(DeferralCause.OUTAGE)),
    "`AllocationFailed`, or an error, while a call is open": (
        [
            (OPEN, detail("AllocationFailed")),
            (replace(REFUSAL, open=True), detail("AllocationFailed")),
            (replace(REFUSAL, open=True), detail("Unallocated")),
        ],
        UNKNOWN,
    ),
    "`Allocating`": (
        [(doubt, detail("Allocating")) for doubt in (PLAIN, REFUSAL, OPEN, ACCEPTED)],
        Deferred(DeferralCause.ALLOCATING),
    ),
    "`Deallocating`, `Cancelling`": (
        [(doubt, detail(state)) for doubt in (PLAIN, REFUSAL, OPEN) for state in ("Deallocating", "Cancelling")],
        UNKNOWN,
    ),
    "`Unallocated`, after a 202": (
        [(doubt, detail("Unallocated")) for doubt in (ACCEPTED, AFRESH)],
        Deferred(DeferralCause.ALLOCATING),
    ),
    "`AllocationFailed`, after a 202": ([(ACCEPTED, detail("AllocationFailed"))], Deferred(DeferralCause.UNDER_WAY)),
    "`AllocationFailed`, after a 202 and another state": (
        [(AFRESH, detail("AllocationFailed"))],
        AllocationFailed(Failure("NoCarrierServiceAvailable", "Far too heavy")),
    ),
    "`Unallocated`, after an error": ([(REFUSAL, detail("Unallocated"))], AllocationFailed(FAILURE)),
    "`Unallocated`, without an error": ([(PLAIN, detail("Unallocated"))], TryAgain(DeferralCause.OUTAGE)),
    "`Unallocated`, while a call is open": ([(OPEN, detail("Unallocated"))], Deferred(DeferralCause.OUTAGE)),
    "`Unallocated` or `AllocationFailed`, while an earlier call is open": (
        [(UNDER_WAY, detail(state)) for state in ("Unallocated", "AllocationFailed")],
        Deferred(DeferralCause.UNDER_WAY),
    ),
    "`Cancelled`": ([(PLAIN, detail("Cancelled"))], TryAgain(DeferralCause.OUTAGE)),
    "past allocation, without `Allocation`": ([(PLAIN, detail(state)) for state in PAST_ALLOCATION], UNREADABLE),
    "of another consignment": ([(PLAIN, detail("Allocated", "CX_NDS", Reference=B))], UNREADABLE),
    "unreadable": (
        [(REFUSAL, ProReply(200, body)) for body in (PAGE, b"", b"[]", b"{}", b'{"ConsignmentState": 3}')],
        UNREADABLE,
    ),
    "429": ([(doubt, ProReply(429, PAGE, 7)) for doubt in (PLAIN, OPEN)], Deferred(DeferralCause.THROTTLED, 7)),
    "404 with an error of PRO's": ([(doubt, ProReply(404, ERROR)) for doubt in (PLAIN, REFUSAL)], NOT_FOUND),
    "404, empty, after an error of PRO's": ([(REFUSAL, ProReply(404))], NOT_FOUND),
    "404, any other, or while a call is open": (
        [
            *((PLAIN, ProReply(404, body)) for body in (b"", PAGE)),
            (REFUSAL, ProReply(404, PAGE)),
            *((doubt, ProReply(404, ERROR)) for doubt in (OPEN, replace(REFUSAL, open=True))),
        ],
        UNKNOWN,
    ),
    "401, no key": (
        [(REFUSAL, reply) for reply in (ProReply(401, ERROR), ProReply(401, PAGE), KeyUnavailableError(""))],
        Deferred(DeferralCause.CREDENTIALS),
    ),
    "403": ([(doubt, ProReply(403, PAGE)) for doubt in (PLAIN, REFUSAL)], Deferred(DeferralCause.CREDENTIALS)),
    "403 with `Retry-After`": (
        [(doubt, ProReply(403, body, 60)) for doubt in (PLAIN, REFUSAL) for body in (PAGE, ERROR)],
        Deferred(DeferralCause.THROTTLED, 60),
    ),
    "403 with an error of PRO's": ([(doubt, ProReply(403, ERROR)) for doubt in (PLAIN, REFUSAL)], FORBIDDEN),
    "any other reply, or none": (
        [
            *((REFUSAL, ProReply(status, body)) for status in OTHER_STATUSES for body in (ERROR, PAGE)),
            *((REFUSAL, NoReplyError("", timed_out=timed_out)) for timed_out in (False, True)),
            (REFUSAL, NotSentError("")),
        ],
        UNKNOWN,
    ),
}


def test_a_consignment_asked_for_before_that_there_is_no_time_to_read_says_nothing_about_pro() -> None:
    assert judge_state(A, ASKED_BEFORE, OutOfTimeError(""), BASE_URL) == Deferred(DeferralCause.OUT_OF_TIME)
    assert judge_state(A, PLAIN, OutOfTimeError(""), BASE_URL) == UNKNOWN


def test_an_error_with_names_in_another_case_is_from_a_gateway() -> None:
    """A wrong base URL must not fail every order for good."""
    gateway = b'{"code": "NOT_FOUND", "message": "no Route matched with those values"}'
    assert judge(ONE, DefaultRules(), ProReply(404, gateway)) == {A: Doubtful(DeferralCause.OUTAGE, open=True)}
    assert judge_state(A, PLAIN, ProReply(404, gateway), BASE_URL) == UNKNOWN


@pytest.mark.parametrize(("row", "read"), each(STATES))
def test_the_state_read_back_settles_a_doubt(row: str, read: tuple[Doubtful, ProReply | CallError]) -> None:
    expected = STATES[row][1]

    settled = judge_state(A, *read, BASE_URL)

    if expected is None:
        assert isinstance(settled, Allocated)
        assert settled.summary.carrier_service_reference == "CX_NDS"
    else:
        assert settled == expected


def test_an_error_keeps_its_code_and_only_without_one_takes_that_of_the_state() -> None:
    """The state may come from an earlier allocation that failed for another reason."""
    kept, named = NO_SERVICE, replace(FAILURE, code="AllocationRefused")
    for failure, code in ((kept, NO_SERVICE.code), (named, "NoCarrierServiceAvailable")):
        settled = judge_state(A, replace(PLAIN, failure=failure), detail("AllocationFailed"), BASE_URL)
        assert settled == AllocationFailed(Failure(code, failure.message))


@pytest.mark.parametrize("failure", [FAILURE, NO_SERVICE], ids=lambda failure: failure.code)
@pytest.mark.parametrize(
    "reply",
    [detail("Unallocated"), detail("AllocationFailed"), ProReply(404, ERROR), ProReply(404)],
    ids=["unallocated", "failed", "404", "empty 404"],
)
def test_an_error_is_no_outcome_while_a_call_is_open(failure: Failure, reply: ProReply) -> None:
    """PRO may still execute the call that it has not answered, and allocate what has failed in the meantime."""
    assert judge_state(A, replace(PLAIN, failure=failure, open=True), reply, BASE_URL) == UNKNOWN


@pytest.mark.parametrize("doubt", [*judge(TWO, DefaultRules(), ProReply(400, ERROR)).values(), ASKED_BEFORE])
def test_an_older_failure_is_not_the_outcome_of_a_call_that_ended_before_the_consignment(doubt: Doubtful) -> None:
    assert isinstance(judge_state(A, doubt, detail("AllocationFailed"), BASE_URL), TryAgain)


def test_an_old_failure_does_not_hide_a_later_success() -> None:
    settled = judge_state(A, PLAIN, detail("Allocated", "CX_NDS", FailedAllocation={"Message": "Too heavy"}), BASE_URL)

    assert isinstance(settled, Allocated)


def test_a_consignment_that_may_still_be_worked_on_is_not_tried_again() -> None:
    doubt = Doubtful(DeferralCause.OUTCOME_UNKNOWN, retry_after_seconds=9, open=True)

    assert judge_state(A, doubt, detail("Unallocated"), BASE_URL) == Deferred(DeferralCause.OUTCOME_UNKNOWN, 9)


@pytest.mark.parametrize(
    ("heading", "tested"),
    [("An allocation call", {*WHOLE, "200, readable"}), ("An item of a 200 or 202", ITEMS), ("Reading back", STATES)],
)
def test_every_row_of_the_documented_matrix_is_tested(heading: str, tested: dict[str, Any] | set[str]) -> None:
    assert rows(heading) == set(tested)


def test_an_item_of_a_mode_that_pro_does_not_have_waits_for_the_set_up() -> None:
    item = {**FAILED, "StatusCode": 404, "Code": "ServiceGroupNotFoundException"}

    verdicts = judge(ONE, ServiceGroup("valuableGoods"), ProReply(200, json.dumps([item]).encode()))

    assert verdicts == {A: Doubtful(DeferralCause.MISCONFIGURED, is_useless=True)}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "is HTML or XML"),
        (b"", "is empty"),
        (b"nothing", "is not JSON"),
        (b'[{"statusCode": 200, "apiLinks": []}]', "has field names in another case, such as statusCode"),
        (b'{"Hello": "world"}', "is JSON, and no Allocation Summary"),
    ],
)
def test_what_an_unreadable_reply_is_instead_is_said(body: bytes, kind: str) -> None:
    [verdict] = judge(ONE, DefaultRules(), ProReply(200, body)).values()

    assert isinstance(verdict, Doubtful)
    assert verdict.why == f"PRO's reply {kind}"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "is HTML or XML"),
        (b'{"ConsignmentState": 3}', "has a number as ConsignmentState"),
        (b'{"consignmentState": "Allocated"}', "has field names in another case, such as consignmentState"),
    ],
)
def test_what_an_unreadable_state_is_instead_is_said(body: bytes, kind: str) -> None:
    settled = judge_state(A, replace(PLAIN, since=NOON), ProReply(200, body), BASE_URL)

    assert isinstance(settled, Deferred)
    assert settled.why == f"PRO's reply about {A}, asked for at 2026-11-27T12:00:00Z, {kind}"


def test_what_waits_for_pro_says_in_which_state_it_is_and_since_when() -> None:
    settled = judge_state(A, replace(ACCEPTED, since=NOON), detail("Allocating"), BASE_URL)

    assert isinstance(settled, Deferred)
    assert settled.why == f"PRO has {A} in state Allocating since 2026-11-27T12:00:00Z, when it was asked for"
