"""Creates consignments in SortedPRO, each once, by the references of their senders.

Each is looked for there before it is created. A claim under its sender's reference keeps everybody else from creating
it, for as long as a call may be under way that PRO has not answered (`docs/decisions/0126-*`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import AllocationFailed, DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Deadline
from allocation.pro.by_sender import judge_found, judge_search
from allocation.pro.calls import Pauses, parallel_calls
from allocation.pro.client import ProClient
from allocation.pro.creation import NotCreated, creation_body, judge_creation
from allocation.pro.health import raise_trouble, run_guarded
from allocation.pro.ports import Circuit, Claimed, Claims, Watch
from allocation.pro.progress import by_claim, claimed_unasked

# PRO's search may show a consignment later than it was created: two minutes beside the usual patience of five.
SEARCH_LAG_SHARE: Final = 0.4
# Before a consignment is created that may have been created before, its absence is seen twice, so far apart.
SECOND_LOOK_SECONDS: Final = 1.0

_Linked = Mapping[ConsignmentReference, ConsignmentReference]


class Links(Protocol):
    """Remembers PRO's own references by the senders'. Both raise `RetryableError`."""

    def find(self, references: Sequence[ConsignmentReference]) -> _Linked:
        """Return PRO's reference of each consignment that was created for this stack, or found there."""

    def keep(self, links: _Linked) -> None:
        """Remember PRO's references."""


@dataclass(slots=True)
class Created:
    """PRO's references, by the senders', and the answers for consignments without one."""

    links: dict[ConsignmentReference, ConsignmentReference] = field(default_factory=dict)
    answers: dict[ConsignmentReference, AllocationFailed | Deferred] = field(default_factory=dict)
    # Those that PRO is being asked to create, or may still create.
    open: set[ConsignmentReference] = field(default_factory=set)
    # Those that PRO was asked to create, or may have something for.
    asked: set[ConsignmentReference] = field(default_factory=set)
    # Those that are claimed, and that PRO does not have.
    absent: set[ConsignmentReference] = field(default_factory=set)
    # Those that PRO was asked about: only their answers say how healthy it is.
    searched: set[ConsignmentReference] = field(default_factory=set)
    # Those that PRO has just created.
    new: set[ConsignmentReference] = field(default_factory=set)

    def lacks(self, reference: ConsignmentReference) -> bool:
        """Tell whether nothing is known of a consignment yet."""
        return reference not in self.links and reference not in self.answers


@frozen
class Creating:
    """Knows which consignment of PRO's has which reference of its sender's, and has PRO create the others."""

    client: ProClient
    claims: Claims
    links: Links
    circuit: Circuit
    # How long PRO may still execute a call we abandoned, as for `ProAllocator`.
    patience_seconds: float
    pauses: Pauses
    # The claims on what PRO refused to create in the last calls, until that is recorded.
    _refused: dict[ConsignmentReference, Claimed] = field(default_factory=dict)

    @property
    def search_lag_seconds(self) -> float:
        """How much later than its creation PRO's search shows a consignment at most."""
        return self.patience_seconds * SEARCH_LAG_SHARE

    def looked_for(self, references: Sequence[ConsignmentReference], deadline: Deadline) -> Created:
        """Return PRO's references, and claim the consignments of which there is none: nobody creates them meanwhile."""
        found = Created(dict(self.links.find(references)) if references else {})
        left = [each for each in references if each not in found.links]

        def work() -> None:
            claimed, free = self._claim(left, found, deadline)
            self._search([each for each in free if each in claimed.asked_before], claimed, found, deadline)
            self._end(claimed, [each for each in free if each in found.answers], found)
            found.absent.update(each for each in free if found.lacks(each))

        self._guarded(work, left, found)
        return found

    def ever_asked(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that PRO was ever asked to create, or has. Raises `RetryableError`."""
        return self.claims.ever_taken(references).union(self.links.find(references))

    def claimed_unasked(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> frozenset[ConsignmentReference]:
        """Claim what PRO was never asked to create and does not have, and return that. Raises `RetryableError`."""
        links = self.links.find(references)
        return claimed_unasked(self.claims, [each for each in references if each not in links], deadline)

    def known_at_pro(
        self, references: Sequence[ConsignmentReference], deadline: Deadline
    ) -> dict[ConsignmentReference, ConsignmentReference | Deferred]:
        """Return PRO's references of what it has, and why that is not known; nothing of what PRO has not.

        Nothing is claimed: this is for consignments that nobody creates any more. Raises `RetryableError`.
        """
        found: dict[ConsignmentReference, ConsignmentReference | Deferred] = dict(self.links.find(references))
        left = [each for each in references if each not in found]
        asked = self.claims.ever_taken(left) if left else frozenset()
        for _ in range(2):
            unseen = [each for each in left if each in asked and each not in found]
            looked = self._found(unseen, deadline) if unseen else {}
            found |= {each: there for each, there in looked.items() if there is not None}
        return found

    def created(self, consignments: Mapping[ConsignmentReference, Consignment], deadline: Deadline) -> Created:
        """Return PRO's references of consignments: known, found there, or created now."""
        created = Created(dict(self.links.find(list(consignments))) if consignments else {})
        left = [each for each in consignments if each not in created.links]

        def work() -> None:
            claimed, free = self._claim(left, created, deadline)
            try:
                self._search(free, claimed, created, deadline)
                self._create([consignments[each] for each in free if created.lacks(each)], created, deadline)
            finally:
                self._end(claimed, [each for each in free if each not in created.links], created)

        self._guarded(work, left, created)
        return created

    def settled(self, references: Sequence[ConsignmentReference]) -> None:
        """End the claims of consignments that PRO refused to create, once that is recorded."""
        for claimed, ended in by_claim(self._refused, references):
            self.claims.give_back(claimed, ended, 0, Watch.SETTLED)
        self._refused.clear()

    def _guarded(self, work: Callable[[], None], left: Sequence[ConsignmentReference], found: Created) -> None:
        """Do the work unless a circuit is open. Answer for whatever it leaves out."""
        if not left:
            return

        def watched() -> None:
            work()
            raise_trouble({each: found.answers.get(each) for each in found.searched})

        unanswered = run_guarded(self.circuit, watched)
        found.answers |= {each: unanswered for each in left if found.lacks(each) and each not in found.absent}

    def _claim(
        self, references: Sequence[ConsignmentReference], created: Created, deadline: Deadline
    ) -> tuple[Claimed, list[ConsignmentReference]]:
        """Claim consignments. Return the claims, and what is claimed and has no link yet.

        Whoever had a claim before may have created the consignment meanwhile.
        """
        seconds = max(deadline.remaining_seconds(), 0) + self.patience_seconds + self.search_lag_seconds
        claimed = self.claims.take(references, seconds)
        here = self.client.base_url
        created.answers |= {key: _elsewhere(key, there, here) for key, there in claimed.elsewhere.items()}
        created.answers |= {
            key: Deferred(DeferralCause.OUTCOME_UNKNOWN, seconds, f"PRO is being asked to create {key}")
            for key, seconds in claimed.held.items()
            if key not in claimed.watched
        }
        before = [each for each in references if each in claimed.asked_before]
        created.links |= self.links.find(before) if before else {}
        return claimed, [each for each in references if created.lacks(each) and each not in claimed.held]

    def _search(
        self, references: Sequence[ConsignmentReference], claimed: Claimed, created: Created, deadline: Deadline
    ) -> None:
        """Look for consignments in PRO by their senders' references, also for what others have left for PRO.

        What somebody may have created before is looked for twice: one empty answer may be false.
        """
        self._look([*references, *claimed.watched], claimed, created, deadline)
        again = [each for each in references if each in claimed.asked_before and created.lacks(each)]
        if again:
            self.pauses.sleep(SECOND_LOOK_SECONDS)
            self._look(again, claimed, created, deadline)

    def _look(
        self, wanted: Sequence[ConsignmentReference], claimed: Claimed, created: Created, deadline: Deadline
    ) -> None:
        created.searched.update(wanted)
        found = self._found(wanted, deadline, created.asked)
        created.links |= {each: there for each, there in found.items() if isinstance(there, str)}
        created.answers |= {each: why for each, why in found.items() if isinstance(why, Deferred)}
        created.answers |= {
            key: Deferred(DeferralCause.UNDER_WAY, claimed.held[key], f"PRO may still be creating {key}")
            for key in claimed.watched
            if created.lacks(key)
        }
        self._keep({each: created.links[each] for each in wanted if each in created.links})

    def _found(
        self,
        references: Sequence[ConsignmentReference],
        deadline: Deadline,
        shown: set[ConsignmentReference] | None = None,
    ) -> dict[ConsignmentReference, ConsignmentReference | Deferred | None]:
        """Return the consignment in PRO with each reference of its sender's, None where there is none.

        Add to `shown` those of which the search shows something, whatever its state is.
        """
        with parallel_calls(self.client, deadline, self.pauses) as calls:
            listed = {each: judge_search(each, reply) for each, reply in calls.find(references).items()}
            named = [there for found in listed.values() if not isinstance(found, Deferred) for there in found]
            if shown is not None:
                shown.update(each for each, found in listed.items() if _shows_something(found))
            details = calls.states(list(dict.fromkeys(named)))
        return {
            each: found if isinstance(found, Deferred) else judge_found(each, {key: details[key] for key in found})
            for each, found in listed.items()
        }

    def _create(self, consignments: Sequence[Consignment], created: Created, deadline: Deadline) -> None:
        """Have PRO create consignments, once each."""
        by_sender = {each.reference: each for each in consignments}
        created.open.update(by_sender)
        created.asked.update(by_sender)
        with parallel_calls(self.client, deadline, self.pauses) as calls:
            replies = calls.create({each: creation_body(consignment) for each, consignment in by_sender.items()})
        new: dict[ConsignmentReference, ConsignmentReference] = {}
        for reference, reply in replies.items():
            match judge_creation(by_sender[reference], reply):
                case AllocationFailed() as failed:
                    created.answers[reference] = failed
                case NotCreated(deferred, open=True):
                    created.answers[reference] = deferred
                    continue
                case NotCreated(deferred):
                    created.answers[reference] = deferred
                case there:
                    new[reference] = there
            created.open.discard(reference)
        created.links |= new
        created.new.update(new)
        self._keep(new)

    def _keep(self, links: _Linked) -> None:
        """Remember PRO's references. What is not remembered is found again by its sender's reference."""
        try:
            if links:
                self.links.keep(links)
        except RetryableError as error:
            logger.warning("references not kept", extra={"cause": str(error), "consignments": list(links)})

    def _end(self, claimed: Claimed, references: Sequence[ConsignmentReference], created: Created) -> None:
        """End the claims of consignments that PRO does not have: now, or when PRO can no longer be creating them.

        What PRO refused to create is ended once that is recorded.
        """
        refused = [each for each in references if isinstance(created.answers.get(each), AllocationFailed)]
        self._refused.update(dict.fromkeys(refused, claimed))
        throttled = [each for each in references if _is_throttled(created.answers.get(each))]
        left = [each for each in references if each in created.open]
        kept = {*created.open, *throttled, *refused}
        others = [each for each in references if each not in kept]
        if left:
            self.claims.give_back(claimed, left, self.patience_seconds + self.search_lag_seconds, Watch.OPEN)
        if throttled:
            # PRO may have created it before it answered so.
            self.claims.give_back(claimed, throttled, self.search_lag_seconds)
        for is_asked, watch in ((True, None), (False, Watch.NOT_ASKED)):
            ended = [each for each in others if (each in created.asked or each in claimed.asked_before) is is_asked]
            if ended:
                self.claims.give_back(claimed, ended, 0, watch)


def _shows_something(found: list[ConsignmentReference] | Deferred) -> bool:
    """Tell whether PRO may have a consignment by what its search answers."""
    if isinstance(found, Deferred):
        return found.cause in (DeferralCause.MISCONFIGURED, DeferralCause.REPLY_UNREADABLE)
    return bool(found)


def _is_throttled(answer: AllocationFailed | Deferred | None) -> bool:
    return isinstance(answer, Deferred) and answer.cause == DeferralCause.THROTTLED


def _elsewhere(reference: ConsignmentReference, there: str, here: str) -> Deferred:
    told = f"{reference} was created at {there}, or is being created, and this stack calls {here}"
    return Deferred(DeferralCause.MISCONFIGURED, why=f"{told}: set ProBaseUrl back")
