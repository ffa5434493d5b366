"""What is read of an order-created message, or why it is refused."""

import json
from typing import Any

import pytest

from allocation.domain.errors import InvalidMessageError
from allocation.domain.order import Order
from allocation.orders.order_created import read_order
from tests.support.samples import A, order_event


def refusal_of(body: str) -> InvalidMessageError:
    with pytest.raises(InvalidMessageError) as refused:
        read_order(body)
    return refused.value


def whole_order(body: str) -> Order:
    read = read_order(body)
    assert read.invalid is None
    return read.order


def consignment_with(**fields: Any) -> str:
    return json.dumps(order_event(consignments=[{"Reference": A, **fields}]))
