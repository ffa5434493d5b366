"""The engine as an allocator: each mode, each outcome."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from allocation.domain.consignments import Address, Consignment, Dimensions, Money, Package
from allocation.domain.modes import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcomes import Allocated, AllocationFailed, Outcome
from allocation.domain.references import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.packaged import packaged_engine

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


class NoDeadline:
    """All the time in the world."""

    def remaining_seconds(self) -> float:
        return 1e9


def outcome(consignment: Consignment, mode: AllocationMode) -> Outcome:
    allocator = EngineAllocator(
        packaged_engine(), now=lambda: FRIDAY_NOON, api_base_url="https://apisandbox.electioapp.com/"
    )
    return allocator.allocate([consignment], mode, NoDeadline())[consignment.reference]


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
    assert failed.explanation is not None
