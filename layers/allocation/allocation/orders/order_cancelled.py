"""The order-cancelled message, version 1 (`docs/events/order-cancelled-v1.schema.json` is generated from it)."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema

from allocation.consignments.allocatable_consignment import ConsignmentReferenceText
from allocation.consignments.pro_values import ProModel
from allocation.domain.errors import RefusalCode
from allocation.domain.order import OrderCancellation
from allocation.domain.reference import OrderReference, spellings
from allocation.orders.event_fields import EventFields, require_known_version
from allocation.orders.event_types import CANCELLED
from allocation.orders.order_messages import MAX_CONSIGNMENTS
from allocation.orders.refusals import listed, problem_text, refused


class NamedConsignment(ProModel):
    """A consignment by its reference. Whatever else is known of it is ignored."""

    reference: ConsignmentReferenceText


def _named(value: Any) -> Any:
    """Return a reference as text in the form of an object, any other value unchanged."""
    return {"Reference": value} if isinstance(value, str) else value


_Named = Annotated[
    NamedConsignment,
    BeforeValidator(_named, json_schema_input_type=ConsignmentReferenceText | NamedConsignment),
]


_NamedConsignments = Annotated[list[_Named], Field(min_length=1, max_length=MAX_CONSIGNMENTS, fail_fast=True)]


class OrderCancelled(EventFields):
    """An order was cancelled, or the named consignments of it. Unknown fields are ignored."""

    event_type: Annotated[str, WithJsonSchema(CANCELLED.schema())]
    # Those to cancel; the whole order where they are left out or null.
    consignments: _NamedConsignments | None = None


def read_cancellation(event: Mapping[str, Any]) -> OrderCancellation:
    """Return what an order-cancelled event asks. Raises `InvalidMessageError`: nothing of it is done then."""
    require_known_version(event)
    read: OrderCancelled | None = None
    reason = ""
    try:
        read = OrderCancelled.model_validate(event)
    except ValidationError as error:
        problems = [problem_text(details) for details in error.errors(include_url=False)]
        reason = listed(problems, len(problems), "; ")
    if read is None:
        # Not raised from Pydantic's error, as in `order_created.py`.
        raise refused(RefusalCode.INVALID_MESSAGE, reason)
    named = dict.fromkeys(each for item in read.consignments or () for each in spellings(item.reference))
    return OrderCancellation(read.event_id, OrderReference(read.order_reference), tuple(named) or None)
