"""The canaries among the messages of a batch: each is written like an outcome, once, and never comes back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.observability import logger
from allocation.ports import Deadline, QueueMessage
from allocation.records.canary import MAX_CANARY_AGE, canary_sent_at

# Longer than an AWS service is waited for that does not answer: a canary must not cost the batch its answer.
_MIN_SECONDS_LEFT: Final = 20.0


class CanaryStore(Protocol):
    """Keeps when the last canary was sent."""

    def keep(self, sent_at: datetime) -> None:
        """Keep it, unless a later one is kept. Raises `RetryableError`."""


@frozen
class Canaries:
    """Takes canaries out of batches. One that can't be kept is dropped: the alarm misses it, and another one follows.

    `ready` looks at what an order needs to be decided, and raises `RetryableError` where it can't be.
    """

    store: CanaryStore
    ready: Callable[[], object]
    now: Callable[[], datetime]

    def sorted_out(self, messages: Sequence[QueueMessage]) -> tuple[list[QueueMessage], list[datetime]]:
        """Return the messages that are no canaries, and when each canary was sent."""
        read = [(message, canary_sent_at(message.body)) for message in messages]
        others = [message for message, sent_at in read if sent_at is None]
        return others, [sent_at for _, sent_at in read if sent_at]

    def keep(self, sent: Sequence[datetime], deadline: Deadline) -> None:
        """Keep the last of the canaries, unless it is too old or the batch has no time left.

        One of the future is no canary of the rule: kept, it would be later than all that follow.
        """
        now = self.now()
        recent = [sent_at for sent_at in sent if abs(now - sent_at) <= MAX_CANARY_AGE]
        if not recent or deadline.remaining_seconds() < _MIN_SECONDS_LEFT:
            return
        try:
            self.ready()
            self.store.keep(max(recent))
        except RetryableError as error:
            logger.warning("canary not recorded", extra={"cause": str(error)})
