"""What has become of a batch so far, and why each consignment without an outcome is left for SortedPRO."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, assert_never

from allocation.domain.outcome import DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.ports import Deadline
from allocation.pro.ports import Claimed, Claims, Watch

# Longer than any function lives that may have read the records before an outcome was written (`template.yaml`).
READER_SECONDS: Final = 70.0

# PRO has promised what it accepted, so it is given so many times its patience before it is asked again.
_ACCEPTED_PATIENCE: Final = 12


@dataclass(slots=True)
class Progress:
    """How far a batch has come. It is valid even after a crash in the middle of the batch."""

    answers: dict[ConsignmentReference, Outcome | Deferred] = field(default_factory=dict)
    # What PRO is being asked for, before any reply has been looked at.
    sent: set[ConsignmentReference] = field(default_factory=set)
    # What PRO was asked for by calls that it has not answered itself.
    open: set[ConsignmentReference] = field(default_factory=set)
    # What PRO may still deallocate.
    taking_back: set[ConsignmentReference] = field(default_factory=set)
    # What PRO may have been asked for, by a call of this batch that may have reached it, or before.
    touched: set[ConsignmentReference] = field(default_factory=set)
    # What PRO has accepted.
    accepted: set[ConsignmentReference] = field(default_factory=set)
    # What replies were that could not be read. Each is logged once a batch.
    unreadable: set[str] = field(default_factory=set)

    def watch(self, reference: ConsignmentReference) -> Watch | None:
        """Return why a consignment without an outcome is left for PRO, or None if PRO has nothing in hand."""
        if reference in self.taking_back:
            return Watch.TAKING_BACK
        answer = self.answers.get(reference)
        cause = answer.cause if isinstance(answer, Deferred) else None
        if cause == DeferralCause.ALLOCATING:
            return Watch.ACCEPTED_AFRESH
        if reference in self.accepted:
            return Watch.ACCEPTED
        is_open = reference in self.sent or reference in self.open or cause == DeferralCause.ALLOCATOR_CRASHED
        if is_open:
            return Watch.OPEN
        # Without an answer a crash came first: the next try asks for each by itself, as for what was asked before.
        return None if reference in self.touched or answer is None else Watch.NOT_ASKED


def hold_seconds(watch: Watch | None, patience_seconds: float) -> float:
    """Return how long nobody asks PRO again for what was left for it."""
    match watch:
        case None | Watch.NOT_ASKED:
            return 0.0
        case Watch.OPEN | Watch.ACCEPTED | Watch.TAKING_BACK | Watch.SETTLED:
            return patience_seconds
        case Watch.ACCEPTED_AFRESH:
            return patience_seconds * _ACCEPTED_PATIENCE
        case _:
            assert_never(watch)


def with_time_to_adopt(claimed: Claimed, remaining_seconds: float) -> Claimed:
    """Return the claims, of those that are watched only what another's claim holds until what we adopt is recorded.

    `remaining_seconds` is how long this may take. Whoever read the records before that may take back what seems to be
    lost, once the claim has ended, and lives for `READER_SECONDS`. What is left waits for that end, and is claimed.
    """
    least = remaining_seconds + READER_SECONDS
    watched = {each: watch for each, watch in claimed.watched.items() if claimed.held[each] >= least}
    return replace(claimed, watched=watched)


def by_claim(
    kept: Mapping[ConsignmentReference, Claimed], references: Sequence[ConsignmentReference]
) -> Iterator[tuple[Claimed, list[ConsignmentReference]]]:
    """Yield the claims that were kept on these consignments, each with its own."""
    there = [each for each in dict.fromkeys(references) if each in kept]
    for claimed in {id(kept[each]): kept[each] for each in there}.values():
        yield claimed, [each for each in there if kept[each] is claimed]


def claimed_unasked(
    claims: Claims, references: Sequence[ConsignmentReference], deadline: Deadline
) -> frozenset[ConsignmentReference]:
    """Claim the consignments that nobody ever asked PRO for, and return them. Raises `RetryableError`.

    Others who read the records before may be about to ask, and find the claim as long as they live.
    """
    seconds = max(deadline.remaining_seconds(), 0) + READER_SECONDS
    taken = claims.ever_taken(references)
    left = [each for each in references if each not in taken]
    claimed = claims.take(left, seconds) if left else Claimed()
    known = {*claimed.asked_before, *claimed.held, *claimed.elsewhere}
    unasked = [each for each in left if each not in known]
    if unasked:
        # PRO has nothing of them, whatever becomes of their orders.
        claims.give_back(claimed, unasked, seconds, Watch.SETTLED)
    return frozenset(unasked)


def unclaimed(claimed: Claimed, here: str) -> dict[ConsignmentReference, Deferred]:
    """Return why consignments wait that are not claimed: for another caller, or for the PRO they were asked at."""
    waiting = {
        key: Deferred(
            DeferralCause.OUTCOME_UNKNOWN,
            seconds,
            f"PRO was asked for {key} {_at(claimed.since.get(key))}, and nobody has seen what became of it",
        )
        for key, seconds in claimed.held.items()
    }
    return waiting | {key: _asked_elsewhere(key, there, here) for key, there in claimed.elsewhere.items()}


def _at(since: datetime | None) -> str:
    return f"at {since:%Y-%m-%dT%H:%M:%SZ}" if since else "before"


def _asked_elsewhere(reference: ConsignmentReference, there: str, here: str) -> Deferred:
    """Return why nothing is done here for a consignment that another PRO may hold."""
    told = f"{reference} was asked for at {there}, and this stack calls {here}"
    return Deferred(DeferralCause.MISCONFIGURED, why=f"{told}: set ProBaseUrl back until it has its outcome")
