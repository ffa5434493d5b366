"""What a change of a consignment takes over from its last record."""

from typing import Any

import pytest

from allocation.consignments.changes import mode_of
from allocation.domain.errors import UnknownModeError
from allocation.domain.mode import ServiceGroup
from allocation.records.stored_record import StoredRecord


def record(**fields: Any) -> StoredRecord:
    basis = {"consignmentReference": "EC-000-05B-MMA", "orderReference": "WEB-1", "state": "Allocated", "version": 1}
    return StoredRecord.model_validate({**basis, "allocatedAt": "2026-11-23T09:15:00.000Z", **fields})


def test_the_mode_of_the_last_allocation_is_kept() -> None:
    assert mode_of(record(mode="service_group", modeReference="gold")) == ServiceGroup("gold")
    assert mode_of(record()) is None


def test_a_mode_that_a_later_version_wrote_is_not_taken_for_the_default_rules() -> None:
    with pytest.raises(UnknownModeError, match="no allocation mode 'cheapest'"):
        mode_of(record(mode="cheapest"))
