"""Calls to SortedPRO in parallel and within the time that is left. What fails on the way is an answer here."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, TypeVar

from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.ports import Deadline
from allocation.pro.calls import AllocationCall, consignment_path
from allocation.pro.client import KeyUnavailableError, NoReplyError, NotSentError, ProClient, Reply
from allocation.pro.verdicts import CallError, OutOfTimeError, is_worth_asking_again

Key = TypeVar("Key")

ALLOCATION_SECONDS: Final = 15.0
STATE_SECONDS: Final = 4.0
MINIMUM_SECONDS: Final = 0.5
"""A call with less time than this could hardly finish, and is not started."""


@dataclass(frozen=True, slots=True)
class ParallelCalls:
    """The calls of one batch. `reserve_seconds` stay free at the end, for whoever writes the outcomes down."""

    client: ProClient
    executor: ThreadPoolExecutor
    deadline: Deadline
    reserve_seconds: float
    pause: Callable[[], None]
    """Waits a moment, before a read that failed is repeated."""

    @property
    def seconds_left(self) -> float:
        """Seconds for allocation calls: what is left when reading the states back and writing are provided for."""
        return self.deadline.remaining_seconds() - self.reserve_seconds - STATE_SECONDS

    def allocate(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, Reply | CallError]:
        """Sends each call once."""

        def send(call: AllocationCall) -> Reply | CallError:
            return self._send("PUT", call.path, call.body, min(ALLOCATION_SECONDS, self.seconds_left))

        return self._in_parallel(send, calls, self.seconds_left)

    def states(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, Reply | CallError]:
        """Asks for the state of each consignment, a second time where that may help."""

        def send(reference: ConsignmentReference) -> Reply | CallError:
            reply = self._state(reference)
            if not is_worth_asking_again(reply):
                return reply
            self.pause()
            return self._state(reference)

        return self._in_parallel(send, references, self.seconds_left + STATE_SECONDS)

    def _state(self, reference: ConsignmentReference) -> Reply | CallError:
        return self._send(
            "GET", consignment_path(reference), b"", min(STATE_SECONDS, self.seconds_left + STATE_SECONDS)
        )

    def _send(self, method: str, path: str, body: bytes, seconds: float) -> Reply | CallError:
        if seconds < MINIMUM_SECONDS:
            return OutOfTimeError(f"{seconds:.1f} s are left for {method} {path}")
        try:
            return self.client.call(method, path, body, seconds)
        except (NotSentError, NoReplyError, KeyUnavailableError) as error:
            logger.warning("call to PRO failed", extra={"error": str(error)})
            return error
        except Exception as error:  # noqa: BLE001 - one call's must not hide what the others of its batch came to
            logger.error("call to PRO crashed", extra={"path": path, **crash(error)})
            return NoReplyError(f"{method} {path} crashed: {type(error).__name__}", timed_out=False)

    def _in_parallel(
        self, send: Callable[[Key], Reply | CallError], keys: Sequence[Key], seconds: float
    ) -> dict[Key, Reply | CallError]:
        futures = {key: self.executor.submit(send, key) for key in keys}
        wait(futures.values(), timeout=max(seconds, 0))
        return {key: _result(future) for key, future in futures.items()}


def _result(future: Future[Reply | CallError]) -> Reply | CallError:
    """What a call came to. One that still hangs counts as a time-out, whatever it comes to later."""
    if future.cancel():
        return OutOfTimeError("no connection was free in time")
    return future.result() if future.done() else NoReplyError("the call hangs", timed_out=True)
