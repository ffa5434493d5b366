"""The message that tries a failed consignment again, as the program and the console send it to the order queue."""

import json
from typing import Any

from allocation.consignments.store import ConsignmentJson
from allocation.domain.reference import is_pro_reference
from allocation.exact_json import written
from allocation.orders.event_types import CREATED, UPDATED
from allocation.records.stored_record import StoredRecord


def retry_message(record: StoredRecord, content: ConsignmentJson, event_id: str) -> str:
    """Return a message of one consignment with its content. `event_id` must be new: one that was tried does nothing.

    After an order was updated, only an update tries a failure again.
    """
    kind = UPDATED if record.updated_by else CREATED
    event = {"eventType": kind.usual, "eventVersion": 1, "eventId": event_id}
    text = json.dumps({**event, "orderReference": record.order_reference})
    return text[:-1] + f', "consignments": [{written(content)}]}}'


def content_for_pro(record: StoredRecord, kept: ConsignmentJson | None) -> ConsignmentJson | None:
    """Return the content that has SortedPRO try a consignment again.

    For one that it has, that is its references, and what chose its routing row. One that it does not have it creates
    from what is `kept`: None, where nothing is. So it is after an update: another one replaces the whole content.
    """
    needs_content = record.pro_reference is None or record.updated_by is not None
    if needs_content and not is_pro_reference(record.consignment_reference):
        return kept
    content: dict[str, Any] = {"Reference": record.consignment_reference}
    if record.customer_reference:
        content["ConsignmentReferenceProvidedByCustomer"] = record.customer_reference
    if record.route and record.route.option:
        content["DeliveryOption"] = record.route.option
    return content
