"""Calls to SortedPRO: the request that each allocation mode needs, and how a batch sends them in parallel.

The endpoints are documented in `pro-api.md`, Allocation endpoints.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import field
from math import ceil
from typing import Final, TypeVar, assert_never
from urllib.parse import quote

from allocation.batches import batches
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.ports import Deadline
from allocation.pro.client import MAX_CONNECTIONS, NoReplyError, NotSentError, ProClient, ProReply
from allocation.pro.credentials import KeyUnavailableError

_Key = TypeVar("_Key")

# PRO allocates a list one consignment at a time, so a longer list takes longer.
MAX_BULK: Final = 5
MAX_ALLOCATION_SECONDS: Final = 15.0
MAX_STATE_SECONDS: Final = 4.0
# Kept free at the end of the invocation, to write the outcomes.
RESERVE_SECONDS: Final = 5.0
# A call with less time than this could hardly finish, so it is not started.
MIN_CALL_SECONDS: Final = 0.5
FIRST_PAUSE_SECONDS: Final = 0.2
# Each has a connection.
_THREADS: Final = MAX_CONNECTIONS
# Threads of earlier batches: to start ten takes a tenth of a batch's time.
_IDLE: Final[list[ThreadPoolExecutor]] = []
# PRO's help, "Getting Consignment Data", Get Consignments References.
_FIND: Final = "/consignments/getConsignmentReferences?ReferenceProvidedByCustomer="


class OutOfTimeError(Exception):
    """A call was not started, because it could not have finished in the time left."""


CallError = NotSentError | NoReplyError | KeyUnavailableError | OutOfTimeError


@frozen
class AllocationCall:
    """One `PUT` that allocates `references`. The body is empty where the path says everything."""

    path: str
    body: bytes
    references: tuple[ConsignmentReference, ...]


def allocation_calls(mode: AllocationMode, references: Sequence[ConsignmentReference]) -> list[AllocationCall]:
    """Return the calls that allocate `references`: one each for a service group, else few in each bulk call.

    >>> allocation_calls(ServiceGroup("valuableGoods"), [ConsignmentReference("EC-000-05B-MMA")])[0].path
    '/allocation/EC-000-05B-MMA/allocatewithservicegroup/valuableGoods'
    """
    match mode:
        case DefaultRules() | CarrierService():
            # What one connection has to carry, so that the batch takes no longer than it must.
            size = max(1, min(MAX_BULK, ceil(len(references) / MAX_CONNECTIONS)))
        case ServiceGroup():
            size = 1
        case _:
            assert_never(mode)
    return [allocation_call(mode, tuple(run)) for run in batches(references, size)]


def allocation_call(mode: AllocationMode, references: tuple[ConsignmentReference, ...]) -> AllocationCall:
    """Return the call that allocates `references`; for a service group there must be exactly one."""
    match mode:
        case DefaultRules():
            return AllocationCall("/allocation/allocate", _body(references), references)
        case CarrierService(service):
            body = _body(references, MpdCarrierServiceReference=service)
            return AllocationCall("/allocation/allocatewithcarrierservice", body, references)
        case ServiceGroup(group):
            [reference] = references
            path = f"/allocation/{_segment(reference)}/allocatewithservicegroup/{_segment(group)}"
            return AllocationCall(path, b"", references)
        case _:
            assert_never(mode)


def _body(references: tuple[ConsignmentReference, ...], **fields: str) -> bytes:
    return json.dumps({**fields, "ConsignmentReferences": references}).encode()


def _segment(text: str) -> str:
    """Quote `text` so that nothing in it can end the path segment or leave the path."""
    return quote(text, safe="")


@frozen
class Pauses:
    """Pauses before a retry: longer each time, and random so that environments do not retry in step."""

    sleep: Callable[[float], None]
    jitter: Callable[[], float]  # from 0 up to 1

    def seconds(self, attempt: int) -> float:
        """Return how long to pause after this attempt; the first is 0."""
        return self.jitter() * FIRST_PAUSE_SECONDS * (1 << attempt)


@frozen
class ParallelCalls:
    """The calls of one batch. A call that fails is an answer here, never an exception."""

    client: ProClient
    executor: ThreadPoolExecutor
    deadline: Deadline
    pauses: Pauses
    # Calls that had not ended in time.
    late: list[Future[ProReply | CallError]] = field(default_factory=list)

    @property
    def seconds_left(self) -> float:
        """Seconds for allocation calls, leaving enough to read the states back and to write the outcomes."""
        return self.deadline.remaining_seconds() - RESERVE_SECONDS - MAX_STATE_SECONDS

    def allocate(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, ProReply | CallError]:
        """Send each call once."""

        def send(call: AllocationCall) -> ProReply | CallError:
            return self._send("PUT", call.path, call.body, min(MAX_ALLOCATION_SECONDS, self.seconds_left))

        return self._in_parallel(send, calls, self.seconds_left)

    def deallocate(
        self, references: Sequence[ConsignmentReference]
    ) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask once for each consignment to be deallocated."""
        return self._ask("deallocate", references)

    def cancel(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask once for each consignment to be cancelled for good."""
        return self._ask("cancel", references)

    def _ask(
        self, action: str, references: Sequence[ConsignmentReference]
    ) -> dict[ConsignmentReference, ProReply | CallError]:
        def send(reference: ConsignmentReference) -> ProReply | CallError:
            path = f"/consignments/{_segment(reference)}/{action}"
            return self._send("PUT", path, b"", min(MAX_ALLOCATION_SECONDS, self.seconds_left))

        return self._in_parallel(send, references, self.seconds_left)

    def states(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask for the state of each consignment, and once more where that may help."""
        return self._read({each: f"/consignments/{_segment(each)}" for each in references})

    def find(self, references: Sequence[ConsignmentReference]) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask which consignments have these references of their sender's, and once more where that may help."""
        return self._read({each: f"{_FIND}{_segment(each)}" for each in references})

    def create(self, bodies: Mapping[ConsignmentReference, bytes]) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask once for each consignment to be created."""
        return self._write("POST", bodies)

    def change(self, bodies: Mapping[ConsignmentReference, bytes]) -> dict[ConsignmentReference, ProReply | CallError]:
        """Ask once for each consignment to be given other content."""
        return self._write("PUT", bodies)

    def _write(
        self, method: str, bodies: Mapping[ConsignmentReference, bytes]
    ) -> dict[ConsignmentReference, ProReply | CallError]:
        def send(reference: ConsignmentReference) -> ProReply | CallError:
            seconds = min(MAX_ALLOCATION_SECONDS, self.seconds_left)
            return self._send(method, "/consignments", bodies[reference], seconds)

        return self._in_parallel(send, list(bodies), self.seconds_left)

    def _read(self, paths: Mapping[ConsignmentReference, str]) -> dict[ConsignmentReference, ProReply | CallError]:
        """GET each path, and once more where that may help."""

        def get(reference: ConsignmentReference) -> ProReply | CallError:
            seconds = min(MAX_STATE_SECONDS, self.seconds_left + MAX_STATE_SECONDS)
            return self._send("GET", paths[reference], b"", seconds)

        def send(reference: ConsignmentReference) -> ProReply | CallError:
            reply = get(reference)
            if not _may_soon_succeed(reply):
                return reply
            self.pauses.sleep(self.pauses.seconds(0))
            return get(reference)

        return self._in_parallel(send, list(paths), self.seconds_left + MAX_STATE_SECONDS)

    def _send(self, method: str, path: str, body: bytes, seconds: float) -> ProReply | CallError:
        if seconds < MIN_CALL_SECONDS:
            return OutOfTimeError(f"{seconds:.1f} s are left for {method} {path}")
        try:
            return self.client.call(method, path, body, seconds)
        except (NotSentError, NoReplyError, KeyUnavailableError) as error:
            logger.warning("call to PRO failed", extra={"error": str(error)})
            return error
        except Exception as error:  # noqa: BLE001 - one crashed call must not hide the replies to the others
            logger.error("call to PRO crashed", extra={"path": path, **crash(error)})
            return NoReplyError(f"{method} {path} crashed: {type(error).__name__}", timed_out=False)

    def _in_parallel(
        self, send: Callable[[_Key], ProReply | CallError], keys: Sequence[_Key], seconds: float
    ) -> dict[_Key, ProReply | CallError]:
        futures = {key: self.executor.submit(send, key) for key in keys}
        wait(futures.values(), timeout=max(seconds, 0))
        answers = {key: _result(future) for key, future in futures.items()}
        self.late.extend(future for future in futures.values() if not future.done())
        return answers


def _may_soon_succeed(reply: ProReply | CallError) -> bool:
    """Tell whether a failed read is worth repeating: a dead connection, or a server error that may pass."""
    match reply:
        case ProReply():
            return reply.status >= 500
        case NotSentError():
            return True
        case NoReplyError():
            return not reply.timed_out
        case KeyUnavailableError() | OutOfTimeError():
            return False
        case _:
            assert_never(reply)


def _result(future: Future[ProReply | CallError]) -> ProReply | CallError:
    """Return what a call gave. One that still hangs counts as timed out, whatever it gives later."""
    if future.cancel():
        return OutOfTimeError("no connection was free in time")
    return future.result() if future.done() else NoReplyError("the call hangs", timed_out=True)


@contextmanager
def parallel_calls(client: ProClient, deadline: Deadline, pauses: Pauses) -> Iterator[ParallelCalls]:
    """Yield the calls of one batch. What is still under way when the block ends is not waited for."""
    executor = _IDLE.pop() if _IDLE else ThreadPoolExecutor(_THREADS, thread_name_prefix="pro")
    calls, is_idle = ParallelCalls(client, executor, deadline, pauses), False
    try:
        yield calls
        is_idle = all(each.done() for each in calls.late)
    finally:
        if is_idle:
            _IDLE.append(executor)
        else:
            # A thread that hangs, for example in name resolution, must not delay the answer.
            executor.shutdown(wait=False, cancel_futures=True)
