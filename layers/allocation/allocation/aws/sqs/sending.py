"""Sending to a queue in batches: SQS answers 200 with failures inside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_ENTRIES = 10
"""What one call takes."""


def send(client: "SQSClient", queue_url: str, entries: Sequence[dict[str, Any]], names: Sequence[str]) -> set[int]:
    """Sends up to `MAX_ENTRIES` entries, whose `Id`s are their positions; returns the positions that SQS took.

    Never raises for one that it did not take: the cause is logged, with the entry's name out of `names`.
    """
    try:
        answer = client.send_message_batch(QueueUrl=queue_url, Entries=list(entries))  # type: ignore[arg-type]
    except (ClientError, BotoCoreError) as error:
        logger.error("messages not set aside", extra={"cause": cause_of(error), "messages": len(entries)})
        return set()
    for failed in answer.get("Failed", []):
        extra = {"refused": names[int(failed["Id"])], "cause": failed["Code"]}
        logger.error("message not set aside", extra=extra)
    return {int(sent["Id"]) for sent in answer.get("Successful", [])}
