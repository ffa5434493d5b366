"""SortedPRO by the senders' own references: each consignment is created there once, and then allocated.

A consignment with a reference of PRO's is in PRO already.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from allocation.domain.consignment import Consignment
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Allocated, AllocationFailed, DeferralCause, Deferred, Outcome
from allocation.domain.record import NamedAtPro
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.ports import NOTHING_NAMED, Deadline
from allocation.pro.allocator import ProAllocator
from allocation.pro.creating import Creating
from allocation.pro.creation import without_personal

_Named = Mapping[ConsignmentReference, NamedAtPro]
_References = Sequence[ConsignmentReference]
# Claims that records name, by PRO's own references.
_Claims = Mapping[ConsignmentReference, str]


@frozen
class SenderAllocator:
    """The `Allocator` over PRO for consignments with references of their senders' as well."""

    allocator: ProAllocator
    creating: Creating

    def allocate(
        self, consignments: Sequence[Consignment], mode: AllocationMode, deadline: Deadline
    ) -> Mapping[ConsignmentReference, Outcome | Deferred]:
        """Create what PRO does not have, and have everything allocated. Raises `RetryableError`."""
        by_sender = {each.reference: each for each in consignments if not is_pro_reference(each.reference)}
        created = self.creating.created(by_sender, deadline)
        own = {each.reference: each for each in consignments if each.reference not in by_sender}
        # One may be in the batch by both of its references. It is one consignment, and each has its answer.
        at_pro = {there: replace(by_sender[each], reference=there) for each, there in created.links.items()} | own
        # What was created now has its content, and nobody else has seen it.
        sent = {there: by_sender[each] for each, there in created.links.items() if each not in created.new}
        answers = self.allocator.allocate(list(at_pro.values()), mode, deadline, sent) if at_pro else {}
        named = {each: _named(answers.get(there), there, by_sender[each]) for each, there in created.links.items()}
        return {**{each: answers[each] for each in own if each in answers}, **created.answers, **named}

    def prepare(self, asked: Sequence[tuple[Consignment, AllocationMode]]) -> None:
        """Do nothing: PRO is asked only for what is to be allocated."""

    def release(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named = NOTHING_NAMED,
        *,
        is_recorded: bool = True,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate consignments, as `ProAllocator` does. What was never created can't be created after."""

        def release(at_pro: _References, claims: _Claims) -> Mapping[ConsignmentReference, Deferred]:
            return self.allocator.release(at_pro, deadline, claims=claims, is_recorded=is_recorded)

        return self._released(release, references, deadline, named)

    def cancel_recorded(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named = NOTHING_NAMED,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO cancel what it has by senders' references. Their records keep everybody from allocating it."""
        recorded = _links(named)
        left = [each for each in references if not is_pro_reference(each) and each not in recorded]
        found = self.creating.known_at_pro(left, deadline) if left else {}
        links = {each: there for each, there in found.items() if isinstance(there, str)} | recorded
        links = {each: there for each, there in links.items() if not is_pro_reference(each)}
        kept = self.allocator.cancel_recorded(list(links.values()), deadline) if links else {}
        waiting = {each: answer for each, answer in found.items() if isinstance(answer, Deferred)}
        return waiting | {each: kept[there] for each, there in links.items() if there in kept}

    def release_lost(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named = NOTHING_NAMED,
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate the consignments that it was ever asked for."""
        recorded = _links(named)
        by_sender = [each for each in references if not is_pro_reference(each) and each not in recorded]
        unasked = self.creating.claimed_unasked(by_sender, deadline) if by_sender else frozenset()
        wanted = [each for each in references if each not in unasked]
        if not wanted:
            return {}
        return self._released(lambda at_pro, _: self.allocator.release_lost(at_pro, deadline), wanted, deadline, named)

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Let others ask PRO for these consignments, by its own references or, where it has none, the senders'."""
        self.allocator.settled(references)
        self.creating.settled(references)

    def _released(
        self,
        release: Callable[[_References, _Claims], Mapping[ConsignmentReference, Deferred]],
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        named: _Named,
    ) -> dict[ConsignmentReference, Deferred]:
        by_sender = [each for each in references if not is_pro_reference(each)]
        # A record is kept for longer than the link that was written before it.
        recorded = {each: there for each, there in _links(named).items() if each in by_sender}
        found = self.creating.looked_for([each for each in by_sender if each not in recorded], deadline)
        links = found.links | recorded
        own = [each for each in references if is_pro_reference(each)]
        at_pro = list(dict.fromkeys([*own, *links.values()]))
        claims = {links.get(each, each): claim for each, (_, claim) in named.items() if claim}
        kept = release(at_pro, claims) if at_pro else {}
        theirs = {each: kept[there] for each, there in links.items() if there in kept}
        waiting = {each: answer for each, answer in found.answers.items() if isinstance(answer, Deferred)}
        return {each: kept[each] for each in own if each in kept} | theirs | waiting


def _links(named: _Named) -> dict[ConsignmentReference, ConsignmentReference]:
    """Return PRO's own references of those whose records name one."""
    return {each: at_pro.reference for each, at_pro in named.items() if at_pro.reference}


def _named(answer: Outcome | Deferred | None, there: ConsignmentReference, sent: Consignment) -> Outcome | Deferred:
    """Return an allocator's answer for a consignment that was sent so, with PRO's own reference."""
    match answer:
        case None:
            return Deferred(DeferralCause.NO_ANSWER)
        case Deferred():
            return answer
        case AllocationFailed(failure):
            return replace(answer, failure=without_personal(failure, sent), pro_reference=there)
        case Allocated():
            return replace(answer, pro_reference=there)
        case _:
            assert_never(answer)
