"""The allocator over SortedPRO's API: in parallel, in rounds, and never twice for what may be allocated already.

What it needs of others is in `ports.py`; `claims.py` and `circuit.py` implement that over DynamoDB.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.metric import MetricName
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Deallocated, DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Deadline
from allocation.pro.calls import ParallelCalls, Pauses
from allocation.pro.client import MAX_CONNECTIONS, ProClient
from allocation.pro.ports import (
    Circuit,
    CircuitOpenError,
    CircuitStateError,
    Claimed,
    Claims,
    CredentialsError,
    NothingTriedError,
    OutageError,
)
from allocation.pro.rounds import Progress, Rounds
from allocation.pro.state_verdicts import judge_deallocation
from allocation.pro.verdicts import may_still_deallocate

# Causes of no outcome that say nothing about PRO's health.
_SAY_NOTHING: Final = frozenset(
    {DeferralCause.OUT_OF_TIME, DeferralCause.STATE_FORBIDDEN, DeferralCause.ALLOCATOR_CRASHED}
)
# Causes that are a reply of PRO's own: it works, and takes its time or asks for fewer calls.
_SHOW_THAT_PRO_WORKS: Final = frozenset({DeferralCause.ALLOCATING, DeferralCause.THROTTLED})


@dataclass(frozen=True, slots=True)
class ProAllocator:
    """The `Allocator` over PRO's API. A failure is a `Deferred` or an outcome, never an exception."""

    client: ProClient
    claims: Claims
    circuit: Circuit
    # How long PRO, or a gateway before it, may still execute a call we abandoned. Nobody asks again before.
    patience_seconds: float
    # Receives `AllocationsAdopted`.
    count: Callable[[MetricName, int], None]
    # Receives `ProAllocationMilliseconds` of each allocation call that was answered.
    measure: Callable[[MetricName, int], None]
    pauses: Pauses

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answer for every consignment: ask PRO in rounds, each in parallel, while there is time.

        The state of consignments that were claimed before is read first, so that PRO is not asked again for what it
        has allocated. Consignments that another caller may be asking for now return to the queue. Raises
        `RetryableError` if the claims can't be read or written.
        """
        references = list(dict.fromkeys(consignment.reference for consignment in consignments))
        held: dict[ConsignmentReference, Deferred] = {}
        progress = Progress()

        def work() -> None:
            # For as long as this environment can be working, and PRO on its last call.
            claimed = self.claims.take(references, max(deadline.remaining_seconds(), 0) + self.patience_seconds)
            held.update(
                {key: Deferred(DeferralCause.OUTCOME_UNKNOWN, seconds) for key, seconds in claimed.held.items()}
            )
            free = [reference for reference in references if reference not in held]
            try:
                self._allocate(free, claimed, mode, deadline, progress)
            finally:
                self._give_back(free, claimed.until, progress)
            _raise_trouble(progress.answers)

        try:
            self.circuit.run(work)
        except CircuitOpenError as error:
            return dict.fromkeys(references, Deferred(error.cause, error.retry_after_seconds))
        except (OutageError, CredentialsError, NothingTriedError, CircuitStateError) as error:
            logger.warning("PRO is not healthy", extra={"error": type(error).__name__, "cause": str(error)})
        return {reference: Deferred(DeferralCause.OUTAGE) for reference in references} | held | progress.answers

    def release(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate consignments. Return those whose deallocation PRO does not confirm.

        They are claimed first, and stay claimed: whoever may be allocating one of them has ended, and nobody begins
        before what follows is recorded. Raises `RetryableError` if the claims can't be read or written.
        """
        answers: dict[ConsignmentReference, Deferred | Deallocated] = {}

        def work() -> None:
            claimed = self.claims.take(references, max(deadline.remaining_seconds(), 0) + self.patience_seconds)
            answers.update(
                {key: Deferred(DeferralCause.OUTCOME_UNKNOWN, seconds) for key, seconds in claimed.held.items()}
            )
            free = [reference for reference in references if reference not in claimed.held]
            kept: dict[ConsignmentReference, Deferred] = dict.fromkeys(free, Deferred(DeferralCause.OUTCOME_UNKNOWN))
            in_hand: Set[ConsignmentReference] = frozenset(free)
            try:
                kept, in_hand = self._deallocate(free, deadline)
            finally:
                # A late deallocation must not take away what somebody adopts, or allocates, meanwhile.
                self._end_claims(list(kept), claimed.until, in_hand)
            answers.update(dict.fromkeys(free, Deallocated()))
            answers.update(kept)
            # What others hold was not asked for: it says nothing about PRO's health.
            _raise_trouble({each: answers[each] for each in free})

        try:
            self.circuit.run(work)
        except CircuitOpenError as error:
            return dict.fromkeys(references, Deferred(error.cause, error.retry_after_seconds))
        except (OutageError, CredentialsError, NothingTriedError, CircuitStateError) as error:
            logger.warning("PRO is not healthy", extra={"error": type(error).__name__, "cause": str(error)})
        unanswered = {each: Deferred(DeferralCause.OUTAGE) for each in references if each not in answers}
        return unanswered | {key: answer for key, answer in answers.items() if isinstance(answer, Deferred)}

    def release_lost(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate the consignments that it was ever asked for. It holds none of the others for us."""
        taken = self.claims.ever_taken(references)
        asked = [reference for reference in references if reference in taken]
        return self.release(asked, deadline) if asked else {}

    def _deallocate(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> tuple[dict[ConsignmentReference, Deferred], Set[ConsignmentReference]]:
        """Ask for deallocations, then for the states.

        Return the consignments that may still be allocated, and those that PRO may deallocate later.
        """
        executor = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="pro")
        calls = ParallelCalls(self.client, executor, deadline, self.pauses)
        try:
            replies = calls.deallocate(references)
            states = calls.states(references)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
        verdicts = {
            each: judge_deallocation(each, replies[each], states[each], self.client.base_url) for each in references
        }
        kept = {reference: deferred for reference, deferred in verdicts.items() if deferred}
        return kept, {reference for reference, reply in replies.items() if may_still_deallocate(reply)}

    def _give_back(self, references: Sequence[ConsignmentReference], until: int, progress: Progress) -> None:
        """End the claims of consignments without an outcome: now, or when PRO can no longer be working on them."""
        unsettled = [each for each in references if isinstance(progress.answers.get(each), Deferred | None)]
        accepted = [each for each in unsettled if progress.is_accepted(each)]
        if accepted:
            self.claims.give_back(accepted, until, self.patience_seconds, accepted=True)
        others = [each for each in unsettled if not progress.is_accepted(each)]
        self._end_claims(others, until, {each for each in others if progress.is_in_hand(each)})

    def _end_claims(
        self, references: Sequence[ConsignmentReference], until: int, in_hand: Set[ConsignmentReference]
    ) -> None:
        """End claims now, or in as long as PRO may still execute what it has in hand."""
        for is_in_hand, seconds in ((False, 0.0), (True, self.patience_seconds)):
            if ended := [each for each in references if (each in in_hand) is is_in_hand]:
                self.claims.give_back(ended, until, seconds)

    def _allocate(
        self,
        references: Sequence[ConsignmentReference],
        claimed: Claimed,
        mode: AllocationMode,
        deadline: Deadline,
        progress: Progress,
    ) -> None:
        executor = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="pro")
        calls = ParallelCalls(self.client, executor, deadline, self.pauses)
        try:
            rounds = Rounds(mode, calls, progress, self.count, self.measure)
            rounds.watch(sorted(claimed.accepted))
            rounds.run(rounds.unallocated(references, claimed.asked_before), claimed.asked_before)
        finally:
            # A thread that hangs, for example in name resolution, must not delay the answer.
            executor.shutdown(wait=False, cancel_futures=True)


def _raise_trouble(answers: Mapping[ConsignmentReference, Outcome | Deallocated | Deferred]) -> None:
    """Raise what tells the circuit how healthy PRO is. One reply of PRO's own in a batch shows that it works."""
    causes = {answer.cause for answer in answers.values() if isinstance(answer, Deferred)}
    if any(not isinstance(answer, Deferred) for answer in answers.values()):
        return
    if DeferralCause.CREDENTIALS in causes:
        raise CredentialsError("PRO rejected the subscription key, or there is none")
    if causes & _SHOW_THAT_PRO_WORKS:
        return
    if causes <= _SAY_NOTHING:
        raise NothingTriedError(f"PRO's health is unknown: {', '.join(sorted(causes)) or 'there was nothing to ask'}")
    raise OutageError(f"PRO answered for no consignment of {len(answers)}: {', '.join(sorted(causes))}")
