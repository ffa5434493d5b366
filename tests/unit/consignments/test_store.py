"""What is known of a consignment: its state, its direction and the mode of its last allocation."""

from typing import Any

import pytest

from allocation.consignments.store import Known
from allocation.domain.errors import UnknownModeError
from allocation.domain.mode import ServiceGroup
from allocation.records.stored_record import StoredRecord
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
