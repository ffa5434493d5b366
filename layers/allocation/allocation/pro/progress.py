"""What has become of a batch so far, and why each consignment without an outcome is left for SortedPRO."""

from dataclasses import dataclass, field

from allocation.domain.outcome import DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.pro.ports import Watch


@dataclass(slots=True)
class Progress:
    """How far a batch has come. It is valid even after a crash in the middle of the batch."""

    answers: dict[ConsignmentReference, Outcome | Deferred] = field(default_factory=dict)
    # What PRO is being asked for, before any reply has been looked at.
    sent: set[ConsignmentReference] = field(default_factory=set)
    # What PRO was asked for by calls that it has not answered itself.
    open: set[ConsignmentReference] = field(default_factory=set)
    # What PRO has accepted.
    accepted: set[ConsignmentReference] = field(default_factory=set)
    # What replies were that could not be read. Each is logged once a batch.
    unreadable: set[str] = field(default_factory=set)

    def watch(self, reference: ConsignmentReference) -> Watch | None:
        """Return why a consignment without an outcome is left for PRO, or None if PRO has nothing in hand."""
        answer = self.answers.get(reference)
        cause = answer.cause if isinstance(answer, Deferred) else None
        if cause == DeferralCause.ALLOCATING:
            return Watch.ACCEPTED_AFRESH
        if reference in self.accepted:
            return Watch.ACCEPTED
        is_open = reference in self.sent or reference in self.open or cause == DeferralCause.ALLOCATOR_CRASHED
        return Watch.OPEN if is_open else None
