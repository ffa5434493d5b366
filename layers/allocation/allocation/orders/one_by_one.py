"""A batch worked on message by message, so that one that kills the function takes no other along to the DLQ.

SQS delivers what a killed function had in hand again at one time, so mostly in one batch.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Final

from allocation.ports import Deadline, QueueMessage, Redelivery

# A batch is worked on so from the third receive of its message that was received most, and then every so often.
_FIRST: Final = 3
_EVERY: Final = 4
# While a message is worked on, it is hidden for longer than the others: if it kills the function, they come again
# without it. An invocation lasts a minute.
_IN_WORK_SECONDS: Final = 300
# What was done is deleted when the invocation ends. If that is killed, it comes again soon.
_DONE_SECONDS: Final = 10


def may_kill(messages: Sequence[QueueMessage]) -> bool:
    """Return whether one of the messages may have killed the function, so that each is worked on by itself.

    Nothing tells a message that comes again because the function was killed from one that was returned. Most were
    returned, and working on each takes longer: so this is true at some receives only.
    """
    most = max((message.receive_count for message in messages), default=0)
    return most >= _FIRST and most % _EVERY == _FIRST


def work_on_each(
    messages: Sequence[QueueMessage],
    deadline: Deadline,
    redelivery: Redelivery,
    jitter: Callable[[], float],
    is_done: Callable[[QueueMessage], bool],
) -> None:
    """Work on one message after the other; `is_done` works on one, and says whether it is done or returned.

    Those that were received least often come first: they are the likely good ones.
    """
    ordered = sorted(messages, key=lambda message: (message.receive_count, jitter()))
    rest = ceil(deadline.remaining_seconds()) + 1
    redelivery.postpone({message.receipt_handle: rest for message in ordered[1:]})
    done: dict[str, int] = {}
    for message in ordered:
        redelivery.postpone({**done, message.receipt_handle: _IN_WORK_SECONDS})
        done = {message.receipt_handle: _DONE_SECONDS} if is_done(message) else {}
