"""Sends failed consignments to the order queue again, from what the stack has kept of their orders."""

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from allocation.aws.dynamodb.bulk_calls import MAX_KEYS
from allocation.batches import batches
from allocation.consignments.store import ConsignmentJson
from allocation.domain.outcome import AllocationFailed
from allocation.domain.reference import is_pro_reference
from allocation.exact_json import parsed
from allocation.orders.retry_message import content_for_pro, retry_message
from allocation.records.record_document import moment_text
from allocation.records.stored_record import StoredRecord
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
        read = {str(record[KEY]): StoredRecord.model_validate(record) for record in batch}
        kept = _contents(target, read)
        for reference, record in read.items():
            if reference not in kept:
                result.not_kept.append(reference)
                continue
            if not dry_run:
                body = retry_message(record, kept[reference], f"retry-{uuid.uuid4()}")
                target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody=body)
                _SLEEP(1 / a_second)
            result.sent.append(reference)
    return result


def _contents(target: Target, records: Mapping[str, StoredRecord]) -> Mapping[str, ConsignmentJson]:
    """Return what is to be sent of the consignments, by reference: what is kept, or what SortedPRO has them by."""
    if not target.reading.only_pro_references:
        return kept_consignments(target, list(records))
    own = [reference for reference in records if not is_pro_reference(reference)]
    kept = kept_consignments(target, own) if own else {}
    contents = {reference: content_for_pro(record, kept.get(reference)) for reference, record in records.items()}
    return {reference: content for reference, content in contents.items() if content}


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
