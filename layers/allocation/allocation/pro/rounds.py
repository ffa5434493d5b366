"""The rounds in which SortedPRO is asked for a batch: calls in parallel, what they leave in doubt, and the next try."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Allocated, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.observability import crash, logger
from allocation.pro.calls import AllocationCall, allocation_call, allocation_calls
from allocation.pro.client import Reply
from allocation.pro.parallel import MINIMUM_SECONDS, ParallelCalls
from allocation.pro.verdicts import ASKED_BEFORE, Doubtful, TryAgain, Untouched, Verdict, judge, judge_state

if TYPE_CHECKING:
    from allocation.pro.allocator import ProAllocator

Judged = TypeVar("Judged")

MAX_ROUNDS: Final = 3
"""How often one consignment is asked for, at the most, before its message goes back to the queue."""
MAX_PAUSE_SECONDS: Final = 2.0
"""A longer wait is left to the queue: a function that sleeps is paid for."""
IN_DOUBT: Final = frozenset({"outcome_unknown", "state_forbidden", "allocator_crashed"})
"""Causes of no outcome with which PRO may have the consignment, or may be at it yet."""
NOT_JUDGED: Final[Verdict] = Doubtful("allocator_crashed", again=False, open=True)
STATE_NOT_JUDGED: Final[Outcome | Deferred | TryAgain] = Deferred("allocator_crashed")


@dataclass(slots=True)
class Progress:
    """How far a batch has come; it tells also where the batch crashes."""

    answers: dict[ConsignmentReference, Outcome | Deferred] = field(default_factory=dict)
    sent: set[ConsignmentReference] = field(default_factory=set)
    """What PRO is being asked for: no reply has been looked at."""
    open: set[ConsignmentReference] = field(default_factory=set)
    """What PRO was asked for by calls that it has not answered itself."""

    def is_in_hand(self, reference: ConsignmentReference) -> bool:
        """Whether PRO may carry out yet what it was asked for."""
        answer = self.answers.get(reference)
        is_in_doubt = isinstance(answer, Deferred) and answer.cause in IN_DOUBT
        return is_in_doubt or reference in self.sent or reference in self.open


@dataclass(frozen=True, slots=True)
class Rounds:
    """Asks PRO for one batch, round by round, and notes in `progress` what came of it."""

    allocator: "ProAllocator"
    mode: AllocationMode
    parallel: ParallelCalls
    progress: Progress

    def unallocated(
        self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]
    ) -> list[ConsignmentReference]:
        """Answers for what was allocated by an earlier try; returns the references that PRO is to be asked for."""
        self._settle({reference: ASKED_BEFORE for reference in references if reference in asked_before})
        return [reference for reference in references if reference not in self.progress.answers]

    def run(self, references: Sequence[ConsignmentReference], asked_before: Set[ConsignmentReference]) -> None:
        """Asks in rounds. What was tried before is asked for alone: in a list, one bad consignment held it back."""
        fresh = [reference for reference in references if reference not in asked_before]
        calls = allocation_calls(self.mode, fresh, self.allocator.bulk_size)
        calls += [allocation_call(self.mode, (each,)) for each in references if each in asked_before]
        for attempt in range(MAX_ROUNDS):
            again = self._round(calls)
            calls = self._worth_trying(again, attempt)
            if not calls:
                return

    def _round(self, calls: Sequence[AllocationCall]) -> dict[AllocationCall, TryAgain]:
        """Sends the calls, and reads back what they leave in doubt. Returns the calls that may be sent next."""
        again: dict[AllocationCall, TryAgain] = {}
        doubts: dict[ConsignmentReference, Doubtful] = {}
        self.progress.sent.update(reference for call in calls for reference in call.references)
        for call, reply in self.parallel.allocate(calls).items():
            if isinstance(reply, Reply):
                self.allocator.measure("ProAllocationMilliseconds", reply.milliseconds)
            crashed = dict.fromkeys(call.references, NOT_JUDGED)
            for reference, verdict in safely(partial(judge, call, self.mode, reply), crashed).items():
                match verdict:
                    case Allocated():
                        self.progress.answers[reference] = verdict
                    case Doubtful():
                        doubts[reference] = self._kept_open(reference, verdict)
                    case Untouched(cause, wish, final=True):
                        self.progress.answers[reference] = Deferred(cause, wish)
                    case Untouched(cause, wish):
                        again[call] = TryAgain(cause, wish)
            self.progress.sent.difference_update(call.references)
        return again | self._settle(doubts)

    def _kept_open(self, reference: ConsignmentReference, doubt: Doubtful) -> Doubtful:
        """The doubt, open where this or an earlier call of the batch may be carried out yet."""
        if doubt.open:
            self.progress.open.add(reference)
        return replace(doubt, open=reference in self.progress.open)

    def _settle(self, doubts: Mapping[ConsignmentReference, Doubtful]) -> dict[AllocationCall, TryAgain]:
        """Settles by PRO's own state what calls left in doubt; returns what is not allocated and may be tried again.

        Each is tried by itself, so that one bad reference of a bulk call does not hold back the others.
        """
        again: dict[AllocationCall, TryAgain] = {}
        for reference, reply in self.parallel.states(tuple(doubts)).items():
            base_url = self.allocator.client.base_url
            settled = safely(partial(judge_state, reference, doubts[reference], reply, base_url), STATE_NOT_JUDGED)
            if isinstance(settled, TryAgain):
                again[allocation_call(self.mode, (reference,))] = settled
                continue
            self.progress.answers[reference] = settled
            if isinstance(settled, Allocated):
                self.allocator.count("AllocationsAdopted", 1)
                logger.warning("allocation adopted from PRO", extra={"consignment": reference})
        return again

    def _worth_trying(self, again: Mapping[AllocationCall, TryAgain], attempt: int) -> list[AllocationCall]:
        """Pauses, and returns the calls to send then; the others are answered for as deferred."""
        soon = {
            call: reason for call, reason in again.items() if (reason.retry_after_seconds or 0) <= MAX_PAUSE_SECONDS
        }
        wishes = [float(reason.retry_after_seconds or 0) for reason in soon.values()]
        seconds = max([*wishes, self.allocator.backoff(attempt)])
        if attempt + 1 == MAX_ROUNDS or seconds > self.parallel.seconds_left - MINIMUM_SECONDS:
            soon = {}
        for call, reason in again.items():
            if call not in soon:
                deferred = Deferred(reason.cause, reason.retry_after_seconds)
                self.progress.answers.update(dict.fromkeys(call.references, deferred))
        if soon:
            self.allocator.pause(seconds)
        return list(soon)


def safely(judge_reply: Callable[[], Judged], otherwise: Judged) -> Judged:
    """What a reply means; `otherwise` where that crashes, for the other replies of the batch must be looked at too."""
    try:
        return judge_reply()
    except Exception as error:  # noqa: BLE001 - whatever it is
        logger.error("judging a reply of PRO's crashed", extra=crash(error))
        return otherwise
