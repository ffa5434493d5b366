"""Steps of many consignments: each once, whatever others do meanwhile, and never against a state."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from allocation.consignments.errors import ChangedMeanwhileError, ConsignmentStateError, NotReachedError
from allocation.consignments.manifests import Manifest, Manifests
from allocation.consignments.steps import StepResult, Steps
from allocation.consignments.store import Known
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import Step, UserAction, allowed_actions
from tests.support.consignments import Consignments, InMemoryConsignments, counted_characters


class InMemoryManifests:
    def __init__(self) -> None:
        self.kept: dict[str, Manifest] = {}

    def keep(self, manifest: Manifest) -> None:
        self.kept[manifest.reference] = manifest

    def recent(self, location: str | None, most: int) -> Sequence[Manifest]:
        return [each for each in self.kept.values() if location in (None, each.location)][:most]

    def find(self, reference: str) -> Manifest | None:
        return self.kept.get(reference)


@pytest.fixture
def shop() -> Consignments:
    return Consignments()


def manifests_of(shop: Consignments) -> tuple[Manifests, InMemoryManifests]:
    kept = InMemoryManifests()
    return Manifests(shop.allocations.changes, kept, counted_characters()), kept


def only(results: Sequence[StepResult]) -> StepResult:
    (result,) = results
    return result


def test_a_consignment_that_is_cancelled_meanwhile_is_not_manifested(shop: Consignments) -> None:
    reference = shop.in_state("Allocated")
    manifests, kept = manifests_of(shop)
    shop.store.meanwhile = lambda: shop.register.cancel(reference, "cancels")
    result = only(manifests.manifest([reference], "manifests"))
    assert isinstance(result.outcome, ConsignmentStateError)
    assert shop.state(reference) == "Cancelled"
    assert [each.bookings for each in kept.kept.values()] == [0]


def test_of_two_requests_at_once_one_manifests(shop: Consignments) -> None:
    reference = shop.in_state("Allocated")
    manifests, _ = manifests_of(shop)
    others, kept = manifests_of(shop)
    shop.store.meanwhile = lambda: others.manifest([reference], "is quicker")
    assert isinstance(only(manifests.manifest([reference], "is late")).outcome, ConsignmentStateError)
    record = shop.store.records[reference]
    assert (record.state, record.event_id) == ("Manifested", "is quicker")
    assert record.manifest_reference in kept.kept


def test_a_step_whose_answer_was_lost_is_known_again(shop: Consignments, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = shop.in_state("Allocated")
    carry_out = InMemoryConsignments.take_steps

    def lost(self: InMemoryConsignments, steps: Sequence[tuple[Step, Known]]) -> Sequence[bool | RetryableError]:
        """The client tries again what was carried out, and is told that the record has changed."""
        return [not each for each in carry_out(self, steps)]

    monkeypatch.setattr(InMemoryConsignments, "take_steps", lost)
    manifests, kept = manifests_of(shop)
    assert only(manifests.manifest([reference], "request")).outcome == "Manifested"
    assert shop.store.records[reference].version == 2
    assert kept.kept[str(shop.store.records[reference].manifest_reference)].bookings == 1


def test_a_record_that_never_stands_still_is_given_up(shop: Consignments, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = shop.in_state("Allocated")
    monkeypatch.setattr(InMemoryConsignments, "take_steps", lambda _, steps: [False for _ in steps])
    result = only(manifests_of(shop)[0].manifest([reference], "request"))
    assert isinstance(result.outcome, ChangedMeanwhileError)


def test_an_outage_is_told_of_each_consignment(shop: Consignments, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = shop.in_state("Allocated")
    monkeypatch.setattr(InMemoryConsignments, "take_steps", lambda _, steps: [RetryableError("out") for _ in steps])
    result = only(manifests_of(shop)[0].manifest([reference], "request"))
    assert getattr(result.outcome, "status", 0) == 503


def test_what_a_request_has_no_time_for_is_left_for_the_next(shop: Consignments) -> None:
    references = [shop.in_state("Allocated") for _ in range(3)]
    texts = [*references[:1] * 200, *references[1:]]

    def plan(able: Sequence[Known]) -> dict[ConsignmentReference, Step]:
        shop.clock.now += timedelta(minutes=1)
        return {known.reference: Step("ReadyToShip", "request", shop.clock()) for known in able}

    results = Steps(shop.allocations.changes).take(texts, UserAction.SET_READY, plan)
    assert [isinstance(each.outcome, NotReachedError) for each in results[-3:]] == [False, True, True]
    assert [shop.state(each) for each in references] == ["ReadyToShip", "Allocated", "Allocated"]


def test_a_manifest_is_full_at_some_time(shop: Consignments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("allocation.consignments.manifests._MAX_BOOKINGS", 2)
    manifests, kept = manifests_of(shop)
    manifests.manifest([shop.in_state("Allocated") for _ in range(5)], "request")
    assert sorted(each.bookings for each in kept.kept.values()) == [1, 2, 2]


@pytest.mark.parametrize("state", ["Manifesting", "Cancelled", "Nowhere", ""])
def test_nothing_is_allowed_in_a_state_that_passes_ends_or_is_unknown(state: str) -> None:
    assert allowed_actions(state) == []
