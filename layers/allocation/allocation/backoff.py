"""How long a message that is not done waits before it is delivered again.

The waits grow, so that an outage does not use up the receives that a message has. With the queue's `maxReceiveCount`
of 60 (`template.yaml`) the shortest waits that jitter can draw add up to 6 h 45 min: an outage of 6 hours sends nothing
to the DLQ.
"""

from typing import Final

from allocation.domain.outcomes import Deferred

FIRST_SECONDS: Final = 15
LONGEST_SECONDS: Final = 900
"""After an outage has ended, no message waits longer than this for its next try, unless PRO has asked for it."""
LONGEST_WISH_SECONDS: Final = 3600
"""A `Retry-After` is honoured up to here."""


def wait_seconds(deferred: Deferred, receive_count: int, jitter: float) -> int:
    """Seconds until the next delivery of a message that was received `receive_count` times; `jitter` is from 0 up to 1.

    The wait doubles with each receive; between half and all of it is used, so that messages which failed together don't
    come back together. Work that only ran out of time goes on at once.
    """
    if deferred.cause == "out_of_time":
        return 0
    doubled = min(FIRST_SECONDS * 2 ** min(receive_count - 1, 10), LONGEST_SECONDS)
    return max(int(doubled * (1 + jitter) / 2), min(deferred.retry_after_seconds or 0, LONGEST_WISH_SECONDS))
