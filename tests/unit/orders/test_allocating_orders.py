"""The order queue's use case: every consignment allocated once, every message done, returned or refused."""

import gc
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Failure, Outcome
from allocation.domain.reference import OrderReference, issued_reference
from allocation.orders.batch_report import BatchReport
from allocation.orders.order_created import ReadingRules
from tests.support.orders import Orders
from tests.support.ports import (
    FakeDeadline,
    InMemoryRecords,
    InMemoryRefusedMessages,
)
from tests.support.samples import (
    FAILED,
    NOON,
    A,
    B,
    C,
    D,
    allocated,
    delivered,
    message,
    queue_message,
    record_of,
    reference,
    text_of,
)

MODES = [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")]
THROTTLED = Deferred(DeferralCause.THROTTLED)
OUTCOMES: Mapping[str, Outcome] = {
    "NoCarrierServiceAvailable": FAILED,
    "ServiceGroupNotFoundException": AllocationFailed(
        Failure("ServiceGroupNotFoundException", "There is no group 'valuableGoods'.")
    ),
    "MpdCarrierServiceNotFoundException": AllocationFailed(
        Failure("MpdCarrierServiceNotFoundException", "There is no service 'CX_NDS'.")
    ),
}


def test_an_order_is_allocated_and_recorded() -> None:
    orders = Orders()
    report = orders.process(message("m1", A))
    assert orders.records.kept == {A: record_of(A)}
    assert (report.returned, report.refused, set(report.outcomes)) == ({}, {}, {A})


def test_the_senders_own_reference_is_recorded_beside_one_that_is_issued() -> None:
    orders = Orders()
    orders.process(message("m1", consignments=[{"ConsignmentReferenceProvidedByCustomer": "WEB-1/1"}]))
    [(issued, record)] = orders.records.kept.items()
    assert issued == issued_reference(OrderReference("WEB-1"), 0)
    assert (record.consignment_reference, record.customer_reference) == (issued, "WEB-1/1")


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_an_allocation_is_recorded_in_each_mode(mode: AllocationMode) -> None:
    orders = Orders(mode)
    orders.process(message("m1", A))
    assert orders.allocator.modes == [mode]
    assert orders.records.kept == {A: record_of(A, mode=mode)}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES.keys())
def test_a_failure_is_an_outcome_in_each_mode(mode: AllocationMode, outcome: Outcome) -> None:
    orders = Orders(mode, {A: outcome})
    report = orders.process(message("m1", A))
    assert orders.records.kept == {A: record_of(A, outcome, mode)}
    assert (report.returned, report.outcomes) == ({}, {A: outcome})


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_deferral_returns_its_message_in_each_mode(mode: AllocationMode) -> None:
    orders = Orders(mode, {A: THROTTLED})
    assert orders.process(message("m1", A)).returned == {"m1": THROTTLED}
    assert orders.records.kept == {}


def test_the_messages_of_one_batch_succeed_and_fail_each_for_itself() -> None:
    orders = Orders(answers={B: THROTTLED, C: FAILED})
    broken = queue_message("m4", "not JSON")
    report = orders.process(message("m1", A), message("m2", B), message("m3", C), broken)
    assert report.returned == {"m2": THROTTLED}
    assert set(report.refused) == {"m4"}
    assert set(orders.records.kept) == {A, C}


def test_an_order_is_done_only_when_all_its_consignments_have_an_outcome() -> None:
    orders = Orders(answers={B: THROTTLED})
    assert orders.process(message("m1", A, B, C)).returned == {"m1": THROTTLED}
    assert set(orders.records.kept) == {A, C}
    orders.answers.clear()
    assert orders.process(message("m1", A, B, C)).returned == {}
    assert orders.allocator.asked == [(A, B, C), (B,)]


@pytest.mark.parametrize("message_id", ["m1", "redriven"])
@pytest.mark.parametrize("outcome", [None, FAILED], ids=["allocated", "failed"])
def test_a_done_order_that_comes_again_is_skipped(message_id: str, outcome: Outcome | None) -> None:
    orders = Orders()
    orders.records.kept = {A: record_of(A, outcome)}
    report = orders.process(message(message_id, A))
    assert orders.allocator.asked == []
    assert orders.records.kept == {A: record_of(A, outcome)}
    assert (report.returned, report.outcomes) == ({}, {})


@pytest.mark.parametrize("message_id", ["m1", "redriven"])
def test_a_half_done_order_that_comes_again_is_finished(message_id: str) -> None:
    orders = Orders()
    orders.records.kept = {A: record_of(A, FAILED)}
    assert orders.process(message(message_id, A, B)).returned == {}
    assert orders.allocator.asked == [(B,)]
    assert orders.records.kept == {A: record_of(A, FAILED), B: record_of(B)}


def test_an_order_that_stands_twice_in_a_batch_is_allocated_once() -> None:
    orders = Orders()
    report = orders.process(message("m1", A, B), message("m2", A, B))
    assert orders.allocator.asked == [(A, B)]
    assert report.returned == {}


def test_a_consignment_of_two_orders_is_recorded_with_the_first() -> None:
    orders = Orders()
    orders.process(message("m1", A, orderReference="WEB-1"), message("m2", A, B, orderReference="WEB-2"))
    assert orders.allocator.asked == [(A, B)]
    assert {key: record.order_reference for key, record in orders.records.kept.items()} == {A: "WEB-1", B: "WEB-2"}


def test_both_messages_wait_for_a_consignment_they_share() -> None:
    orders = Orders(answers={A: THROTTLED})
    assert orders.process(message("m1", A), message("m2", A, B)).returned == {"m1": THROTTLED, "m2": THROTTLED}


def test_of_two_concurrent_deliveries_one_outcome_is_recorded_and_both_are_done() -> None:
    orders = Orders(answers={A: FAILED})
    other = Orders(records=orders.records)
    reports: list[BatchReport] = []
    orders.allocator.meanwhile = lambda: reports.append(other.process(message("m1", A, B)))
    late = orders.process(message("m1", A, B))
    assert other.allocator.asked == orders.allocator.asked == [(A, B)]
    assert orders.records.kept == {A: record_of(A), B: record_of(B)}
    assert set(reports[0].outcomes) == {A, B}
    assert (late.returned, late.outcomes) == ({}, {})


def test_an_order_with_no_time_left_goes_back_untouched() -> None:
    orders = Orders(deadline=FakeDeadline(seconds=4.9))
    assert orders.process(message("m1", A)).returned == {"m1": Deferred(DeferralCause.OUT_OF_TIME)}
    assert orders.allocator.asked == []


def test_what_was_allocated_before_the_time_ran_out_is_recorded() -> None:
    orders = Orders(deadline=FakeDeadline(seconds=24.0, each_look=10.0))
    references = [reference(number) for number in range(300)]
    report = orders.process(message("m1", *references[:150]), message("m2", *references[150:]))
    assert list(orders.records.kept) == references[:200]
    assert report.returned == {"m2": Deferred(DeferralCause.OUT_OF_TIME)}


def test_outcomes_that_are_not_written_return_their_message() -> None:
    orders = Orders()
    orders.records.unwritable = {B}
    report = orders.process(message("m1", A), message("m2", B, C))
    assert report.returned == {"m2": Deferred(DeferralCause.NOT_RECORDED)}
    assert set(report.outcomes) == {A, C}


def test_a_consignment_that_the_allocator_gives_no_answer_for_returns_its_message() -> None:
    orders = Orders(answers={A: None})
    assert orders.process(message("m1", A), message("m2", B)).returned == {"m1": Deferred(DeferralCause.NO_ANSWER)}


def test_nothing_is_allocated_where_the_records_can_not_be_read() -> None:
    orders = Orders(records=InMemoryRecords(unreadable=True))
    report = orders.process(message("m1", A), queue_message("m2", "not JSON"))
    assert (report.returned, set(report.refused)) == ({"m1": Deferred(DeferralCause.RECORDS_NOT_READ)}, {"m2"})
    assert orders.allocator.asked == []


def test_a_message_that_goes_back_waits_longer_with_each_delivery_and_the_others_do_not_wait() -> None:
    orders = Orders(
        answers={A: Deferred(DeferralCause.OUTAGE), B: Deferred(DeferralCause.THROTTLED, retry_after_seconds=120)}
    )
    first, fourth = delivered(message("m1", A), "r1", 1), delivered(message("m2", A), "r2", 4)
    asked_for = delivered(message("m3", B), "r3", 1)
    orders.process(first, fourth, asked_for, delivered(message("m4", C), "r4", 1))
    assert orders.redelivery.waits == {"r1": 11, "r2": 90, "r3": 135}


def test_a_message_that_only_ran_out_of_time_is_delivered_again_at_once() -> None:
    orders = Orders(deadline=FakeDeadline(seconds=0))
    orders.process(delivered(message("m1", A), "r1", 5))
    assert orders.redelivery.waits == {"r1": 0}


def test_a_consignment_that_crashes_the_allocator_returns_only_its_own_message() -> None:
    orders = Orders()
    orders.allocator.crashes_on.add(B)
    report = orders.process(message("m1", A), message("m2", B), message("m3", C))
    assert report.returned == {"m2": Deferred(DeferralCause.ALLOCATOR_CRASHED)}
    assert orders.records.kept.keys() == {A, C}


def test_an_allocator_that_can_do_nothing_now_returns_every_message() -> None:
    orders = Orders()
    orders.allocator.unavailable = True
    unavailable = Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE)
    assert orders.process(message("m1", A), message("m2", B)).returned == {"m1": unavailable, "m2": unavailable}
    assert len(orders.allocator.asked) == 1


def test_of_several_reasons_the_one_that_takes_longest_says_when_a_message_comes_back() -> None:
    asked_for = Deferred(DeferralCause.THROTTLED, retry_after_seconds=120)
    orders = Orders(answers={A: Deferred(DeferralCause.OUT_OF_TIME), B: asked_for, C: Deferred(DeferralCause.OUTAGE)})
    assert orders.process(message("m1", A, B, C)).returned == {"m1": asked_for}


def test_an_unreadable_message_goes_to_the_dlq_with_the_reason_at_once() -> None:
    orders = Orders()
    broken = queue_message("m1", text_of("malformed/unknown-major-version.json"))
    report = orders.process(broken, message("m2", A))
    (kept,) = orders.dlq.kept
    assert kept.message == broken
    assert (kept.error.code, str(kept.error)) == ("UnknownEventVersion", "eventVersion is 2: send 1")
    assert (report.returned, report.refused) == ({}, {"m1": kept.error})


@pytest.mark.parametrize("body", ['{"consignments": [', "{}", '{"eventType": "order-created", "eventId": 5}'])
def test_a_batch_with_a_refused_message_is_not_kept_once_it_is_done(body: str) -> None:
    orders, refused = Orders(), replace(message("bad"), body=body)
    orders.process(message("m1", A), refused)
    gc.collect()
    gc.disable()
    try:
        orders.process(message("m2", B), refused)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_batch_of_unreadable_messages_asks_for_nothing() -> None:
    orders = Orders(records=InMemoryRecords(unreadable=True))
    assert set(orders.process(queue_message("m1", "[]"), queue_message("m2", "")).refused) == {"m1", "m2"}


def test_a_refused_message_that_the_dlq_does_not_take_goes_back() -> None:
    orders = Orders(dlq=InMemoryRefusedMessages(unkeepable={"m1"}))
    report = orders.process(queue_message("m1", "[]"), queue_message("m2", "[]"))
    assert report.returned == {"m1": Deferred(DeferralCause.NOT_KEPT_IN_DLQ)}
    assert set(report.refused) == {"m2"}


def test_the_good_consignments_beside_a_bad_one_are_allocated_before_the_message_is_refused() -> None:
    orders = Orders()
    report = orders.process(message("m1", A, "EC/2", C))
    assert set(orders.records.kept) == {A, C}
    (kept,) = orders.dlq.kept
    assert "consignments[1].Reference" in str(kept.error)
    assert report.returned == {}


def test_an_order_with_a_bad_consignment_is_not_refused_before_the_good_ones_have_an_outcome() -> None:
    orders = Orders(answers={A: THROTTLED})
    mixed = message("m1", A, "EC/2")
    assert orders.process(mixed).returned == {"m1": THROTTLED}
    assert orders.dlq.kept == []
    orders.answers.clear()
    assert orders.process(mixed).returned == {}
    assert [kept.message for kept in orders.dlq.kept] == [mixed]


def test_a_corrected_order_allocates_only_what_was_bad() -> None:
    orders = Orders()
    orders.process(message("m1", A, "EC/2", C))
    report = orders.process(message("m2", A, B, C))
    assert orders.allocator.asked == [(A, C), (B,)]
    assert (report.returned, report.refused) == ({}, {})


def test_a_large_order_is_allocated_in_waves_each_recorded_before_the_next() -> None:
    orders = Orders()
    references = [reference(number) for number in range(250)]
    recorded: list[int] = []

    def answer(consignment: Consignment) -> Outcome:
        recorded.append(len(orders.records.kept))
        return allocated(consignment)

    orders.allocator.answer = answer
    assert orders.process(message("m1", *references)).returned == {}
    assert sorted(set(recorded)) == [0, 100, 200]


@pytest.mark.parametrize(
    ("lacking", "cause"), [("records", DeferralCause.NOT_RECORDED), ("allocator", DeferralCause.ALLOCATOR_UNAVAILABLE)]
)
def test_no_other_wave_is_started_where_nothing_of_one_could_be_done(lacking: str, cause: DeferralCause) -> None:
    """Each would take as many seconds, and the function would be killed before it returns the message."""
    references = [reference(number) for number in range(500)]
    orders = Orders(records=InMemoryRecords(unwritable=set(references) if lacking == "records" else set()))
    orders.allocator.unavailable = lacking == "allocator"
    report = orders.process(message("m1", *references))
    assert [len(asked) for asked in orders.allocator.asked] == [100]
    assert report.returned == {"m1": Deferred(cause)}


def test_a_wave_without_a_result_is_the_last_even_if_others_hold_a_consignment() -> None:
    references = [reference(number) for number in range(150)]
    orders = Orders(
        records=InMemoryRecords(unwritable=set(references)),
        answers={references[0]: Deferred(DeferralCause.OUTCOME_UNKNOWN)},
    )
    orders.process(message("m1", *references))
    assert [len(asked) for asked in orders.allocator.asked] == [100]


def test_a_wave_of_which_something_could_be_done_is_followed_by_the_next() -> None:
    references = [reference(number) for number in range(150)]
    orders = Orders(records=InMemoryRecords(unwritable=set(references[1:100])))
    orders.process(message("m1", *references))
    assert len(orders.records.kept) == 51


def test_records_expire_after_the_retention() -> None:
    orders = Orders(retention=timedelta(days=30))
    orders.process(message("m1", A))
    assert orders.records.kept[A].expires_at == NOON + timedelta(days=30)


def test_records_are_kept_for_ever_without_a_retention() -> None:
    orders = Orders()
    orders.process(message("m1", D))
    assert orders.records.kept[D].expires_at is None


def test_a_report_names_an_allocation_as_such() -> None:
    report = Orders(answers={B: FAILED}).process(message("m1", A, B))
    assert isinstance(report.outcomes[A], Allocated)
    assert report.outcomes[B] == FAILED


def test_a_consignment_whose_limit_others_used_up_is_decided_again() -> None:
    orders = Orders(records=InMemoryRecords(outrun={A: 2}))
    report = orders.process(message("1", A, B))
    assert report.returned == {}
    assert orders.records.kept.keys() == {A, B}
    assert orders.allocator.asked == [(A, B), (A,), (A,)]


def test_a_consignment_that_is_outrun_again_and_again_goes_back_to_the_queue() -> None:
    orders = Orders(records=InMemoryRecords(outrun={A: 3}))
    report = orders.process(message("1", A), message("2", B))
    assert report.returned == {"1": Deferred(DeferralCause.NOT_RECORDED)}
    assert orders.records.kept.keys() == {B}


def test_orders_wait_while_there_is_no_usable_mapping_and_go_on_when_there_is_one() -> None:
    orders, usable = Orders(), False

    def reading() -> ReadingRules:
        if not usable:
            raise RetryableError("there is no usable mapping")
        return ReadingRules()

    orders.use_case = replace(orders.use_case, reading=reading)
    waiting = orders.process(message("m1", A), message("m2", B))
    assert {item.cause for item in waiting.returned.values()} == {DeferralCause.MAPPING_UNAVAILABLE}
    assert waiting.refused == {}
    usable = True
    assert not orders.process(message("m1", A), message("m2", B)).returned
    assert orders.records.kept.keys() == {A, B}
