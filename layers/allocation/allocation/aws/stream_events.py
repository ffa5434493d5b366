"""Events of a DynamoDB stream as changes of records, and what answers them."""

import json
from collections.abc import Collection
from typing import Any, Final

from allocation.aws.lambda_events import Event, partial_batch_response
from allocation.domain.errors import RetryableError
from allocation.events.publish_allocations import Change
from allocation.records.items import event_fields, from_item, is_listed_later

_KEY: Final = "consignmentReference"
# Characters of an image's attributes with their types: a few times what `kept_summary` can take.
_MAX_IMAGE: Final = 250_000


def changes(event: Event) -> list[Change]:
    """Return the changes of a DynamoDB stream event. The template's filter lets none without a new image pass.

    What only lists an older record is left out: the stream had the change of its version before.
    """
    return [
        Change(record["dynamodb"]["SequenceNumber"], _document(record["dynamodb"]), _key(record["dynamodb"]))
        for record in event["Records"]
        if not _only_lists(record["dynamodb"])
    ]


def _only_lists(change: Event) -> bool:
    try:
        return is_listed_later(change["NewImage"])
    except (LookupError, TypeError, AttributeError):
        return False


def _key(change: Event) -> str | None:
    """Return the consignment reference that is the record's key, or None if that can't be read."""
    try:
        return str(change["Keys"][_KEY]["S"])
    except (LookupError, TypeError):
        return None


def _document(change: Event) -> dict[str, Any] | None:
    """Return what an event needs of the record's new image, or None if that can't be read.

    Nothing else is read: a foreign item may have 400 KB of anything, which would take half a second.
    """
    try:
        image = event_fields(change["NewImage"])
        return from_item(image) if len(json.dumps(image)) <= _MAX_IMAGE else None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        return None


def stream_response(event: Event, failed: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """Return the reply that has a stream deliver again from the first change that failed.

    Raises `RetryableError` if all of them failed. Such a batch comes again even where nobody reads the reply, as where
    `ReportBatchItemFailures` is missing from the template. Events would be lost there while SNS takes none.
    """
    if failed and len(failed) >= len(event["Records"]):
        raise RetryableError(f"none of {len(failed)} changes is done: the stream delivers them again")
    return partial_batch_response(failed)
