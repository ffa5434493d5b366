"""Creating, changing, cancelling, finding and erasing consignments."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allocation.consignments.errors import (
    ChangedMeanwhileError,
    ConsignmentStateError,
    RequestError,
    UnknownConsignmentError,
)
from allocation.consignments.store import StoredConsignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import ServiceGroup
from allocation.domain.outcome import Cancelled
from allocation.domain.reference import ConsignmentReference
from tests.support.consignments import (
    DESTINATION,
    MONDAY_MORNING,
    ORIGIN,
    UNKNOWN,
    Consignments,
    consignment,
    package,
)


@pytest.fixture
def shop() -> Consignments:
    return Consignments()


def stored(shop: Consignments, reference: ConsignmentReference) -> StoredConsignment:
    return shop.store.kept[reference]


def targets(error: pytest.ExceptionInfo[RequestError]) -> list[str]:
    return [problem.target for problem in error.value.problems]


def test_a_created_consignment_and_each_of_its_packages_get_a_reference(shop: Consignments) -> None:
    reference = shop.register.create(consignment(Packages=[package(), package()]))
    content = stored(shop, reference).content
    assert reference == content["Reference"] == "EC-000-000-001"
    assert [each["Reference"] for each in content["Packages"]] == ["EP-000-000-002", "EP-000-000-003"]


def test_a_package_keeps_the_reference_that_it_brings(shop: Consignments) -> None:
    reference = shop.register.create(consignment(Packages=[package(Reference="EP-AAA-AAA-AAA")]))
    assert stored(shop, reference).content["Packages"][0]["Reference"] == "EP-AAA-AAA-AAA"


def test_a_reference_that_the_sender_made_up_is_not_used(shop: Consignments) -> None:
    reference = shop.register.create(consignment(Reference=UNKNOWN))
    assert (reference, stored(shop, reference).content["Reference"]) == ("EC-000-000-001", "EC-000-000-001")


def test_a_created_consignment_is_unallocated_comes_from_the_api_and_expires(shop: Consignments) -> None:
    reference = shop.register.create(consignment(Source="Web"))
    kept = stored(shop, reference)
    assert kept.content["Source"] == "Api"
    assert (kept.version, kept.created_at) == (1, MONDAY_MORNING)
    assert kept.expires_at == MONDAY_MORNING + timedelta(days=90)
    assert shop.state(reference) == "Unallocated"


def test_a_taken_reference_is_passed_over(shop: Consignments) -> None:
    shop.store.taken = {"EC-000-000-001"}
    assert shop.register.create(consignment()) == "EC-000-000-003"


def test_creation_gives_up_when_every_reference_is_taken(shop: Consignments) -> None:
    shop.store.taken = {"EC-000-000-001", "EC-000-000-003", "EC-000-000-005"}
    with pytest.raises(RetryableError):
        shop.register.create(consignment())
    assert shop.store.kept == {}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"Packages": []}, ["Packages"]),
        ({"Packages": "", "Addresses": []}, ["Packages", "Addresses", "Addresses"]),
        ({"Addresses": [ORIGIN]}, ["Addresses"]),
        ({"Addresses": [DESTINATION]}, ["Addresses"]),
        ({"Packages": [package(Weight={"Value": -1, "Unit": "stone"})]}, ["Packages[0].Weight.Value"]),
        ({"Direction": "Sideways", "Tags": [1]}, ["Direction", "Tags[0]"]),
    ],
)
def test_an_unusable_consignment_is_refused_field_by_field_and_not_kept(
    shop: Consignments, changes: dict[str, Any], wrong: list[str]
) -> None:
    with pytest.raises(RequestError) as refused:
        shop.register.create(consignment(**changes))
    assert (refused.value.code, refused.value.status) == ("ValidationException", 400)
    assert set(targets(refused)) >= set(wrong)
    assert shop.store.kept == {}


def test_a_refusal_speaks_of_the_field_and_not_of_our_code(shop: Consignments) -> None:
    address = DESTINATION | {"Country": 44, "Postcode": 1, "Contact": {"LastName": "L" * 300}}
    with pytest.raises(RequestError) as refused:
        shop.register.create(consignment(Addresses=[ORIGIN, address], Packages=[package(PackageSizeReference="a b")]))
    told = {problem.target: problem.message for problem in refused.value.problems}
    assert told["Addresses[1].Country"] == "must be an object"
    assert told["Addresses[1].Postcode"] == "must be text"
    assert told["Addresses[1].Contact.LastName"] == "must have 256 or fewer characters"
    assert told["Packages[0].PackageSizeReference"].startswith("must be a reference: use 1 to 64 letters")


def test_an_update_replaces_what_was_sent_and_keeps_what_was_left_out(shop: Consignments) -> None:
    reference = shop.create(Tags=["Alcohol"], Mine="x")
    changed = {"Reference": reference, "Addresses": [ORIGIN, DESTINATION], "Tags": ["Oil"]}
    assert shop.register.update(changed) == reference
    content = stored(shop, reference).content
    assert content["Tags"] == ["Oil"]
    assert content["Mine"] == "x"


def test_an_update_keeps_the_packages_that_it_leaves_out_and_the_source(shop: Consignments) -> None:
    reference = shop.create()
    before = stored(shop, reference)
    without: list[dict[str, Any]] = [{}, {"Packages": None}, {"Packages": []}]
    for packages in without:
        shop.register.update({"Reference": reference, "Addresses": [ORIGIN, DESTINATION], "Source": "Web", **packages})
        assert stored(shop, reference).content["Packages"] == before.content["Packages"]
        assert stored(shop, reference).content["Source"] == "Api"


def test_an_update_counts_the_version_and_keeps_the_data_from_now_on(shop: Consignments) -> None:
    reference = shop.create()
    shop.clock.now += timedelta(days=5)
    shop.register.update(consignment(Reference=reference))
    kept = stored(shop, reference)
    assert (kept.version, kept.created_at) == (2, MONDAY_MORNING)
    assert kept.expires_at == MONDAY_MORNING + timedelta(days=95)


def test_an_unusable_update_leaves_the_consignment_as_it_was(shop: Consignments) -> None:
    reference = shop.create()
    before = stored(shop, reference)
    with pytest.raises(RequestError) as refused:
        shop.register.update(consignment(Reference=reference, Addresses=[ORIGIN]))
    assert targets(refused) == ["Addresses"]
    assert stored(shop, reference) is before


@pytest.mark.parametrize("reference", [None, "", 5])
def test_an_update_has_to_name_its_consignment(shop: Consignments, reference: Any) -> None:
    with pytest.raises(RequestError) as refused:
        shop.register.update(consignment(Reference=reference))
    assert refused.value.code == "ValidationException"


@pytest.mark.parametrize("reference", [UNKNOWN, "EC-1", "nonsense"])
def test_an_update_of_an_unknown_consignment_is_refused(shop: Consignments, reference: str) -> None:
    with pytest.raises(UnknownConsignmentError) as refused:
        shop.register.update(consignment(Reference=reference))
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"Tags": ["Oil"]}, True),
        ({"Addresses": [ORIGIN, DESTINATION | {"Postcode": "M2 6LW"}]}, False),
        ({"Packages": [package(Description="Hats")]}, False),
    ],
)
@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Allocated", "Cancelled"])
def test_what_may_be_changed_in_which_state(
    shop: Consignments, state: str, change: dict[str, Any], allowed: bool
) -> None:
    reference = shop.in_state(state)
    before = stored(shop, reference)
    sent = {**before.content, "Reference": reference, **change}
    if state in ("Unallocated", "AllocationFailed") or (state == "Allocated" and allowed):
        shop.register.update(sent)
        assert stored(shop, reference).version == before.version + 1
    else:
        with pytest.raises(ConsignmentStateError) as refused:
            shop.register.update(sent)
        assert refused.value.code == "InvalidConsignmentStateException"
        assert stored(shop, reference) is before
    assert shop.state(reference) == state


def test_an_update_that_lost_a_race_is_decided_again_on_what_stands_now(shop: Consignments) -> None:
    reference = shop.create()
    shop.store.meanwhile = lambda: shop.allocate(reference)
    with pytest.raises(ConsignmentStateError):
        shop.register.update(consignment(Reference=reference, Packages=[package(Description="Hats")]))
    assert stored(shop, reference).version == 1


def test_an_update_gives_up_after_losing_every_race(shop: Consignments) -> None:
    reference = shop.create()

    def another_update() -> None:
        kept = stored(shop, reference)
        shop.store.kept[reference] = replace(kept, version=kept.version + 1)
        shop.store.meanwhile = another_update

    shop.store.meanwhile = another_update
    with pytest.raises(ChangedMeanwhileError) as refused:
        shop.register.update(consignment(Reference=reference, Tags=["Oil"]))
    assert refused.value.status == 409
    assert stored(shop, reference).content["Tags"] == []


@pytest.mark.parametrize("state", ["Unallocated", "AllocationFailed", "Allocated"])
def test_a_consignment_is_cancelled_for_good_from_any_other_state(shop: Consignments, state: str) -> None:
    reference = shop.in_state(state)
    shop.register.cancel(reference, "request-7")
    last = shop.store.written[-1]
    assert (last.outcome, last.event_id) == (Cancelled(), "request-7")
    assert shop.state(reference) == "Cancelled"
    written = len(shop.store.written)
    with pytest.raises(ConsignmentStateError):
        shop.register.cancel(reference, "request-8")
    assert len(shop.store.written) == written


def test_a_cancellation_keeps_the_mode_and_frees_the_limit(shop: Consignments) -> None:
    shop.limit_to(1)
    reference = shop.create()
    shop.allocate(reference, ServiceGroup("valuableGoods"))
    [day] = shop.store.limits.counts
    assert shop.store.limits.counts[day] == 1
    shop.register.cancel(reference, "request")
    assert shop.store.limits.counts[day] == 0
    assert shop.store.written[-1].mode == ServiceGroup("valuableGoods")


def test_a_consignment_cancelled_before_any_allocation_has_no_mode(shop: Consignments) -> None:
    reference = shop.create()
    shop.register.cancel(reference, "request")
    assert shop.store.written[-1].mode is None


def test_an_unknown_consignment_can_not_be_cancelled_or_erased(shop: Consignments) -> None:
    for reference in (UNKNOWN, "nonsense"):
        with pytest.raises(UnknownConsignmentError):
            shop.register.cancel(reference, "request")
        with pytest.raises(UnknownConsignmentError):
            shop.register.erase(reference)


def test_consignments_are_found_by_the_sender_s_reference_unless_none_is_that_long(shop: Consignments) -> None:
    name = "n" * 256
    reference = shop.create(ConsignmentReferenceProvidedByCustomer=name)
    shop.create()
    assert shop.register.provided_by_customer(name) == [reference]
    # DynamoDB refuses such a key, so the store is not asked.
    shop.store.kept[reference] = replace(
        stored(shop, reference), content={"ConsignmentReferenceProvidedByCustomer": name + "n"}
    )
    assert shop.register.provided_by_customer(name + "n") == ()


def test_erasing_takes_the_personal_data_and_leaves_the_record(shop: Consignments) -> None:
    reference = shop.in_state("Allocated")
    shop.register.erase(reference.lower())
    assert shop.store.kept == {}
    assert shop.state(reference) == "Allocated"
    with pytest.raises(UnknownConsignmentError):
        shop.register.erase(reference)
    with pytest.raises(UnknownConsignmentError):
        shop.register.update(consignment(Reference=reference))
