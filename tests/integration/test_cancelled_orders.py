"""Which orders are cancelled, in DynamoDB, for how long that has been known, and which consignments of them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from allocation.aws.dynamodb.cancelled_orders import DynamoDBCancelledOrders
from allocation.aws.dynamodb.record_reading import RecordReader
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.ports import CancelledOrder
from tests.integration.conftest import CANCELLED_ORDERS, TABLE, date_answers
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


@pytest.mark.parametrize("retention", [None, timedelta(days=400)], ids=["for ever", "for a year"])
def test_consignments_are_cancelled_by_name_each_by_its_event_and_the_whole_order_by_its_own(
    dynamodb: "DynamoDBClient", retention: timedelta | None
) -> None:
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    orders = DynamoDBCancelledOrders(dynamodb, CANCELLED_ORDERS, lambda: at, retention)
    reader = RecordReader(dynamodb, TABLE, CANCELLED_ORDERS)
    one, other, third = (ConsignmentReference(each) for each in ("A", "eventId", "C"))

    orders.mark_consignments(ORDER, "event-1", [one, other])
    orders.mark_consignments(ORDER, "another event", [one, other])
    named = {one: "event-1", other: "event-1"}
    assert reader.recorded((), [ORDER]).cancelled == {ORDER: CancelledOrder(None, named)}

    orders.mark(ORDER, "event-2")
    orders.mark_consignments(ORDER, "an id of words", [third])
    marked = CancelledOrder("event-2", {**named, third: "an id of words"})
    assert reader.recorded((), [ORDER]).cancelled == {ORDER: marked}
    item = dynamodb.get_item(TableName=CANCELLED_ORDERS, Key={"orderReference": {"S": ORDER}})["Item"]
    until = {"N": str(int((at + retention).timestamp()))} if retention else None
    assert item.get("expiresAt") == until
