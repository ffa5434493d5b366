"""Allocation events on an SNS topic, in batches."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of, text_attributes
from allocation.batches import batches, in_parallel
from allocation.observability import logger
from allocation.ports import AllocationEvent

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

# SNS's limit of a message and of a batch, attributes included.
_MAX_BYTES: Final = 256 * 1024
MAX_ENTRIES: Final = 10

_Placed = tuple[int, AllocationEvent]


class SnsPublisher:
    """An `EventPublisher` over one topic."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        """`client` must have timeouts of its own."""
        self._client = client
        self._topic_arn = topic_arn

    def connect(self) -> None:
        """Open the connection before there are events: SNS answers a batch without entries by an error."""
        with suppress(ClientError, BotoCoreError):
            self._client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=[])

    def publish(self, events: Sequence[AllocationEvent]) -> frozenset[int]:
        """Publish the events. Return the positions of those that SNS did not take."""
        runs = list(batches(enumerate(events), MAX_ENTRIES, _MAX_BYTES, lambda placed: _size(placed[1])))
        return frozenset[int]().union(*in_parallel(self._publish, runs))

    def _publish(self, batch: Sequence[_Placed]) -> set[int]:
        entries: list[Any] = [_entry(at, event) for at, event in batch]
        try:
            answer = self._client.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        except (ClientError, BotoCoreError) as error:
            logger.error("events not published", extra={"cause": cause_of(error), "events": len(batch)})
            return {at for at, _ in batch}
        events = dict(batch)
        for failure in answer.get("Failed", []):
            event_id = events[int(failure["Id"])].event_id
            logger.error("event not published", extra={"event": event_id, "cause": failure["Code"]})
        return events.keys() - {int(success["Id"]) for success in answer.get("Successful", [])}


def _entry(at: int, event: AllocationEvent) -> dict[str, Any]:
    """Return a batch entry, identified by the event's position."""
    return {"Id": str(at), "Message": event.body, "MessageAttributes": text_attributes(event.attributes)}


def _size(event: AllocationEvent) -> int:
    """Return the bytes that SNS counts: body, and each attribute's name, type and value."""
    attributes = sum(len(name) + len("String") + len(value.encode()) for name, value in event.attributes.items())
    return len(event.body.encode()) + attributes
