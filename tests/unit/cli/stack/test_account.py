"""Every order that was sent is counted once: done, in the DLQ, or without an outcome."""

from cli.stack.report import count_lines, rows_of, summary_lines
from tests.unit.cli.stack.accounts import account, event, record, refusal, sent

ONE, TWO, THREE = "EC-000-000-001", "EC-000-000-002", "EC-000-000-003"


def test_an_order_is_done_when_all_its_consignments_have_a_record() -> None:
    orders = [sent("m1", "WEB-1", ONE, TWO), sent("m2", "WEB-2", THREE)]
    half = account(orders, record(ONE), [])
    assert (half.done, half.without_outcome) == ([], orders)
    whole = account(orders, {**record(ONE), **record(TWO)}, [])
    assert (whole.done, whole.without_outcome) == (orders[:1], orders[1:])


def test_an_order_in_the_dlq_is_refused_even_where_a_part_of_it_was_recorded() -> None:
    orders = [sent("m1", "WEB-1", ONE, TWO)]
    found = account(orders, record(ONE), [event(ONE)], refusal("m1"))
    assert (found.done, found.refused, found.without_outcome) == ([], orders, [])
    assert found.is_settled


def test_an_order_that_names_no_consignment_is_not_done() -> None:
    assert account([sent("m1", "WEB-1")], {}, []).without_outcome


def test_an_order_that_is_sent_twice_counts_twice_but_its_consignment_once() -> None:
    found = account([sent("m1", "WEB-1", ONE), sent("m2", "WEB-1", ONE)], record(ONE), [event(ONE)])
    assert (len(found.done), found.consignments) == (2, {ONE: "WEB-1"})


def test_an_account_is_not_settled_before_every_record_is_published() -> None:
    orders = [sent("m1", "WEB-1", ONE)]
    assert not account(orders, {}, []).is_settled
    unpublished = account(orders, record(ONE), [])
    assert unpublished.without_event == [ONE]
    assert not unpublished.is_settled
    assert account(orders, record(ONE), [event(ONE)]).is_settled


def test_a_consignment_of_a_refused_order_has_the_refusal_as_its_failure_and_no_state() -> None:
    orders = [sent("m1", "WEB-1", ONE, TWO), sent("m2", "WEB-2", TWO), sent("m3", "WEB-3", THREE)]
    refusals = [refusal("m2", "ConsignmentConflict", "another order has it"), refusal("m1"), refusal("other")]
    one, two, three = rows_of(account(orders, record(TWO), [], *refusals))
    assert (one.state, one.failure) == (None, {"code": "NotJson", "message": "the body is not JSON"})
    assert (two.state, two.failure) == ("Allocated", None)
    assert (three.state, three.failure) == (None, None)


def test_of_two_refused_orders_that_name_a_consignment_the_first_tells_why() -> None:
    orders = [sent("m1", "WEB-1", ONE), sent("m2", "WEB-2", ONE), sent("m3", "WEB-3", ONE)]
    found = account(orders, {}, [], refusal("m3", "Third"), refusal("m2", "Second"))
    assert [row.to_json()["failure"]["code"] for row in rows_of(found)] == ["Second"]


def test_a_refused_order_is_shown_only_among_the_messages_in_the_dlq() -> None:
    found = account([sent("m1", "WEB-1", ONE)], {}, [], refusal("m1"))
    told = list(summary_lines(found, rows_of(found)))
    assert "Failures:" not in told
    assert [line for line in told if "NotJson" in line] == ["  WEB-1  NotJson"]


def test_the_counts_add_up() -> None:
    orders = [sent("m1", "WEB-1", ONE, TWO), sent("m2", None, THREE), sent("m3", "WEB-3", "EC-000-000-004")]
    records = {**record(ONE), **record(TWO, state="AllocationFailed")}
    events = [event(ONE), event(ONE), event(TWO, kind="consignment.allocation_failed")]
    assert list(count_lines(account(orders, records, events, refusal("m2")))) == [
        "Orders:        3 sent = 1 done + 1 in the DLQ + 1 without outcome",
        "Consignments:  4 = 1 allocated + 1 failed + 2 without outcome",
        "Records:       2",
        "Events:        3 received = 1 allocated + 1 allocation_failed + 1 repeat",
        "DLQ:           1 message",
    ]


def test_what_went_wrong_is_told_with_its_reason() -> None:
    failure = {"code": "NoCarrierServiceAvailable", "message": "No carrier service takes it."}
    orders = [sent("m1", "WEB-1", ONE), sent("m2", None), sent("m3", "WEB-3", THREE)]
    records = record(ONE, state="AllocationFailed", failure=failure)
    found = account(orders, records, [], refusal("m2"), refusal("other", "NoSuccess", "every delivery of it failed"))
    told = list(summary_lines(found, rows_of(found)))
    text = "\n".join(told)
    assert f"  {ONE}  NoCarrierServiceAvailable\n    No carrier service takes it." in text
    assert "  message m2  NotJson\n    the body is not JSON" in text
    assert "  other  NoSuccess\n    every delivery of it failed" in text
    assert "Orders without an outcome: WEB-3" in told
    assert f"Consignments without an event: {ONE}" in told
