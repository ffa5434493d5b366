"""The rounds in which SortedPRO is asked for a batch: calls in parallel, doubts read back, and retries."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar, assert_never

from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import (
    Allocated,
    AllocatedBy,
    AllocationFailed,
    DeferralCause,
    Deferred,
    FailureCode,
    Outcome,
)
from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.pro.calls import MIN_CALL_SECONDS, AllocationCall, ParallelCalls, allocation_call, allocation_calls
from allocation.pro.client import ProReply
from allocation.pro.ports import Claimed, Watch
from allocation.pro.progress import Progress
from allocation.pro.state import difference_from
from allocation.pro.state_verdicts import judge_state
from allocation.pro.verdicts import (
    ACCEPTED,
    AFTER_THROTTLING,
    ASKED_BEFORE,
    UNDER_WAY,
    Doubtful,
    Throttled,
    TryAgain,
    Untouched,
    Verdict,
    judge,
)

_Judged = TypeVar("_Judged")

# Tries of one consignment before its message returns to the queue.
MAX_ROUNDS: Final = 3
# A longer wait is left to the queue: a function that sleeps is paid for.
MAX_PAUSE_SECONDS: Final = 2.0
# Until a consignment has been unknown to PRO for so long, it may still arrive there.
MAX_ARRIVAL: Final = timedelta(minutes=5)
_NOT_JUDGED: Final[Verdict] = Doubtful(DeferralCause.ALLOCATOR_CRASHED, open=True)
_STATE_NOT_JUDGED: Final[Outcome | Deferred | TryAgain] = Deferred(DeferralCause.ALLOCATOR_CRASHED)


@frozen
class Rounds:
    """Asks PRO for one batch, round by round, and keeps the result in `progress`."""

    mode: AllocationMode
    calls: ParallelCalls
    progress: Progress
    claimed: Claimed
    # Returns aware UTC.
    now: Callable[[], datetime]
    count: Callable[[MetricName, int], None]
    measure: Callable[[MetricName, int], None]
    # Whether outcomes have the price and the delivery date that PRO's state has.
    with_details: bool

    def unallocated(
        self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]
    ) -> list[ConsignmentReference]:
        """Answer for what an earlier try has allocated. Return the references that PRO must be asked for."""
        self._settle({reference: ASKED_BEFORE for reference in references if reference in asked_before})
        return [reference for reference in references if reference not in self.progress.answers]

    def watch(self) -> None:
        """Answer by PRO's state for what another caller has left for PRO."""
        watched = sorted(self.claimed.watched.items())
        self._settle({each: _watched(watch) for each, watch in watched if each not in self.progress.answers})

    def run(self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]) -> None:
        """Ask PRO in rounds, and answer for every reference.

        What was asked for before gets a call of its own: in a list, one bad consignment would hold it back.
        """
        fresh = [reference for reference in references if reference not in asked_before]
        calls = allocation_calls(self.mode, fresh)
        calls += [allocation_call(self.mode, (each,)) for each in references if each in asked_before]
        for attempt in range(MAX_ROUNDS):
            again = self._round(calls)
            chosen = self._pause_and_choose(again, attempt)
            calls = self._after_reading(chosen)
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
                        self.progress.answers[reference] = replace(verdict, by=self._here)
                    case Doubtful():
                        self.progress.touched.add(reference)
                        doubts[reference] = self._noted(reference, verdict)
                    case Untouched(cause, wait, final=True):
                        self.progress.answers[reference] = Deferred(cause, wait)
                    case Untouched(cause, wait):
                        again[call] = TryAgain(cause, wait)
                    case Throttled(wait):
                        self.progress.touched.add(reference)
                        again[call] = TryAgain(DeferralCause.THROTTLED, wait, reads_first=True)
                    case _:
                        assert_never(verdict)
            self.progress.sent.difference_update(call.references)
        return again | self._settle(doubts)

    def _noted(self, reference: ConsignmentReference, doubt: Doubtful) -> Doubtful:
        """Return a doubt about a consignment, and note what it says of the call."""
        if doubt.open:
            self.progress.open.add(reference)
        if doubt == ACCEPTED:
            self.progress.accepted.add(reference)
        if doubt.cause == DeferralCause.REPLY_UNREADABLE:
            self._log_unreadable(doubt.why, reference)
        return doubt

    def _log_unreadable(self, why: str, reference: ConsignmentReference) -> None:
        """Log a reply that can't be read, each kind once a batch."""
        kind = why.rpartition(", ")[2]
        if kind not in self.progress.unreadable:
            self.progress.unreadable.add(kind)
            logger.warning("reply from PRO not readable", extra={"why": why, "consignment": reference})

    def _after_reading(self, chosen: Mapping[AllocationCall, TryAgain]) -> list[AllocationCall]:
        """Return the calls, with only what PRO's state shows as unallocated where that must be read first."""
        unread = [call for call, reason in chosen.items() if reason.reads_first]
        again = self._settle({reference: AFTER_THROTTLING for call in unread for reference in call.references})
        unallocated = {reference for call in again for reference in call.references}
        left = (tuple(reference for reference in call.references if reference in unallocated) for call in unread)
        others = [call for call, reason in chosen.items() if not reason.reads_first]
        return others + [allocation_call(self.mode, references) for references in left if references]

    def _settle(self, doubts: Mapping[ConsignmentReference, Doubtful]) -> dict[AllocationCall, TryAgain]:
        """Settle doubts by PRO's own state. Return calls for what is not allocated and may be tried again.

        Each consignment gets a call of its own, so that one bad reference of a bulk call does not hold back the others.
        """
        again: dict[AllocationCall, TryAgain] = {}
        for reference, reply in self.calls.states(tuple(doubts)).items():
            doubt, base_url = replace(doubts[reference], since=self._since(reference)), self.calls.client.base_url
            settled = _safely(partial(judge_state, reference, doubt, reply, base_url), _STATE_NOT_JUDGED)
            settled = self._until_it_arrives(reference, settled)
            match settled:
                case TryAgain():
                    again[allocation_call(self.mode, (reference,))] = settled
                case Allocated():
                    self.progress.answers[reference] = self._adopted(reference, settled, doubt)
                case Deferred(DeferralCause.REPLY_UNREADABLE, why=why) if doubt.cause != settled.cause:
                    self._log_unreadable(why, reference)
                    self.progress.answers[reference] = settled
                case AllocationFailed() | Deferred():
                    self.progress.answers[reference] = settled
                case _:
                    assert_never(settled)
        return again

    @property
    def _here(self) -> AllocatedBy:
        return AllocatedBy("pro", self.calls.client.base_url)

    def _adopted(self, reference: ConsignmentReference, found: Allocated, doubt: Doubtful) -> Allocated:
        """Return an allocation that PRO's state shows. After a 202 it is the answer to our own call."""
        found = found if self.with_details else found.without_details()
        if doubt.cause == DeferralCause.ALLOCATING:
            return replace(found, by=self._here, why=None)
        self.count(MetricName.ALLOCATIONS_ADOPTED, 1)
        logger.warning("allocation adopted from PRO", extra={"consignment": reference})
        difference = difference_from(self.mode, found)
        return replace(found, why=f"{found.why}, {difference}") if difference else found

    def _since(self, reference: ConsignmentReference) -> datetime:
        return self.claimed.since.get(reference) or self._now_at_aws()

    def _now_at_aws(self) -> datetime:
        return self.now() + self.claimed.clock

    def _until_it_arrives(
        self, reference: ConsignmentReference, settled: Outcome | Deferred | TryAgain
    ) -> Outcome | Deferred | TryAgain:
        """Return what was settled; a consignment that PRO does not know may arrive there after its order."""
        if not is_unknown(settled):
            return settled
        since = self._since(reference)
        if self._now_at_aws() - since >= MAX_ARRIVAL:
            return settled
        why = f"PRO does not know {reference}, asked for since {since:%Y-%m-%dT%H:%M:%SZ}; it may still arrive there"
        return Deferred(DeferralCause.NOT_FOUND_YET, why=why)

    def _pause_and_choose(
        self, again: Mapping[AllocationCall, TryAgain], attempt: int
    ) -> Mapping[AllocationCall, TryAgain]:
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
        return soon


def is_unknown(answer: Outcome | Deferred | TryAgain | None) -> bool:
    """Tell whether a consignment has failed because PRO does not know it."""
    return isinstance(answer, AllocationFailed) and answer.failure.code == FailureCode.CONSIGNMENT_NOT_FOUND


def _watched(watch: Watch) -> Doubtful:
    """Return the doubt about a consignment that another caller has left for PRO."""
    match watch:
        case Watch.OPEN | Watch.TAKING_BACK | Watch.NOT_ASKED | Watch.SETTLED:
            return UNDER_WAY
        case Watch.ACCEPTED:
            return ACCEPTED
        case Watch.ACCEPTED_AFRESH:
            return replace(ACCEPTED, failure_counts=True)
        case _:
            assert_never(watch)


def _safely(judge_reply: Callable[[], _Judged], otherwise: _Judged) -> _Judged:
    """Return what a reply means, or `otherwise` if judging crashes: the other replies of the batch still count."""
    try:
        return judge_reply()
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("judging a reply from PRO crashed", extra=crash(error))
        return otherwise
