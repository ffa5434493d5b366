"""The rounds in which SortedPRO is asked for a batch: calls in parallel, doubts read back, and retries."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, TypeVar, assert_never

from allocation.domain.metric import MetricName
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.pro.calls import MIN_CALL_SECONDS, AllocationCall, ParallelCalls, allocation_call, allocation_calls
from allocation.pro.client import ProReply
from allocation.pro.state_verdicts import judge_state
from allocation.pro.verdicts import ACCEPTED, ASKED_BEFORE, Doubtful, TryAgain, Untouched, Verdict, judge

_Judged = TypeVar("_Judged")

# Tries of one consignment before its message returns to the queue.
MAX_ROUNDS: Final = 3
# A longer wait is left to the queue: a function that sleeps is paid for.
MAX_PAUSE_SECONDS: Final = 2.0
# Causes of no outcome with which PRO may have the consignment, or may still be working on it.
_IN_DOUBT: Final = frozenset(
    {
        DeferralCause.OUTCOME_UNKNOWN,
        DeferralCause.ALLOCATING,
        DeferralCause.STATE_FORBIDDEN,
        DeferralCause.ALLOCATOR_CRASHED,
    }
)
_NOT_JUDGED: Final[Verdict] = Doubtful(DeferralCause.ALLOCATOR_CRASHED, again=False, open=True)
_STATE_NOT_JUDGED: Final[Outcome | Deferred | TryAgain] = Deferred(DeferralCause.ALLOCATOR_CRASHED)


@dataclass(slots=True)
class Progress:
    """How far a batch has come. It is valid even after a crash in the middle of the batch."""

    answers: dict[ConsignmentReference, Outcome | Deferred] = field(default_factory=dict)
    # What PRO is being asked for, before any reply has been looked at.
    sent: set[ConsignmentReference] = field(default_factory=set)
    # What PRO was asked for by calls that it has not answered itself.
    open: set[ConsignmentReference] = field(default_factory=set)

    def is_in_hand(self, reference: ConsignmentReference) -> bool:
        """Tell whether PRO may still execute what it was asked for."""
        answer = self.answers.get(reference)
        is_in_doubt = isinstance(answer, Deferred) and answer.cause in _IN_DOUBT
        return is_in_doubt or reference in self.sent or reference in self.open

    def is_accepted(self, reference: ConsignmentReference) -> bool:
        """Tell whether PRO has said that it is allocating."""
        answer = self.answers.get(reference)
        return isinstance(answer, Deferred) and answer.cause == DeferralCause.ALLOCATING


@dataclass(frozen=True, slots=True)
class Rounds:
    """Asks PRO for one batch, round by round, and keeps the result in `progress`."""

    mode: AllocationMode
    calls: ParallelCalls
    progress: Progress
    count: Callable[[MetricName, int], None]
    measure: Callable[[MetricName, int], None]

    def unallocated(
        self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]
    ) -> list[ConsignmentReference]:
        """Answer for what an earlier try has allocated. Return the references that PRO must be asked for."""
        self._settle({reference: ASKED_BEFORE for reference in references if reference in asked_before})
        return [reference for reference in references if reference not in self.progress.answers]

    def watch(self, references: Sequence[ConsignmentReference]) -> None:
        """Answer for what PRO has accepted, by its state."""
        self._settle(dict.fromkeys(references, ACCEPTED))

    def run(self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]) -> None:
        """Ask PRO in rounds, and answer for every reference.

        What was asked for before gets a call of its own: in a list, one bad consignment would hold it back.
        """
        fresh = [reference for reference in references if reference not in asked_before]
        calls = allocation_calls(self.mode, fresh)
        calls += [allocation_call(self.mode, (each,)) for each in references if each in asked_before]
        for attempt in range(MAX_ROUNDS):
            again = self._round(calls)
            calls = self._pause_and_choose(again, attempt)
            if not calls:
                return

    def _round(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, TryAgain]:
        """Send the calls, and read back what they leave in doubt. Return the calls that may be sent next."""
        again: dict[AllocationCall, TryAgain] = {}
        doubts: dict[ConsignmentReference, Doubtful] = {}
        self.progress.sent.update(reference for call in calls for reference in call.references)
        for call, reply in self.calls.allocate(calls).items():
            if isinstance(reply, ProReply):
                self.measure(MetricName.PRO_ALLOCATION_MILLISECONDS, reply.milliseconds)
            crashed = dict.fromkeys(call.references, _NOT_JUDGED)
            for reference, verdict in _safely(partial(judge, call, self.mode, reply), crashed).items():
                match verdict:
                    case Allocated():
                        self.progress.answers[reference] = verdict
                    case Doubtful():
                        doubts[reference] = self._kept_open(reference, verdict)
                    case Untouched(cause, wait, final=True):
                        self.progress.answers[reference] = Deferred(cause, wait)
                    case Untouched(cause, wait):
                        again[call] = TryAgain(cause, wait)
                    case _:
                        assert_never(verdict)
            self.progress.sent.difference_update(call.references)
        return again | self._settle(doubts)

    def _kept_open(self, reference: ConsignmentReference, doubt: Doubtful) -> Doubtful:
        """Return the doubt, open if PRO may still execute this call or an earlier call of the batch."""
        if doubt.open:
            self.progress.open.add(reference)
        return replace(doubt, open=reference in self.progress.open)

    def _settle(self, doubts: Mapping[ConsignmentReference, Doubtful]) -> dict[AllocationCall, TryAgain]:
        """Settle doubts by PRO's own state. Return calls for what is not allocated and may be tried again.

        Each consignment gets a call of its own, so that one bad reference of a bulk call does not hold back the others.
        """
        again: dict[AllocationCall, TryAgain] = {}
        for reference, reply in self.calls.states(tuple(doubts)).items():
            base_url = self.calls.client.base_url
            settled = _safely(partial(judge_state, reference, doubts[reference], reply, base_url), _STATE_NOT_JUDGED)
            match settled:
                case TryAgain():
                    again[allocation_call(self.mode, (reference,))] = settled
                case Allocated():
                    self.progress.answers[reference] = settled
                    self.count(MetricName.ALLOCATIONS_ADOPTED, 1)
                    logger.warning("allocation adopted from PRO", extra={"consignment": reference})
                case AllocationFailed() | Deferred():
                    self.progress.answers[reference] = settled
                case _:
                    assert_never(settled)
        return again

    def _pause_and_choose(self, again: Mapping[AllocationCall, TryAgain], attempt: int) -> list[AllocationCall]:
        """Pause, then return the calls to send. Answer for the others as deferred."""
        soon = {
            call: reason for call, reason in again.items() if (reason.retry_after_seconds or 0) <= MAX_PAUSE_SECONDS
        }
        waits = [float(reason.retry_after_seconds or 0) for reason in soon.values()]
        seconds = max([*waits, self.calls.pauses.seconds(attempt)])
        if attempt + 1 == MAX_ROUNDS or seconds > self.calls.seconds_left - MIN_CALL_SECONDS:
            soon = {}
        for call, reason in again.items():
            if call not in soon:
                deferred = Deferred(reason.cause, reason.retry_after_seconds)
                self.progress.answers.update(dict.fromkeys(call.references, deferred))
        if soon:
            self.calls.pauses.sleep(seconds)
        return list(soon)


def _safely(judge_reply: Callable[[], _Judged], otherwise: _Judged) -> _Judged:
    """Return what a reply means, or `otherwise` if judging crashes: the other replies of the batch still count."""
    try:
        return judge_reply()
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("judging a reply from PRO crashed", extra=crash(error))
        return otherwise
