"""When the order queue delivers again what is not done: by each message's visibility timeout."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.batches import batches
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_ENTRIES: Final = 10


class SqsRedelivery:
    """`Redelivery` over the order queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        """`queue_url` is the order queue's, not its DLQ's."""
        self._client = client
        self._queue_url = queue_url

    def postpone(self, waits: Mapping[str, int]) -> None:
        """Hides messages, by receipt handle, for so many seconds from now.

        One that can't be hidden is delivered when the queue's own visibility timeout ends: no worse than without this.
        """
        for batch in batches(waits.items(), MAX_ENTRIES):
            entries: list[Any] = [
                {"Id": str(at), "ReceiptHandle": receipt_handle, "VisibilityTimeout": seconds}
                for at, (receipt_handle, seconds) in enumerate(batch)
            ]
            self._hide(entries)

    def _hide(self, entries: list[Any]) -> None:
        try:
            answer = self._client.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            logger.warning("messages not postponed", extra={"cause": cause_of(error), "messages": len(entries)})
            return
        for failed in answer.get("Failed", []):
            logger.warning("message not postponed", extra={"cause": failed["Code"]})
