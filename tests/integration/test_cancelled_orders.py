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


NAMED = [ConsignmentReference(each) for each in ("A", "eventId")]


@pytest.mark.parametrize("retention", [None, timedelta(days=400)], ids=["for ever", "for a year"])
def test_consignments_are_cancelled_by_name_by_the_event_that_names_them_first(
    dynamodb: "DynamoDBClient", retention: timedelta | None
) -> None:
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    orders = DynamoDBCancelledOrders(dynamodb, CANCELLED_ORDERS, lambda: at, retention)
    third = ConsignmentReference("C")

    orders.mark_consignments(ORDER, "an id of words", NAMED)
    at += timedelta(days=30)
    orders.mark_consignments(ORDER, "event-2", [*NAMED, third])
    at += timedelta(days=30)
    orders.mark_consignments(ORDER, "event-3", [third])
    named = {**dict.fromkeys(NAMED, "an id of words"), third: "event-2"}
    assert cancelled_in(dynamodb) == CancelledOrder(None, named)
    item = dynamodb.get_item(TableName=CANCELLED_ORDERS, Key={"orderReference": {"S": ORDER}})["Item"]
    until = {"N": str(int((at + retention).timestamp()))} if retention else None
    assert item.get("expiresAt") == until


def test_the_names_make_room_once_the_whole_order_is_cancelled(dynamodb: "DynamoDBClient") -> None:
    """DynamoDB's items have 400 KB at most, and an order may be cancelled by name until its item is full."""
    orders = DynamoDBCancelledOrders(dynamodb, CANCELLED_ORDERS, lambda: datetime.now(UTC), timedelta(days=400))
    orders.mark_consignments(ORDER, "event-1", NAMED)
    orders.mark(ORDER, "event-2")
    orders.mark_consignments(ORDER, "event-3", NAMED)
    assert cancelled_in(dynamodb) == CancelledOrder("event-2", {})


def cancelled_in(dynamodb: "DynamoDBClient") -> CancelledOrder:
    """What is cancelled of the order, as it is read."""
    return RecordReader(dynamodb, TABLE, CANCELLED_ORDERS).recorded((), [ORDER]).cancelled[ORDER]
