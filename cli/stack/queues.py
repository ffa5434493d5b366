"""Reads and writes SQS queues in batches."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cli.errors import CommandError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

MAX_ENTRIES: Final = 10
MAX_BYTES: Final = 1024 * 1024
"""What one SendMessageBatch takes (SQS API reference)."""


def batches(bodies: Iterable[str]) -> Iterator[list[str]]:
    """The bodies in their order, in batches that SQS takes."""
    batch: list[str] = []
    size = 0
    for body in bodies:
        length = len(body.encode())
        if batch and (len(batch) == MAX_ENTRIES or size + length > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch


def send_batch(sqs: "SQSClient", queue_url: str, bodies: Sequence[str]) -> list[str]:
    """Sends one batch; returns the message ids, one a body. Raises `CommandError` if the queue refuses one."""
    entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
    answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)  # type: ignore[arg-type]
    for failure in answer.get("Failed", []):
        raise CommandError(f"The order queue refused a message: {failure['Code']} {failure.get('Message', '')}")
    ids = {sent["Id"]: sent["MessageId"] for sent in answer["Successful"]}
    return [ids[str(place)] for place in range(len(bodies))]


def take_all(sqs: "SQSClient", queue_url: str) -> Iterator["MessageTypeDef"]:
    """Takes messages off a queue, with their attributes, until it has none to give."""
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=MAX_ENTRIES, MessageAttributeNames=["All"]
    ).get("Messages"):
        yield from messages
        handles = [{"Id": str(place), "ReceiptHandle": item["ReceiptHandle"]} for place, item in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=queue_url, Entries=handles)  # type: ignore[arg-type]
