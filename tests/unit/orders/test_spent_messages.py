"""Messages that came as often as they can, and those that may have killed the function: each ends somewhere."""

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.outcome import DeferralCause, Deferred, Outcome
from allocation.orders.redelivery import MAX_RECEIVES
from tests.support.orders import Orders
from tests.support.ports import (
    FakeDeadline,
    InMemoryRefusedMessages,
)
from tests.support.samples import (
    A,
    B,
    C,
    D,
    allocated,
    delivered,
    message,
)


class KilledError(BaseException):
    """The process ends here."""


def test_a_message_that_was_received_as_often_as_it_can_be_goes_to_the_dlq_with_its_last_cause() -> None:
    """SQS itself would move it there without a word."""
    orders = Orders(answers={A: Deferred(DeferralCause.OUTAGE), B: Deferred(DeferralCause.OUTAGE)})
    report = orders.process(
        delivered(message("m1", A), "r1", MAX_RECEIVES), delivered(message("m2", B), "r2", MAX_RECEIVES - 1)
    )
    assert report.returned == {"m2": Deferred(DeferralCause.OUTAGE)}
    assert report.refused["m1"].code == "GivenUp_outage"
    assert f"{MAX_RECEIVES} times and not done: outage" in str(orders.dlq.kept[0].error)
    assert orders.redelivery.waits.keys() == {"r2"}


def test_a_message_that_the_function_was_killed_by_each_time_goes_to_the_dlq_with_that_reason() -> None:
    """Nothing else is done in its batch, which may kill the function again; the others come back at once."""
    orders = Orders()
    report = orders.process(delivered(message("m1", A), "r1", MAX_RECEIVES + 1), delivered(message("m2", B), "r2", 3))
    assert report.refused["m1"].code == "GivenUp_killed"
    assert report.returned == {"m2": Deferred(DeferralCause.OUT_OF_TIME)}
    assert (orders.allocator.asked, orders.redelivery.waits) == ([], {"r2": 0})


@pytest.mark.parametrize(("most", "together"), [(1, True), (2, True), (3, False), (4, True), (7, False), (79, False)])
def test_a_batch_that_may_have_killed_the_function_is_worked_on_message_by_message(most: int, together: bool) -> None:
    orders = Orders()
    report = orders.process(delivered(message("m1", A), "r1", most), delivered(message("m2", B), "r2", 1))
    assert orders.allocator.asked == ([(A, B)] if together else [(B,), (A,)])
    assert (set(report.outcomes), report.returned) == ({A, B}, {})


def test_what_waits_for_its_turn_comes_again_without_the_message_that_kills_the_function() -> None:
    """It is hidden until the function has ended for sure, what was done for a moment, and the killer longest."""
    orders = Orders(deadline=FakeDeadline(seconds=60))

    def end(consignment: Consignment) -> Outcome:
        if consignment.reference == B:
            raise KilledError
        return allocated(consignment)

    orders.allocator.answer = end
    batch = [delivered(message(f"m{at}", each), f"r{at}", 3 + at) for at, each in enumerate((A, B, C))]
    with pytest.raises(KilledError):
        orders.process(*batch, delivered(message("m3", D), "r3", 7))
    waits = orders.redelivery.waits
    assert waits["r0"] < 60 < waits["r2"] == waits["r3"] < waits["r1"]
    assert orders.records.kept.keys() == {A}


def test_an_order_that_can_be_done_is_done_beside_a_spent_message_that_the_dlq_does_not_take() -> None:
    orders = Orders(dlq=InMemoryRefusedMessages(unkeepable={"m1"}))
    report = orders.process(delivered(message("m1", A), "r1", MAX_RECEIVES + 1), delivered(message("m2", B), "r2", 1))
    assert report.returned == {"m1": Deferred(DeferralCause.KILLED)}
    assert orders.records.kept.keys() == {B}


def test_a_message_that_was_killed_by_and_can_not_be_kept_comes_again() -> None:
    orders = Orders(dlq=InMemoryRefusedMessages(unkeepable={"m1"}))
    report = orders.process(delivered(message("m1", A), "r1", MAX_RECEIVES + 1))
    assert report.returned == {"m1": Deferred(DeferralCause.KILLED)}


def test_a_message_that_is_given_up_and_can_not_be_kept_is_left_to_sqs() -> None:
    orders = Orders(answers={A: Deferred(DeferralCause.OUTAGE)}, dlq=InMemoryRefusedMessages(unkeepable={"m1"}))
    report = orders.process(delivered(message("m1", A), "r1", MAX_RECEIVES))
    assert (report.returned, report.refused) == ({"m1": Deferred(DeferralCause.OUTAGE)}, {})
