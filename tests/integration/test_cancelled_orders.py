"""Which orders are cancelled, in DynamoDB, and for how long that has been known."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
from allocation.domain.reference import OrderReference
from tests.integration.conftest import date_answers
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDER = OrderReference("WEB-1")


@pytest.mark.parametrize("minutes", [2, -2])
def test_how_long_an_order_is_cancelled_is_told_rightly_by_clocks_that_differ(
    dynamodb: "DynamoDBClient", minutes: int
) -> None:
    """Else the index would not be looked at again, or for too long: it is up to a minute behind."""
    create_table(dynamodb, "CancelledOrdersTable", "cancelled")
    at_aws = datetime(2026, 11, 25, 12, tzinfo=UTC)
    date_answers(dynamodb, lambda: at_aws, "batch_get_item")
    off = timedelta(minutes=minutes)
    one, other = (
        DynamoDBCancelledOrders(dynamodb, "cancelled", lambda off=off: at_aws + off, None)  # type: ignore[misc]
        for off in (off, -off)
    )

    assert one.mark(ORDER, "event-1") == timedelta(0)
    at_aws += timedelta(seconds=11)
    assert other.mark(ORDER, "event-1") == timedelta(seconds=11)
