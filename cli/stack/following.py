"""Sends orders and follows them until each is accounted for, or nothing has moved for too long."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cli.stack.account import Account, SentOrder
from cli.stack.orders import OrderMessage
from cli.stack.queues import batches, send_batch

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PATIENCE_SECONDS: Final = 30.0
"""How long a run waits without any progress before it reports what is missing."""
LOOK_SECONDS: Final = 0.2


def send_orders(sqs: "SQSClient", queue_url: str, messages: Sequence[OrderMessage]) -> Iterator[SentOrder]:
    """Sends the messages in their order and yields each when it is on the queue."""
    place = 0
    for batch in batches(message.body for message in messages):
        ids = send_batch(sqs, queue_url, batch)
        yield from map(SentOrder, messages[place : place + len(batch)], ids)
        place += len(batch)


def follow(
    look: Callable[[], Account],
    tell: Callable[[Account], None],
    patience_seconds: float = PATIENCE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Account:
    """Looks again and again until the account is settled; gives up after `patience_seconds` without progress.

    `look` may raise, which ends the following; `tell` is told every account.
    """
    seen, moved_at = -1, clock()
    while True:
        looked_at = clock()
        account = look()
        tell(account)
        if account.is_settled:
            return account
        if account.arrived != seen:
            seen, moved_at = account.arrived, clock()
        elif clock() - moved_at > patience_seconds:
            return account
        pause(max(LOOK_SECONDS, clock() - looked_at))
