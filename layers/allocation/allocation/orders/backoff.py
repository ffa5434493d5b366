"""How long a message that is not done waits before it is delivered again.

The waits grow, so that an outage does not use up the receives that a message has. It is worked on 80 times
(`MAX_RECEIVES` in `workflow.py`): the shortest waits that jitter can draw add up to 9 h 15 min, and to 6 h 26 min in
the worst mix with lack of time and killed functions. An outage of 6 hours sends nothing to the DLQ.
"""

from typing import Final

from allocation.domain.outcome import DeferralCause, Deferred

FIRST_SECONDS: Final = 15
MAX_SECONDS: Final = 900
"""After an outage has ended, no message waits longer than this for its next try, unless PRO has asked for it."""
MAX_WISH_SECONDS: Final = 1200
"""No wish to be left alone makes a message wait longer."""
PROMPT_RECEIVES: Final = 10
"""Work that only ran out of time goes on at once this often: later the receives have to last for others' slowness."""


def wait_seconds(deferred: Deferred, receive_count: int, jitter: float) -> int:
    """Seconds until the next delivery of a message that was received `receive_count` times; `jitter` is from 0 up to 1.

    The wait doubles with each receive; between half and all of it is used, so that messages which failed together don't
    come back together. A wish to be left alone is met, with up to a quarter more. Work that only ran out of time goes
    on at once, for a while.
    """
    received = receive_count
    if deferred.cause == DeferralCause.OUT_OF_TIME:
        received -= PROMPT_RECEIVES
    doubled = min(FIRST_SECONDS * 2 ** min(received - 1, 10), MAX_SECONDS) if received > 0 else 0
    wish = (deferred.retry_after_seconds or 0) * (1 + jitter / 4)
    return int(max(doubled * (1 + jitter) / 2, min(wish, MAX_WISH_SECONDS)))
