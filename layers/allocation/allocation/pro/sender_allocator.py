"""SortedPRO by the senders' own references: each consignment is created there once, and then allocated.

A consignment with a reference of PRO's is in PRO already.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import DeferralCause, Deferred, Outcome
from allocation.domain.reference import ConsignmentReference, is_pro_reference
from allocation.ports import Allocator, Deadline
from allocation.pro.creating import Creating


@dataclass(frozen=True, slots=True)
class SenderAllocator:
    """The `Allocator` over PRO for consignments with references of their senders' as well."""

    allocator: Allocator
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
        answers = self.allocator.allocate(list(at_pro.values()), mode, deadline) if at_pro else {}
        named = {each: _named(answers.get(there), there) for each, there in created.links.items()}
        return {**{each: answers[each] for each in own if each in answers}, **created.answers, **named}

    def release(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate consignments, as `ProAllocator` does. What was never created can't be created after."""
        return self._released(self.allocator.release, references, deadline)

    def release_lost(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> Mapping[ConsignmentReference, Deferred]:
        """Have PRO deallocate the consignments that it was ever asked for."""
        by_sender = [each for each in references if not is_pro_reference(each)]
        asked = self.creating.ever_asked(by_sender) if by_sender else frozenset()
        wanted = [each for each in references if each in asked or is_pro_reference(each)]
        return self._released(self.allocator.release_lost, wanted, deadline) if wanted else {}

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """Let others ask PRO for these consignments of its own."""
        self.allocator.settled(references)

    def _released(
        self,
        release: Callable[[Sequence[ConsignmentReference], Deadline], Mapping[ConsignmentReference, Deferred]],
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
    ) -> dict[ConsignmentReference, Deferred]:
        by_sender = [each for each in references if not is_pro_reference(each)]
        found = self.creating.looked_for(by_sender, deadline)
        own = [each for each in references if is_pro_reference(each)]
        at_pro = list(dict.fromkeys([*own, *found.links.values()]))
        kept = release(at_pro, deadline) if at_pro else {}
        named = {each: kept[there] for each, there in found.links.items() if there in kept}
        waiting = {each: answer for each, answer in found.answers.items() if isinstance(answer, Deferred)}
        return {each: kept[each] for each in own if each in kept} | named | waiting


def _named(answer: Outcome | Deferred | None, there: ConsignmentReference) -> Outcome | Deferred:
    """Return an allocator's answer for a consignment with PRO's own reference."""
    match answer:
        case None:
            return Deferred(DeferralCause.NO_ANSWER)
        case Deferred():
            return answer
        case _:
            return replace(answer, pro_reference=there)
