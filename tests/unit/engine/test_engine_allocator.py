"""The engine as an allocator: each mode, each outcome."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allocation.domain.consignment import Address, Consignment, Dimensions, Package
from allocation.domain.currencies import Money
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from tests.support.engines import DOCUMENT, engine_of, service
from tests.support.ports import FakeDeadline, InMemoryCatalogues, InMemoryLimits

REFERENCE = ConsignmentReference("EC-000-05B-MMA")
SOCKS = Consignment(
    reference=REFERENCE,
    packages=(
        Package(
            weight_kg=Decimal("0.5"),
            dimensions=Dimensions(Decimal(10), Decimal(10), Decimal(10)),
            value=Money(Decimal("5.99"), "GBP"),
        ),
    ),
    origin=Address(shipping_location_reference="Sorted1"),
    destination=Address(country="GB", postcode="M1 5WG", region="Greater Manchester"),
)
FRIDAY_NOON = datetime(2027, 6, 11, 12, 0, tzinfo=UTC)


def allocator_at(now: Callable[[], datetime], engine: Callable[[], Engine] | None = None) -> EngineAllocator:
    return EngineAllocator(
        engine or Engine(packaged_catalogue()),
        now=now,
        api_base_url="https://apisandbox.electioapp.com/",
        usage=InMemoryLimits(),
        archive=InMemoryCatalogues(),
    )


def outcome(consignment: Consignment, mode: AllocationMode) -> Outcome:
    return allocator_at(lambda: FRIDAY_NOON).outcomes([consignment], mode)[consignment.reference]


@pytest.mark.parametrize("mode", [DefaultRules(), ServiceGroup("valuableGoods"), CarrierService("CX_NDS")])
def test_the_documented_consignment_is_allocated_in_every_mode(mode: AllocationMode) -> None:
    assert isinstance(outcome(SOCKS, mode), Allocated)


def test_the_summary_reads_as_pro_writes_it() -> None:
    allocated = outcome(SOCKS, CarrierService("CX_NDS"))
    assert isinstance(allocated, Allocated)
    summary = allocated.summary.to_json()
    (leg,) = summary.pop("ConsignmentLegs")
    assert leg.pop("TrackingReferences")[0].startswith("TRK")
    assert leg == {
        "Leg": 1,
        "CarrierReference": "CARRIER_X",
        "CarrierServiceReference": None,
        "CarrierName": "Carrier X",
    }
    assert summary == {
        "StatusCode": 200,
        "ApiLinks": [
            {"Rel": "detail", "Href": "https://apisandbox.electioapp.com/consignments/EC-000-05B-MMA"},
            {"Rel": "label", "Href": "https://apisandbox.electioapp.com/labels/EC-000-05B-MMA"},
        ],
        "Description": (
            "Consignment EC-000-05B-MMA has been successfully allocated with Carrier X Next Day Super "
            "for shipping on 11/06/2027 17:00:00 +00:00"
        ),
        "CarrierReference": "CARRIER_X",
        "CarrierName": "Carrier X",
        "CarrierServiceReference": "CX_NDS",
        "CarrierServiceName": "Next Day Super",
    }


def test_two_allocations_of_one_consignment_agree_on_its_tracking_references() -> None:
    assert outcome(SOCKS, DefaultRules()) == outcome(SOCKS, DefaultRules())


def test_an_unknown_service_group_is_named() -> None:
    failed = outcome(SOCKS, ServiceGroup("jewels"))
    assert isinstance(failed, AllocationFailed)
    assert failed.failure.code == "ServiceGroupNotFoundException"
    assert "'jewels'" in failed.failure.message


def test_an_unknown_carrier_service_is_named() -> None:
    failed = outcome(SOCKS, CarrierService("CX_NOPE"))
    assert isinstance(failed, AllocationFailed)
    assert failed.failure.code == "MpdCarrierServiceNotFoundException"
    assert "'CX_NOPE'" in failed.failure.message


def test_a_consignment_of_which_only_the_reference_is_known_says_all_that_is_missing() -> None:
    failed = outcome(Consignment(REFERENCE), DefaultRules())
    assert isinstance(failed, AllocationFailed)
    assert failed.failure.code == "ConsignmentIncomplete"
    for missing in ("package", "Origin", "Destination"):
        assert missing in failed.failure.message


def test_a_consignment_that_nothing_takes_fails_with_the_reasons() -> None:
    anvil = replace(SOCKS, packages=(replace(SOCKS.packages[0], weight_kg=Decimal(5000)),))
    failed = outcome(anvil, DefaultRules())
    assert isinstance(failed, AllocationFailed)
    assert failed.failure.code == "NoCarrierServiceAvailable"
    assert failed.decision is not None


def test_a_named_service_that_does_not_fit_tells_its_own_reasons() -> None:
    heavy = replace(SOCKS.packages[0], weight_kg=Decimal(31))
    abroad = replace(SOCKS, destination=Address(country="FR"), packages=(heavy,))
    failed = outcome(abroad, CarrierService("CX_NDS"))
    assert isinstance(failed, AllocationFailed)
    assert failed.failure.message == (
        "Carrier service CX_NDS can't take EC-000-05B-MMA: the service does not go to FR, "
        "and the package weighs 31 kg and the most the service takes is 30 kg (CX_NDS)."
    )


def test_an_injection_has_a_leg_for_each_carrier() -> None:
    new_york = replace(SOCKS, destination=Address(country="US", postcode="10001"))
    allocated = outcome(new_york, CarrierService("PR_US"))
    assert isinstance(allocated, Allocated)
    legs = allocated.summary.consignment_legs
    assert [(leg.leg, leg.carrier_reference) for leg in legs] == [(1, "AEROLINE"), (2, "PRAIRIE")]
    assert len({leg.tracking_references for leg in legs}) == 2
    assert allocated.summary.carrier_reference == "PRAIRIE"


def test_the_carriers_name_is_told_where_the_services_name_lacks_it() -> None:
    allocated = outcome(SOCKS, CarrierService("NS_24"))
    assert isinstance(allocated, Allocated)
    assert "allocated with Northstar Parcels Northstar 24 for" in (allocated.summary.description or "")


def test_each_allocation_asks_for_the_engine_to_use_now() -> None:
    other = engine_of({"OTHER": service()}, locations={"Sorted1": DOCUMENT["locations"]["Depot"]})
    engines = iter([Engine(packaged_catalogue()), other])
    allocator = EngineAllocator(
        lambda: next(engines),
        now=lambda: FRIDAY_NOON,
        api_base_url="https://example.test",
        usage=InMemoryLimits(),
        archive=InMemoryCatalogues(),
    )
    chosen = []
    for _ in range(2):
        found = allocator.outcomes([SOCKS], DefaultRules())[REFERENCE]
        assert isinstance(found, Allocated)
        chosen.append(found.summary.carrier_service_reference)
    assert chosen == ["PH_T48", "OTHER"]


def test_what_was_sent_for_sortedpro_waits_for_the_set_up_and_holds_back_no_other() -> None:
    """The stack was switched to the engine with such orders on the queue."""
    allocator = EngineAllocator(
        Engine(packaged_catalogue()),
        now=lambda: FRIDAY_NOON,
        api_base_url="",
        usage=InMemoryLimits(),
        archive=InMemoryCatalogues(),
    )
    for_pro, own = Consignment(ConsignmentReference("EC-000-05B-AAA")), Consignment(ConsignmentReference("OWN-1"))

    answers = allocator.allocate([for_pro, SOCKS, own], DefaultRules(), FakeDeadline())

    waiting = answers[for_pro.reference]
    assert waiting == Deferred(DeferralCause.MISCONFIGURED)
    assert isinstance(waiting, Deferred)
    assert "set Allocator=pro back" in waiting.why
    assert isinstance(answers[SOCKS.reference], Allocated)
    assert isinstance(answers[own.reference], AllocationFailed), "it is the sender's fault"


def test_what_was_decided_ahead_is_not_decided_again() -> None:
    moments = [FRIDAY_NOON, *[FRIDAY_NOON + timedelta(days=1)] * 2]
    allocator = allocator_at(lambda: moments.pop(0))
    other, named = replace(SOCKS, reference=ConsignmentReference("EC-000-05B-MMB")), CarrierService("CX_NDS")
    allocator.prepare([(SOCKS, DefaultRules()), (other, named)])
    assert allocator.outcomes([SOCKS], DefaultRules()) == {REFERENCE: outcome(SOCKS, DefaultRules())}
    assert allocator.outcomes([other], named) == {other.reference: outcome(other, named)}


def test_what_was_decided_ahead_counts_only_for_that_content_mode_and_call() -> None:
    anvil = replace(SOCKS, packages=(replace(SOCKS.packages[0], weight_kg=Decimal(5000)),))
    allocator = allocator_at(lambda: FRIDAY_NOON)
    for asked, mode in ((SOCKS, CarrierService("CX_NDS")), (anvil, DefaultRules())):
        allocator.prepare([(SOCKS, DefaultRules())])
        assert allocator.outcomes([asked], mode) == {REFERENCE: outcome(asked, mode)}
    moved = [FRIDAY_NOON, FRIDAY_NOON, FRIDAY_NOON + timedelta(days=1)]
    allocator = allocator_at(lambda: moved.pop(0))
    allocator.prepare([(SOCKS, DefaultRules())])
    first, again = (allocator.outcomes([SOCKS], DefaultRules())[REFERENCE] for _ in range(2))
    assert first != again


def test_without_a_catalogue_nothing_is_decided_ahead() -> None:
    sources: list[Engine | Exception] = [RetryableError("no catalogue"), Engine(packaged_catalogue())]

    def source() -> Engine:
        found = sources.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    allocator = allocator_at(lambda: FRIDAY_NOON, source)
    allocator.prepare([(SOCKS, DefaultRules())])
    assert allocator.outcomes([SOCKS], DefaultRules()) == {REFERENCE: outcome(SOCKS, DefaultRules())}
