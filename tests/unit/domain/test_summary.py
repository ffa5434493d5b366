"""The success text of an Allocation Summary, the same sentence whoever allocates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from allocation.domain.reference import ConsignmentReference
from allocation.domain.summary import success_text

REFERENCE = ConsignmentReference("EC-000-05B-MMA")
FRIDAY_NOON = datetime(2027, 6, 11, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("carrier", "service", "told"),
    [
        ("Carrier X", "Next Day Super", "Carrier X Next Day Super"),
        ("Carrier X", "Carrier X Economy", "Carrier X Economy"),
        ("Carrier X", "CARRIER X Next Day", "CARRIER X Next Day"),
        ("NORTHSTAR", "Northstar 24", "Northstar 24"),
        (None, "Northstar 24", "Northstar 24"),
    ],
)
def test_the_carriers_name_is_not_said_twice(carrier: str | None, service: str, told: str) -> None:
    assert f" allocated with {told} for shipping on " in success_text(REFERENCE, carrier, service, FRIDAY_NOON)


def test_the_collection_is_told_in_utc_where_it_is_known() -> None:
    in_new_york = FRIDAY_NOON.astimezone(timezone(-timedelta(hours=4)))
    assert success_text(REFERENCE, "Carrier X", "Next Day", in_new_york).endswith("on 11/06/2027 12:00:00 +00:00")
    assert success_text(REFERENCE, "Carrier X", "Next Day", None).endswith("with Carrier X Next Day")
