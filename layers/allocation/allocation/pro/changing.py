"""Gives consignments that SortedPRO has by senders' references the content of the events that ask for them.

PRO holds the content, and an update's must be in place before PRO allocates. PRO changes addresses and packages only in
the states Unallocated and AllocationFailed (its help, "Updating Existing Consignments"), so what a lost call has
allocated is deallocated first. Metadata says which event the content is from (`by_sender.marker`). All of this happens
under the claim on PRO's own reference, so nobody allocates meanwhile.
"""

from collections.abc import Mapping, Sequence

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.outcome import Cancelled, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference
from allocation.pro.by_sender import CHANGEABLE, FoundAtPro, read_found, why_not_read
from allocation.pro.calls import CallError, ParallelCalls
from allocation.pro.client import ProReply
from allocation.pro.creation import NotCreated, change_body, judge_change
from allocation.pro.ports import Claimed
from allocation.pro.progress import Progress
from allocation.pro.state import ALLOCATING_STATE, PASSING_STATES
from allocation.pro.state_verdicts import judge_deallocation, may_still_change


@frozen
class Changing:
    """Changes consignments of PRO's, and answers in `progress` for those that can't be allocated yet.

    `sent` are the consignments by PRO's references, as their senders sent them.
    """

    sent: Mapping[ConsignmentReference, Consignment]
    calls: ParallelCalls
    progress: Progress
    claimed: Claimed

    def run(self, free: Sequence[ConsignmentReference]) -> None:
        """Change what needs it of the consignments that are claimed. What others have left for PRO only waits."""
        watched = self.claimed.watched
        wanted = [each for each in (*free, *watched) if each in self.sent]
        to_deallocate: list[ConsignmentReference] = []
        to_change: list[ConsignmentReference] = []
        for reference, reply in self.calls.states(wanted).items():
            found = self._read(reference, reply)
            if found and found.state not in CHANGEABLE:
                self.progress.touched.add(reference)
            if found is None or self._has_content(reference, found) or not self._may_change(reference, found):
                continue
            (to_change if found.state in CHANGEABLE else to_deallocate).append(reference)
        self._change([*to_change, *self._deallocated(to_deallocate)])

    def _read(self, reference: ConsignmentReference, reply: ProReply | CallError) -> FoundAtPro | None:
        """Return what PRO has, or None where that has an answer, or needs none: PRO itself says what is not there."""
        if isinstance(reply, ProReply) and reply.status in (200, 404):
            found = read_found(reference, reply.body)
            if found is None and reply.status == 200:
                why = f"PRO's reply about {reference} can't be read"
                self.progress.answers[reference] = Deferred(DeferralCause.REPLY_UNREADABLE, why=why)
            return found
        self.progress.answers[reference] = why_not_read(reference, reply)
        return None

    def _has_content(self, reference: ConsignmentReference, found: FoundAtPro) -> bool:
        """Tell whether PRO has the content that is to be allocated, or one that nothing changes any more.

        An order-created event takes what there is, but for that of an update, which is not recorded yet.
        """
        sent = self.sent[reference]
        has_it = found.updated_by == sent.event_id if sent.is_update else found.updated_by is None
        return has_it or found.state == Cancelled.state

    def _may_change(self, reference: ConsignmentReference, found: FoundAtPro) -> bool:
        """Tell whether a consignment with other content may be changed now. Answer for it if not.

        An order-created event waits for an update of its own order, which is still to be recorded. For one of another
        order, which may be cancelled, nobody would come: whoever is recorded first has the consignment.
        """
        told = f"PRO has {reference} in state {found.state}, with the content of another event"
        sent = self.sent[reference]
        if not sent.is_update and found.order in (None, sent.order_reference):
            why = f"{told}, an update to come: if none is on the queue, redrive it from the DLQ, or send another"
            self.progress.answers[reference] = Deferred(DeferralCause.UNDER_WAY, why=why)
        elif reference in self.claimed.held:
            seconds = self.claimed.held[reference]
            self.progress.answers[reference] = Deferred(DeferralCause.UNDER_WAY, seconds, told)
        elif found.state in PASSING_STATES:
            is_allocating = found.state == ALLOCATING_STATE
            cause = DeferralCause.ALLOCATING if is_allocating else DeferralCause.OUTCOME_UNKNOWN
            self.progress.answers[reference] = Deferred(cause, why=told)
        return reference not in self.progress.answers

    def _deallocated(self, references: Sequence[ConsignmentReference]) -> list[ConsignmentReference]:
        """Have PRO deallocate consignments. Return those that it certainly has; answer for the others."""
        # A crash before it is judged leaves it so: PRO may execute what it was asked.
        self.progress.taking_back.update(references)
        replies = self.calls.deallocate(references)
        states = self.calls.states(references)
        done: list[ConsignmentReference] = []
        for reference in references:
            kept = judge_deallocation(reference, replies[reference], states[reference], self.calls.client.base_url)
            if kept is None:
                done.append(reference)
            else:
                self.progress.answers[reference] = kept
            if kept is None or not may_still_change(replies[reference]):
                self.progress.taking_back.discard(reference)
        return done

    def _change(self, references: Sequence[ConsignmentReference]) -> None:
        bodies = {each: change_body(self.sent[each], each) for each in references}
        self.progress.open.update(bodies)
        for reference, reply in self.calls.change(bodies).items():
            match judge_change(self.sent[reference], reference, reply):
                case None:
                    pass
                case NotCreated(deferred, open=is_open):
                    self.progress.answers[reference] = deferred
                    if is_open:
                        continue
                case failed:
                    self.progress.answers[reference] = failed
            self.progress.open.discard(reference)
