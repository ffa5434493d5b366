"""Allocation limits: the cheapest service that has not reached its limit for the day it would collect."""

from dataclasses import replace
from datetime import UTC, date, datetime

from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from tests.support.engines import NOW, PARCEL, assessed, engine_of, explained_outcome, package, rate, service
from tests.support.ports import InMemoryCatalogues, InMemoryLimits

ENGINE = engine_of({"CHEAP": service(rates=[rate("GB", 4)], dailyLimit=2), "DEAR": service(rates=[rate("GB", 6)])})
TODAY = LimitedDay("CHEAP", date(2027, 6, 9))


def outcomes(
    limits: InMemoryLimits, count: int = 1, mode: AllocationMode | None = None, now: datetime = NOW
) -> list[Outcome]:
    allocator = EngineAllocator(
        ENGINE, now=lambda: now, api_base_url="https://example.test", usage=limits, archive=InMemoryCatalogues()
    )
    batch = [replace(PARCEL, reference=ConsignmentReference(f"EC-000-000-{number:03}")) for number in range(count)]
    return list(allocator.outcomes(batch, mode or DefaultRules()).values())


def services(found: list[Outcome]) -> list[str | None]:
    return [item.summary.carrier_service_reference if isinstance(item, Allocated) else None for item in found]


def test_the_cheapest_service_takes_consignments_until_its_limit_is_reached() -> None:
    assert services(outcomes(InMemoryLimits({TODAY: 1}))) == ["CHEAP"]
    assert services(outcomes(InMemoryLimits({TODAY: 2}))) == ["DEAR"]


def test_what_a_batch_has_decided_counts_for_the_rest_of_it() -> None:
    limits = InMemoryLimits()
    assert services(outcomes(limits, count=4)) == ["CHEAP", "CHEAP", "DEAR", "DEAR"]
    assert limits.asked == [TODAY]


def test_the_limit_is_that_of_the_day_of_collection() -> None:
    after_the_cut_off = datetime(2027, 6, 9, 15, 30, tzinfo=UTC)
    (allocated,) = outcomes(InMemoryLimits({TODAY: 2}), now=after_the_cut_off)
    assert isinstance(allocated, Allocated)
    assert allocated.limit
    assert (allocated.limit.on, allocated.limit.most) == (LimitedDay("CHEAP", date(2027, 6, 10)), 2)


def test_no_mode_bypasses_a_limit_and_a_reason_names_it() -> None:
    (failed,) = outcomes(InMemoryLimits({TODAY: 2}), mode=CarrierService("CHEAP"))
    assert isinstance(failed, AllocationFailed)
    assert "the service has reached its limit of 2 on 2027-06-09" in failed.failure.message
    assert explained_outcome(ENGINE, failed)["excluded"]["CHEAP"] == {
        "LimitReached": "at most 2 collected on 2027-06-09"
    }


def test_the_use_of_a_limit_is_only_read_for_what_could_be_taken() -> None:
    engine = engine_of({"CHEAP": service(weight="1 kg", dailyLimit=1), "DEAR": service()})

    def read_for(weight: str) -> list[LimitedDay]:
        limits = InMemoryLimits()
        assessed(engine, replace(PARCEL, packages=(package(weight),)), limits=limits)
        return limits.asked

    assert (read_for("1"), read_for("2")) == ([TODAY], [])


def test_what_is_decided_ahead_and_not_asked_for_uses_up_no_limit() -> None:
    limits = InMemoryLimits({TODAY: 1})
    allocator = EngineAllocator(ENGINE, now=lambda: NOW, api_base_url="", usage=limits, archive=InMemoryCatalogues())
    recorded, new = PARCEL, replace(PARCEL, reference=ConsignmentReference("EC-000-000-001"))
    allocator.prepare([(recorded, DefaultRules()), (new, DefaultRules())])
    assert services(list(allocator.outcomes([new], DefaultRules()).values())) == ["CHEAP"]
