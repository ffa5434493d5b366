"""Allocating and deallocating kept consignments, by the real engine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from allocation.consignments.errors import (
    ChangedMeanwhileError,
    ConsignmentStateError,
    NotReachedError,
    RequestError,
    UnavailableError,
    UnknownConsignmentError,
)
from allocation.consignments.store import Known
from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, Deallocated, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.domain.routing import Route
from allocation.records.stored_record import RouteDocument
from tests.support.consignments import (
    DESTINATION,
    HEAVY,
    MONDAY_MORNING,
    ORIGIN,
    UNKNOWN,
    Consignments,
    consignment,
    package,
)

CHEAPEST = "CX_NDS"
NEXT_DAY = RouteDocument(row="next-day", option="next-day")


@pytest.fixture
def shop() -> Consignments:
    return Consignments()


def past_failure(shop: Consignments) -> tuple[str, str] | None:
    """The message and moment of the failure that the last record remembers."""
    past = shop.store.written[-1].past_failure
    return (past.failure.message, past.failed_at.isoformat()) if past else None


@pytest.mark.parametrize("mode", [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService(CHEAPEST)])
def test_an_allocation_is_recorded_with_its_mode_its_request_and_its_moment(
    shop: Consignments, mode: AllocationMode
) -> None:
    reference = shop.create()
    outcome = shop.allocate(reference, mode, "request-7")
    assert isinstance(outcome, Allocated)
    [record] = shop.store.written
    assert (record.consignment_reference, record.outcome, record.mode) == (reference, outcome, mode)
    assert (record.event_id, record.version, record.allocated_at) == ("request-7", 1, MONDAY_MORNING)
    assert shop.state(reference) == "Allocated"


def test_the_order_of_a_record_is_what_its_sender_calls_the_consignment(shop: Consignments) -> None:
    named, long, nameless = (
        shop.create(ConsignmentReferenceProvidedByCustomer=name) for name in ("WEB-7", "n" * 200, None)
    )
    for reference in (named, long, nameless):
        shop.allocate(reference)
    orders = [record.order_reference for record in shop.store.written]
    assert orders == ["WEB-7", "n" * 128, nameless]


def test_a_reference_is_taken_in_any_case(shop: Consignments) -> None:
    reference = shop.create()
    shop.allocate(f" {reference.lower()} ")
    assert shop.state(reference) == "Allocated"


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed"])
def test_a_consignment_is_allocated_from_these_states(shop: Consignments, state: str) -> None:
    reference = shop.in_state(state)
    shop.register.update(consignment(Reference=reference, Packages=[package()]))
    shop.allocate(reference)
    assert shop.state(reference) == "Allocated"


@pytest.mark.parametrize("state", ["Allocated", "Cancelled"])
def test_a_consignment_is_not_allocated_from_these_states(shop: Consignments, state: str) -> None:
    reference = shop.in_state(state)
    written = list(shop.store.written)
    with pytest.raises(ConsignmentStateError) as refused:
        shop.allocate(reference)
    assert (refused.value.code, refused.value.status) == ("InvalidConsignmentStateException", 400)
    assert shop.store.written == written


def test_no_fitting_service_is_a_recorded_failure(shop: Consignments) -> None:
    reference = shop.create(Packages=[HEAVY])
    outcome = shop.allocate(reference)
    assert isinstance(outcome, AllocationFailed)
    assert outcome.failure.code == "NoCarrierServiceAvailable"
    assert shop.store.written[-1].outcome == outcome
    assert shop.state(reference) == "AllocationFailed"


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (ServiceGroup("nowhere"), "ServiceGroupNotFoundException"),
        (CarrierService("NOWHERE"), "MpdCarrierServiceNotFoundException"),
    ],
)
def test_an_unknown_group_or_service_is_refused_and_nothing_is_recorded(
    shop: Consignments, mode: AllocationMode, code: str
) -> None:
    reference = shop.create()
    with pytest.raises(RequestError) as refused:
        shop.allocate(reference, mode)
    assert refused.value.code == code
    with pytest.raises(RequestError) as refused:
        shop.allocate_all([reference], mode)
    assert refused.value.code == code
    assert shop.store.written == []


def test_a_consignment_that_lacks_data_is_refused_and_keeps_its_state(shop: Consignments) -> None:
    reference = shop.create(Addresses=[ORIGIN | {"ShippingLocationReference": "Nowhere"}, DESTINATION])
    with pytest.raises(RequestError) as refused:
        shop.allocate(reference)
    assert refused.value.code == "ConsignmentIncomplete"
    assert shop.state(reference) == "Unallocated"


def test_a_kept_consignment_that_can_no_longer_be_read_is_refused_field_by_field(shop: Consignments) -> None:
    reference = shop.create()
    kept = shop.store.kept[reference]
    shop.store.kept[reference] = replace(kept, content={**kept.content, "Packages": [{"Weight": None}]})
    with pytest.raises(RequestError) as refused:
        shop.allocate(reference)
    assert [problem.target for problem in refused.value.problems] == ["Packages[0].Weight"]
    assert shop.store.written == []


@pytest.mark.parametrize("reference", [UNKNOWN, "nonsense"])
def test_an_unknown_consignment_is_neither_allocated_nor_deallocated(shop: Consignments, reference: str) -> None:
    with pytest.raises(UnknownConsignmentError):
        shop.allocate(reference)
    with pytest.raises(UnknownConsignmentError):
        shop.allocations.deallocate(reference, "request")


def test_a_consignment_whose_data_was_erased_is_no_longer_allocated(shop: Consignments) -> None:
    reference = shop.in_state("AllocationFailed")
    shop.register.erase(reference)
    with pytest.raises(UnknownConsignmentError):
        shop.allocate(reference)


def test_a_failure_is_remembered_through_every_later_change(shop: Consignments) -> None:
    reference = shop.create(Packages=[HEAVY])
    outcome = shop.allocate(reference)
    assert isinstance(outcome, AllocationFailed)
    assert past_failure(shop) is None, "its own failure is no past one"
    remembered = (outcome.failure.message, shop.clock.now.isoformat())
    shop.clock.now += timedelta(hours=1)
    shop.register.update(consignment(Reference=reference, Packages=[package()]))
    shop.allocate(reference)
    assert past_failure(shop) == remembered
    shop.allocations.deallocate(reference, "request")
    assert past_failure(shop) == remembered
    shop.register.cancel(reference, "request")
    assert past_failure(shop) == remembered


def test_a_later_failure_takes_the_place_of_an_earlier_one(shop: Consignments) -> None:
    reference = shop.in_state("AllocationFailed")
    shop.clock.now += timedelta(hours=1)
    second = shop.clock.now
    shop.allocate(reference)
    shop.clock.now += timedelta(hours=1)
    shop.register.cancel(reference, "request")
    past = shop.store.written[-1].past_failure
    assert past is not None
    assert past.failed_at == second


def test_a_deallocation_keeps_the_mode_and_counts_the_version(shop: Consignments) -> None:
    reference = shop.create()
    shop.allocate(reference, ServiceGroup("valuableGoods"))
    shop.allocations.deallocate(reference, "request-8")
    last = shop.store.written[-1]
    assert (last.outcome, last.mode, last.version) == (Deallocated(), ServiceGroup("valuableGoods"), 2)
    assert last.event_id == "request-8"
    assert shop.state(reference) == "Unallocated"
    shop.allocate(reference)
    assert (shop.state(reference), shop.store.written[-1].version) == ("Allocated", 3)


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Cancelled"])
def test_only_an_allocated_consignment_is_deallocated(shop: Consignments, state: str) -> None:
    reference = shop.in_state(state)
    written = list(shop.store.written)
    with pytest.raises(ConsignmentStateError):
        shop.allocations.deallocate(reference, "request")
    assert (shop.state(reference), shop.store.written) == (state, written)


def test_an_allocation_counts_on_its_daily_limit_and_a_deallocation_frees_it(shop: Consignments) -> None:
    shop.limit_to(1)
    first, second = shop.create(), shop.create()
    assert isinstance(shop.allocate(first, CarrierService(CHEAPEST)), Allocated)
    assert list(shop.store.limits.counts.values()) == [1]
    assert isinstance(shop.allocate(second, CarrierService(CHEAPEST)), AllocationFailed)
    assert list(shop.store.limits.counts.values()) == [1]
    shop.allocations.deallocate(first, "request")
    assert list(shop.store.limits.counts.values()) == [0]
    assert isinstance(shop.allocate(second, CarrierService(CHEAPEST)), Allocated)


def test_an_allocation_that_lost_the_last_place_of_a_limit_is_decided_again(shop: Consignments) -> None:
    shop.limit_to(1)
    first, second = shop.create(), shop.create()
    shop.store.meanwhile = lambda: shop.allocate(first, CarrierService(CHEAPEST))
    outcome = shop.allocate(second)
    assert isinstance(outcome, Allocated)
    assert outcome.summary.carrier_service_reference != CHEAPEST


def test_an_allocation_that_lost_a_race_is_refused_by_the_state_that_stands_now(shop: Consignments) -> None:
    reference = shop.create()
    shop.store.meanwhile = lambda: shop.allocate(reference, ServiceGroup("valuableGoods"))
    with pytest.raises(ConsignmentStateError, match="Allocated"):
        shop.allocate(reference)
    [record] = shop.store.written
    assert record.mode == ServiceGroup("valuableGoods")


def test_a_change_while_the_engine_decides_is_noticed(shop: Consignments) -> None:
    reference = shop.create()
    decide, changes = shop.choices.by_mode(DefaultRules()), [HEAVY]

    def choose(asked: Consignment) -> tuple[AllocationMode, Outcome]:
        decided = decide(asked)
        if changes:
            shop.register.update(consignment(Reference=reference, Packages=[changes.pop()]))
        return decided

    assert isinstance(shop.allocations.allocate(reference, choose, "request"), AllocationFailed)


def test_an_allocation_takes_a_change_of_the_consignment_into_account(shop: Consignments) -> None:
    reference = shop.create()
    heavier = consignment(Reference=reference, Packages=[HEAVY])
    shop.store.meanwhile = lambda: shop.register.update(heavier)
    assert isinstance(shop.allocate(reference), AllocationFailed)


def test_an_allocation_gives_up_after_losing_every_race(shop: Consignments) -> None:
    reference = shop.create()

    def another_change() -> None:
        kept = shop.store.kept[reference]
        shop.store.kept[reference] = replace(kept, version=kept.version + 1)
        shop.store.meanwhile = another_change

    shop.store.meanwhile = another_change
    with pytest.raises(ChangedMeanwhileError) as refused:
        shop.allocate(reference)
    assert (refused.value.code, refused.value.status) == ("ConsignmentConflictException", 409)
    assert shop.store.written == []


def test_what_is_wrong_with_one_of_many_does_not_hold_the_others_back(shop: Consignments) -> None:
    first, heavy, second = shop.create(), shop.create(Packages=[HEAVY]), shop.create()
    asked = [first, UNKNOWN, heavy, first, second]
    results = shop.allocate_all(asked)
    assert [reference for reference, _ in results] == asked
    kinds = [type(result) for _, result in results]
    assert kinds == [Allocated, UnknownConsignmentError, AllocationFailed, ConsignmentStateError, Allocated]


def test_a_list_ends_in_time_and_says_what_it_did_not_get_to(shop: Consignments) -> None:
    asked: list[str] = [shop.create() for _ in range(4)]
    find = shop.store.find

    def slow(references: Sequence[ConsignmentReference]) -> Mapping[ConsignmentReference, Known]:
        shop.clock.now += timedelta(seconds=3)
        return find(references)

    with patch.object(shop.store, "find", slow):
        kinds = [type(result) for _, result in shop.allocate_all(asked)]
    assert kinds == [Allocated, Allocated, NotReachedError, NotReachedError]
    assert [shop.state(ConsignmentReference(each)) for each in asked[2:]] == ["Unallocated", "Unallocated"]


def test_an_outage_is_an_error_of_one_call_and_an_entry_of_a_list(shop: Consignments) -> None:
    reference = shop.create()
    shop.store.unavailable = True
    with pytest.raises(RetryableError):
        shop.allocate(reference)
    [(_, result)] = shop.allocate_all([reference])
    assert isinstance(result, UnavailableError)
    assert result.status == 503


@pytest.mark.parametrize("days", [None, 90])
def test_a_record_expires_only_where_it_is_said_to(days: int | None) -> None:
    shop = Consignments(record_retention=timedelta(days=days) if days else None)
    shop.allocate(shop.create())
    expected = MONDAY_MORNING + timedelta(days=days) if days else None
    assert shop.store.written[-1].expires_at == expected


def test_what_the_order_queue_recorded_can_be_deallocated_but_not_allocated_again(shop: Consignments) -> None:
    reference = ConsignmentReference(shop.in_state("Allocated"))
    del shop.store.kept[reference]
    shop.allocations.deallocate(reference, "request")
    assert shop.state(reference) == "Unallocated"
    with pytest.raises(UnknownConsignmentError):
        shop.allocate(reference)


def routed(shop: Consignments) -> ConsignmentReference:
    """An allocated consignment whose mode a routing table chose."""
    reference = shop.in_state("Allocated")
    shop.store.records[reference] = shop.store.records[reference].model_copy(update={"route": NEXT_DAY})
    return reference


def test_the_row_that_chose_the_mode_is_kept_as_long_as_the_mode(shop: Consignments) -> None:
    reference = routed(shop)
    shop.allocations.deallocate(reference, "request-2")
    assert shop.store.written[-1].route == Route("next-day", "next-day")
    shop.allocate(reference)  # in a mode that the caller chose
    assert shop.store.written[-1].route is None


def test_a_cancellation_keeps_the_row_that_chose_the_mode(shop: Consignments) -> None:
    reference = routed(shop)
    shop.register.cancel(reference, "request-2")
    assert shop.store.written[-1].route == Route("next-day", "next-day")
