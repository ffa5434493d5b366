"""The allocator over SortedPRO's API: in parallel, in rounds, and never twice for what may be allocated already.

What it needs of others is in `ports.py`; `claims.py` and `circuit.py` implement that over DynamoDB.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import field, replace
from datetime import datetime
from math import ceil
from types import MappingProxyType
from typing import Final

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import (
    Allocated,
    AllocationFailed,
    Cancelled,
    Deallocated,
    DeferralCause,
    Deferred,
    Outcome,
)
from allocation.domain.reference import ConsignmentReference
from allocation.ports import Deadline
from allocation.pro.calls import Pauses, parallel_calls
from allocation.pro.changing import Changing
from allocation.pro.client import ProClient
from allocation.pro.details import detailed
from allocation.pro.health import raise_trouble, run_guarded
from allocation.pro.ports import NO_CLAIMS, Circuit, Claimed, Claims, Watch
from allocation.pro.progress import (
    READER_SECONDS,
    Progress,
    by_claim,
    claimed_unasked,
    hold_seconds,
    unclaimed,
    with_time_to_adopt,
)
from allocation.pro.rounds import Rounds, is_unknown
from allocation.pro.state_verdicts import is_gone, judge_cancellation, judge_deallocation, may_still_change

_NOTHING_SENT: Final[Mapping[ConsignmentReference, Consignment]] = MappingProxyType({})


@frozen
class ProAllocator:
    """The `Allocator` over PRO's API. A failure is a `Deferred` or an outcome, never an exception."""

    client: ProClient
    claims: Claims
    circuit: Circuit
    # How long PRO, or a gateway before it, may still execute a call we abandoned. Nobody asks again before.
    patience_seconds: float
    # Returns aware UTC.
    now: Callable[[], datetime]
    # Receives `AllocationsAdopted`.
    count: Callable[[MetricName, int], None]
    # Receives `ProAllocationMilliseconds` of each allocation call that was answered.
    measure: Callable[[MetricName, int], None]
    pauses: Pauses
    # Whether each allocation is read once more, for its price and its delivery date.
    with_details: bool = False
    # The claims on what failed in the last calls, until that is recorded.
    _failed: dict[ConsignmentReference, Claimed] = field(default_factory=dict)

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,
        sent: Mapping[ConsignmentReference, Consignment] = _NOTHING_SENT,
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Answer for every consignment: ask PRO in rounds, each in parallel, while there is time.

        `sent` are those that PRO has by their senders' references, as they were sent: PRO gets the content of updates.

        The state of consignments that were claimed before is read first, so that PRO is not asked again for what it
        has allocated. Consignments that another caller may be asking for now return to the queue. Raises
        `RetryableError` if the claims can't be read or written.
        """
        references = list(dict.fromkeys(consignment.reference for consignment in consignments))
        held: dict[ConsignmentReference, Deferred] = {}
        progress = Progress()

        def work() -> None:
            # For as long as this environment can be working, and PRO on its last call.
            remaining = max(deadline.remaining_seconds(), 0)
            claimed = self.claims.take(references, remaining + self.patience_seconds)
            claimed = with_time_to_adopt(claimed, remaining)
            progress.touched.update(claimed.asked_before)
            held.update(unclaimed(claimed, self.client.base_url))
            free = [reference for reference in references if reference not in held]
            try:
                self._allocate(free, claimed, mode, deadline, progress, sent)
            finally:
                self._give_back(free, claimed, progress)
            raise_trouble(progress.answers)

        unanswered = run_guarded(self.circuit, work)
        return {
            reference: self._with_end(reference, held.get(reference), progress, unanswered) for reference in references
        }

    def _with_end(
        self, reference: ConsignmentReference, held: Deferred | None, progress: Progress, unanswered: Deferred
    ) -> Outcome | Deferred:
        """Return the answer for a consignment, and where it is left for PRO, when PRO may be asked for it again."""
        answer = progress.answers.get(reference, held or unanswered)
        if not isinstance(answer, Deferred):
            return answer
        hold = ceil(hold_seconds(progress.watch(reference), self.patience_seconds))
        seconds = held.retry_after_seconds if held else hold or None
        return answer if seconds is None else replace(answer, ready_in_seconds=seconds)

    def release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        *,
        is_recorded: bool = True,
        claims: Mapping[ConsignmentReference, str] = NO_CLAIMS,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate consignments. `claims` are those that their records name.

        Return those of which PRO does not confirm it. They are claimed first, and stay claimed: whoever may be
        allocating one of them has ended, and nobody begins before what follows is recorded. Raises `RetryableError` if
        the claims can't be read or written.

        Whoever has not seen their records (`is_recorded`) waits for those that were recorded a moment ago.
        """
        return self._release(references, deadline, claims if is_recorded else None)

    def _release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        over: Mapping[ConsignmentReference, str] | None,
    ) -> Mapping[ConsignmentReference, Deferred]:
        answers: dict[ConsignmentReference, Deferred | Deallocated] = {}

        def work() -> None:
            seconds = max(deadline.remaining_seconds(), 0) + self.patience_seconds
            claimed = self.claims.take(references, seconds, over, takes_back=True)
            not_claimed = unclaimed(claimed, self.client.base_url)
            answers.update(not_claimed)
            free = [reference for reference in references if reference not in not_claimed]
            kept: dict[ConsignmentReference, Deferred] = dict.fromkeys(free, Deferred(DeferralCause.OUTCOME_UNKNOWN))
            in_hand: Set[ConsignmentReference] = frozenset(free)
            try:
                kept, in_hand = self._take_back(free, deadline)
            finally:
                # A late deallocation must not take away what somebody adopts, or allocates, meanwhile.
                for is_in_hand, seconds in ((False, 0.0), (True, self.patience_seconds)):
                    self._end_claims(claimed, [each for each in kept if (each in in_hand) is is_in_hand], seconds)
            answers.update(dict.fromkeys(free, Deallocated()))
            answers.update(kept)
            # What others hold was not asked for: it says nothing about PRO's health.
            raise_trouble({each: answers[each] for each in free})

        deferred = run_guarded(self.circuit, work)
        unanswered = {each: deferred for each in references if each not in answers}
        return unanswered | {key: answer for key, answer in answers.items() if isinstance(answer, Deferred)}

    def cancel_recorded(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO cancel consignments whose records are cancelled. Return those of which its state does not show it.

        Nothing is claimed: a cancellation that PRO executes late takes nothing from anybody.
        """
        verdicts: dict[ConsignmentReference, Deferred | Cancelled] = {}

        def work() -> None:
            with parallel_calls(self.client, deadline, self.pauses) as calls:
                states = calls.states(references)
                # PRO cancels one that is cancelled no second time.
                left = [each for each in references if not is_gone(states[each])]
                replies = calls.cancel(left)
                states |= calls.states(left)
            verdicts.update(dict.fromkeys(references, Cancelled()))
            verdicts.update(
                {each: why for each in left if (why := judge_cancellation(each, replies[each], states[each]))}
            )
            raise_trouble(verdicts)

        unanswered = run_guarded(self.circuit, work)
        answers = {each: verdicts.get(each, unanswered) for each in references}
        return {each: answer for each, answer in answers.items() if isinstance(answer, Deferred)}

    def release_lost(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate the consignments that it was ever asked for. It holds none of the others for us."""
        unasked = claimed_unasked(self.claims, references, deadline)
        asked = [reference for reference in references if reference not in unasked]
        return self._release(asked, deadline, over=None) if asked else {}

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Shorten the claims of consignments whose failure is recorded: another event may try them again.

        Others may have read the records before, and have long to take back what they believe to be lost. Who wants
        something of an allocation has its record, which names the claim.
        """
        for claimed, ended in by_claim(self._failed, references):
            self._end_claims(claimed, ended, READER_SECONDS, Watch.SETTLED)
        self._failed.clear()

    def _take_back(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> tuple[dict[ConsignmentReference, Deferred], Set[ConsignmentReference]]:
        """Ask for deallocations, then for the states.

        Return the consignments of which PRO's state does not show that, and those that PRO may still change later.
        """
        with parallel_calls(self.client, deadline, self.pauses) as calls:
            replies = calls.deallocate(references)
            states = calls.states(references)
            verdicts = {
                each: judge_deallocation(each, replies[each], states[each], self.client.base_url) for each in references
            }
        kept = {reference: deferred for reference, deferred in verdicts.items() if deferred}
        return kept, {reference for reference, reply in replies.items() if may_still_change(reply)}

    def _give_back(self, references: Sequence[ConsignmentReference], claimed: Claimed, progress: Progress) -> None:
        """End the claims of consignments without an outcome: now, or when PRO can no longer be working on them."""
        unsettled = [each for each in references if isinstance(progress.answers.get(each), Deferred | None)]
        for watch in (None, *Watch):
            ended = [each for each in unsettled if progress.watch(each) is watch]
            self._end_claims(claimed, ended, hold_seconds(watch, self.patience_seconds), watch)
        unknown = [each for each in references if is_unknown(progress.answers.get(each))]
        self._end_claims(claimed, unknown, watch=Watch.SETTLED, is_over=True)
        failed = [each for each in references if isinstance(progress.answers.get(each), AllocationFailed)]
        self._failed.update(dict.fromkeys((each for each in failed if each not in unknown), claimed))
        for reference in references:
            answer = progress.answers.get(reference)
            if isinstance(answer, Allocated) and answer.by:
                progress.answers[reference] = replace(answer, by=replace(answer.by, claim=claimed.holder))

    def _end_claims(
        self,
        claimed: Claimed,
        references: Sequence[ConsignmentReference],
        seconds: float = 0.0,
        watch: Watch | None = None,
        *,
        is_over: bool = False,
    ) -> None:
        if references:
            self.claims.give_back(claimed, references, seconds, watch, is_over=is_over)

    def _allocate(
        self,
        references: Sequence[ConsignmentReference],
        claimed: Claimed,
        mode: AllocationMode,
        deadline: Deadline,
        progress: Progress,
        sent: Mapping[ConsignmentReference, Consignment],
    ) -> None:
        with parallel_calls(self.client, deadline, self.pauses) as calls:
            if sent:
                Changing(sent, calls, progress, claimed).run(references)
                references = [each for each in references if each not in progress.answers]
            rounds = Rounds(mode, calls, progress, claimed, self.now, self.count, self.measure, self.with_details)
            rounds.watch()
            rounds.run(rounds.unallocated(references, claimed.asked_before), claimed.asked_before)
            if self.with_details:
                progress.answers |= detailed(progress.answers, calls)
