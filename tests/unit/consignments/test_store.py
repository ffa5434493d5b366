"""What is known of a consignment: its state, its direction and the mode of its last allocation."""

from typing import Any

import pytest

from allocation.consignments.changes import consignment_references
from allocation.consignments.errors import UnknownConsignmentError
from allocation.consignments.store import Known
from allocation.domain.errors import UnknownModeError
from allocation.domain.mode import ServiceGroup
from allocation.records.stored_record import StoredRecord
from tests.support.consignments import Consignments
from tests.support.samples import A


def known(**fields: Any) -> Known:
    basis = {"consignmentReference": A, "orderReference": "WEB-1", "state": "Allocated", "version": 1}
    record = {**basis, "allocatedAt": "2026-11-23T09:15:00.000Z", **fields}
    return Known(A, record=StoredRecord.model_validate(record))


def test_the_mode_of_the_last_allocation_is_kept() -> None:
    assert known(mode="service_group", modeReference="gold").mode == ServiceGroup("gold")
    assert known().mode is None
    assert Known(A).mode is None


def test_a_mode_that_a_later_version_wrote_is_not_taken_for_the_default_rules() -> None:
    with pytest.raises(UnknownModeError, match="no allocation mode 'cheapest'"):
        _ = known(mode="cheapest").mode


def test_a_consignment_without_a_record_is_unallocated_and_outbound() -> None:
    assert (Known(A).state, Known(A).direction) == ("Unallocated", "Outbound")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("WEB-100045_1", ["WEB-100045_1"]),
        (" web.1 ", ["web.1"]),
        ("EC-000-05B-MMA", ["EC-000-05B-MMA"]),
        ("ec-000-05b-mma", ["ec-000-05b-mma", "EC-000-05B-MMA"]),
    ],
)
def test_a_reference_is_found_as_it_is_written_and_pros_in_any_case(text: str, meant: list[str]) -> None:
    assert consignment_references(text) == meant


@pytest.mark.parametrize("text", ["", "..", "a/b", "a b", "x" * 65])
def test_text_that_can_be_no_reference_is_unknown(text: str) -> None:
    with pytest.raises(UnknownConsignmentError):
        consignment_references(text)


def test_a_change_keeps_the_senders_own_reference() -> None:
    shop = Consignments()
    reference = shop.create(ConsignmentReferenceProvidedByCustomer="WEB-1/1")
    shop.allocate(reference)
    shop.register.erase(reference)
    shop.register.cancel(reference, "request-2")
    record = shop.store.find([reference])[reference].record
    assert record is not None
    assert (record.state, record.customer_reference) == ("Cancelled", "WEB-1/1")
