"""When an unfinished message is delivered again, and when it is given up.

The waits grow, so that an outage does not use up the receives that a message has. A message is worked on
`MAX_RECEIVES` times. An outage of `PATIENCE_SECONDS` sends nothing to the DLQ: `shortest_patience` computes that from
the queue's settings.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from allocation.domain.errors import ConfigurationError, InvalidMessageError, RefusalCode
from allocation.domain.outcome import DeferralCause, Deferred
from allocation.ports import QueueMessage

# How often a message is worked on. The queue's `maxReceiveCount` (`template.yaml`) is five more: a message that the
# function was killed by each time comes again then, and goes to the DLQ with that reason. SQS would give none.
MAX_RECEIVES: Final = 100
_MORE_RECEIVES: Final = 5
# How long an outage lasts that sends nothing to the DLQ.
PATIENCE_SECONDS: Final = 6 * 3600
# Of the receives, how many may be none of ours: SQS delivers at least once, and counts polls that come to nothing.
_SPURIOUS_SHARE: Final = 0.2
FIRST_SECONDS: Final = 15
# For what SortedPRO is allocating, or may soon know: its state is read from a few seconds on.
_FIRST_SECONDS_ALLOCATING: Final = 5
_SOON: Final = frozenset({DeferralCause.ALLOCATING, DeferralCause.NOT_FOUND_YET})
# After an outage no message waits longer than this for its next try, unless PRO asked for it.
MAX_SECONDS: Final = 900
# No `Retry-After` makes a message wait longer.
MAX_ASKED_WAIT_SECONDS: Final = 1200
# Work that only ran out of time, or will be ready, continues promptly this often. Later the receives must last for
# others' slowness.
_PROMPT_RECEIVES: Final = 10


def wait_seconds(deferred: Deferred, receive_count: int, jitter: float) -> int:
    """Return the seconds until the next delivery of a message received `receive_count` times.

    `jitter` is from 0 up to 1. The wait doubles with each receive. Between half and all of it is used, so that messages
    that failed together do not come back together. A `Retry-After` is met, with up to a quarter more. Work that only
    ran out of time continues at once, for a while. What will be ready is tried as soon as it is, for a while.
    """
    received = receive_count
    if deferred.cause == DeferralCause.OUT_OF_TIME:
        received -= _PROMPT_RECEIVES
    first = _FIRST_SECONDS_ALLOCATING if deferred.cause in _SOON else FIRST_SECONDS
    doubled = min(first * 2 ** min(received - 1, 10), MAX_SECONDS) if received > 0 else 0
    wait = doubled * (1 + jitter) / 2
    if deferred.ready_in_seconds is not None and receive_count <= _PROMPT_RECEIVES:
        wait = min(wait, deferred.ready_in_seconds * (1 + jitter / 8) + 1)
    asked_for = (deferred.retry_after_seconds or 0) * (1 + jitter / 4)
    return int(max(wait, min(asked_for, MAX_ASKED_WAIT_SECONDS)))


def shortest_patience(visibility_seconds: int) -> int:
    """Return for how many seconds a message is on the queue at least before it is given up.

    Each receive comes to the shortest of all waits, or the function is killed and the queue's visibility timeout
    passes. The spurious receives take the place of the longest ones.
    """
    waits = sorted(
        min(visibility_seconds, *(wait_seconds(Deferred(cause), received, jitter=0) for cause in DeferralCause))
        for received in range(1, MAX_RECEIVES)
    )
    return sum(waits[: int(len(waits) * (1 - _SPURIOUS_SHARE))])


def require_patience(visibility_seconds: int, max_receives: int) -> None:
    """Raise `ConfigurationError` if the queue's settings let an outage of `PATIENCE_SECONDS` send orders to the DLQ."""
    if max_receives < MAX_RECEIVES + _MORE_RECEIVES:
        raise ConfigurationError(
            f"ORDER_QUEUE_MAX_RECEIVES {max_receives}: SQS would give an order up before the function does; "
            f"set the queue's maxReceiveCount to {MAX_RECEIVES + _MORE_RECEIVES}"
        )
    patience = shortest_patience(visibility_seconds)
    if patience < PATIENCE_SECONDS:
        raise ConfigurationError(
            f"ORDER_QUEUE_VISIBILITY_SECONDS {visibility_seconds}: an order would be given up after "
            f"{patience / 3600:.1f} hours of an outage, and must last {PATIENCE_SECONDS // 3600}; "
            "raise the queue's VisibilityTimeout"
        )


def longest(deferrals: Iterable[Deferred]) -> Deferred:
    """Return the reason that takes longest, a set-up that a person corrects before all. Lack of time takes none."""

    def rank(item: Deferred) -> tuple[bool, bool, int]:
        is_for_people = item.cause == DeferralCause.MISCONFIGURED
        return is_for_people, item.cause != DeferralCause.OUT_OF_TIME, item.retry_after_seconds or 0

    return max(deferrals, key=rank)


def given_up(messages: Sequence[QueueMessage], returned: Mapping[str, Deferred]) -> dict[str, InvalidMessageError]:
    """Return the messages that are received no more, by message id, with the cause of their last return."""
    return {
        message.message_id: InvalidMessageError(
            f"{RefusalCode.GIVEN_UP}_{returned[message.message_id].cause}",
            f"received {message.receive_count} times and not done: {returned[message.message_id].cause}",
        )
        for message in messages
        if message.message_id in returned and message.receive_count >= MAX_RECEIVES
    }


def seconds_since_sent(messages: Sequence[QueueMessage], now: datetime) -> dict[str, float]:
    """Return by message id how long ago each message was sent; never below 0, however clocks differ."""
    return {
        message.message_id: max((now - message.sent_at).total_seconds(), 0.0) for message in messages if message.sent_at
    }
