"""Sends failed consignments to the order queue again, from what the stack has kept of their orders."""

import json
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.batches import batches
from allocation.domain.outcome import AllocationFailed
from allocation.exact_json import parsed, written
from allocation.orders.event_types import CREATED, UPDATED
from allocation.records.record_document import moment_text
from cli.operations.records import KEY, Record, items_in_state
from cli.operations.target import Target
from cli.stack.observer import read_record

# One is sent at a time, at the rate that the operator chose.
_SLEEP: Final = time.sleep


@dataclass(slots=True)
class Retried:
    """What became of failed consignments, by reference."""

    sent: list[str] = field(default_factory=list)
    # Nothing is kept of their orders: the senders must send them again.
    not_kept: list[str] = field(default_factory=list)


def failed_since(target: Target, moment: datetime, code: str) -> Iterator[Record]:
    """Yield the records that failed at the aware `moment` or later, with this code, or with any if it is empty."""
    failed = items_in_state(target.dynamodb, target.allocations_table, AllocationFailed.state)
    for record in map(read_record, failed):
        is_since = str(record.get("allocatedAt", "")) >= moment_text(moment)
        if is_since and code in {"", (record.get("failure") or {}).get("code")}:
            yield record


def retry(target: Target, records: Iterable[Record], *, a_second: float, dry_run: bool) -> Retried:
    """Send each consignment in a message with a new event id, at most so many a second. A dry run sends none."""
    result = Retried()
    for batch in batches(records, MAX_KEYS):
        kept = kept_consignments(target, [str(record[KEY]) for record in batch])
        for record in batch:
            reference = str(record[KEY])
            if reference not in kept:
                result.not_kept.append(reference)
                continue
            if not dry_run:
                body = _message(record, kept[reference])
                target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody=body)
                _SLEEP(1 / a_second)
            result.sent.append(reference)
    return result


def kept_consignments(target: Target, references: list[str]) -> dict[str, Any]:
    """Return what is kept of the consignments, as PRO's JSON by reference."""
    found: dict[str, Any] = {}
    table = target.consignments_table
    wanted: dict[str, Any] = {table: {"Keys": [{KEY: {"S": each}} for each in references]}} if table else {}
    while wanted:
        answer = target.dynamodb.batch_get_item(RequestItems=wanted)
        found |= {item[KEY]["S"]: parsed(item["document"]["S"]) for item in answer["Responses"].get(table, [])}
        wanted = answer.get("UnprocessedKeys", {})
    return found


def _message(record: Record, consignment: Any) -> str:
    """Return a message of one consignment, with an event id of its own.

    After an order was updated, only an update tries a failure again.
    """
    kind = UPDATED if record.get("updatedBy") else CREATED
    event = {"eventType": kind.usual, "eventVersion": 1, "eventId": f"retry-{uuid.uuid4()}"}
    text = json.dumps({**event, "orderReference": str(record["orderReference"])})
    return text[:-1] + f', "consignments": [{written(consignment)}]}}'
