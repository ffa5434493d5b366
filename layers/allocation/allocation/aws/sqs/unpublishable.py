"""The stream's failure queue as the place of changes that can never be published: by reference, with the reason."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from allocation.aws.sqs.sending import MAX_ENTRIES, send
from allocation.batches import batches
from allocation.ports import Unpublishable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class SqsUnpublishable:
    """`UnpublishableChanges` over a queue; what a record holds is left in the table."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the stream failure queue's."""
        self._client = client
        self._queue_url = queue_url

    def keep(self, changes: Sequence[Unpublishable]) -> frozenset[str]:
        """Tells the queue of the changes; returns the sequence numbers of those that it took."""
        kept: set[str] = set()
        for batch in batches(changes, MAX_ENTRIES):
            entries = [{"Id": str(at), "MessageBody": body_of(change)} for at, change in enumerate(batch)]
            numbers = [change.sequence_number for change in batch]
            kept.update(numbers[at] for at in send(self._client, self._queue_url, entries, numbers))
        return frozenset(kept)


def body_of(change: Unpublishable) -> str:
    """The message about a change."""
    return json.dumps(
        {
            "consignmentReference": change.consignment_reference,
            "reason": change.reason,
            "sequenceNumber": change.sequence_number,
        }
    )
