"""Takes guards away that hold where SortedPRO allocates. `guards.py` has the histories in which each is missed."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from allocation.domain.outcome import Allocated, AllocationFailed, Failure
from allocation.domain.reference import ConsignmentReference
from allocation.pro import allocator as pro_allocator
from allocation.pro import changing, creating, state_verdicts
from allocation.pro import replies as pro_contract
from allocation.pro import rounds as pro_rounds
from allocation.pro import verdicts as pro_verdicts
from allocation.pro.allocator import ProAllocator
from allocation.pro.calls import AllocationCall
from allocation.pro.changing import Changing
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.client import ProReply
from allocation.pro.creating import Creating
from allocation.pro.credentials import SubscriptionKey
from allocation.pro.kept_claims import KeptClaim
from allocation.pro.ports import Claimed
from allocation.pro.releasing import Releasing, SettledAtPro
from allocation.pro.replies import ReplyItem, read_error
from allocation.pro.sender_allocator import SenderAllocator
from allocation.pro.settled_first import InUse, OpenClaims
from allocation.pro.verdicts import Doubtful, TryAgain


def without_read_back() -> AbstractContextManager[Any]:
    """A doubtful call is taken at its word: a failure is final, anything else is tried again."""

    def judge(_: Any, doubt: Any, *__: Any) -> AllocationFailed | TryAgain:
        return AllocationFailed(doubt.failure) if doubt.failure else TryAgain(doubt.cause)

    return patch.object(pro_rounds, "judge_state", judge)


def without_claims() -> AbstractContextManager[Any]:
    """Nobody knows what somebody else has asked for."""
    return patch.object(DynamoDBClaims, "take", lambda *_, **__: Claimed())


def without_reading_what_was_claimed() -> AbstractContextManager[Any]:
    """What somebody has asked for before is asked for as if it were new."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, *arguments: Any, **named: Any) -> Claimed:
        return replace(take(self, *arguments, **named), asked_before=frozenset())

    return patch.object(DynamoDBClaims, "take", careless)


def without_patience_for_deallocations() -> AbstractContextManager[Any]:
    """Whoever comes next need not wait for a deallocation whose reply was lost."""
    return patch.object(pro_allocator, "may_still_change", lambda _: False)


def without_patience_for_deallocations_of_updates() -> AbstractContextManager[Any]:
    """Whoever comes next adopts what an update had deallocated, though its reply was lost."""
    return patch.object(changing, "may_still_change", lambda _: False)


def without_waiting_for_who_is_at_it() -> AbstractContextManager[Any]:
    """What somebody may be asking for now is read and asked for all the same."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, *arguments: Any, **named: Any) -> Claimed:
        claimed = take(self, *arguments, **named)
        return replace(claimed, asked_before=claimed.asked_before | claimed.held.keys(), held={}, watched={})

    return patch.object(DynamoDBClaims, "take", careless)


def without_narrowing_down() -> AbstractContextManager[Any]:
    """What PRO says of a whole call counts for each consignment in it."""
    judge = pro_verdicts.judge

    def careless(call: AllocationCall, mode: Any, reply: Any) -> Any:
        alone = judge(replace(call, references=call.references[:1]), mode, reply)
        return (
            dict.fromkeys(call.references, next(iter(alone.values()))) if is_error(reply) else judge(call, mode, reply)
        )

    return patch.object(pro_rounds, "judge", careless)


def is_error(reply: Any) -> bool:
    return isinstance(reply, ProReply) and reply.status >= 400


def without_doubt() -> AbstractContextManager[Any]:
    """What PRO says is believed, though it says two things of one consignment."""

    def first(body: bytes) -> dict[str, ReplyItem]:
        summaries = [pro_contract.read_items(json.dumps([item]).encode()) for item in reversed(json.loads(body))]
        return {reference: item for summary in summaries for reference, item in summary.items()}

    return patch.object(pro_verdicts, "read_items", first)


def without_patience() -> AbstractContextManager[Any]:
    """PRO is asked again at once for what it may still be at."""
    judge_error = pro_verdicts._judge_error

    def careless(error: Any) -> Any:
        verdict = judge_error(error)
        return replace(verdict, open=False) if isinstance(verdict, Doubtful) else verdict

    return patch.object(pro_verdicts, "_judge_error", careless)


def without_patience_for_errors() -> AbstractContextManager[Any]:
    """An error that PRO answers counts as the end of the call, though PRO may be at it."""
    return _where_calls_end_with(lambda _: True)


def without_patience_for_failures_of_pro() -> AbstractContextManager[Any]:
    """So does only a 500 or 503 with an error of PRO's own."""
    return _where_calls_end_with(lambda reply: reply.status in (500, 503) and read_error(reply.body) is not None)


def _where_calls_end_with(is_end: Callable[[ProReply], bool]) -> AbstractContextManager[Any]:
    judge = pro_verdicts.judge

    def careless(call: AllocationCall, mode: Any, reply: Any) -> Any:
        verdicts = judge(call, mode, reply)
        ended = isinstance(reply, ProReply) and is_end(reply)
        return {
            each: replace(verdict, open=False) if ended and isinstance(verdict, Doubtful) else verdict
            for each, verdict in verdicts.items()
        }

    return patch.object(pro_rounds, "judge", careless)


def without_reading_after_throttling() -> AbstractContextManager[Any]:
    """What PRO says there are too many calls of is asked for again, unread."""
    return patch.object(pro_rounds.Rounds, "_after_reading", lambda _, chosen: list(chosen))


def without_waiting_for_the_set_up() -> AbstractContextManager[Any]:
    """A service group that PRO does not have is a failure of the consignment."""
    return patch.object(pro_verdicts, "_is_mode_unknown", lambda *_: False)


def without_waiting_for_arrivals() -> AbstractContextManager[Any]:
    """What PRO does not know yet has failed."""
    return patch.object(pro_rounds, "MAX_ARRIVAL", timedelta(0))


def without_asking_after_old_failures() -> AbstractContextManager[Any]:
    """A failure that PRO reports for a consignment counts, whoever asked for it, and whenever."""
    judge_state = state_verdicts.judge_state

    def careless(reference: Any, doubt: Any, reply: Any, base_url: str) -> Any:
        settled = judge_state(reference, doubt, reply, base_url)
        failed = isinstance(settled, TryAgain) and b'"AllocationFailed"' in reply.body
        return AllocationFailed(Failure("NoCarrierServiceAvailable", "")) if failed else settled

    return patch.object(pro_rounds, "judge_state", careless)


def without_fresh_keys() -> AbstractContextManager[Any]:
    """A key that PRO rejects is used on."""

    def careless(self: SubscriptionKey, _: Any) -> str:
        self._key = self._key or self._source()
        return self._key

    return patch.object(SubscriptionKey, "instead_of", careless)


def without_deallocations() -> AbstractContextManager[Any]:
    """What is cancelled is only recorded so."""
    return patch.object(ProAllocator, "release", lambda *_, **__: {})


def without_cancelling_what_was_created() -> AbstractContextManager[Any]:
    """What PRO has created is only deallocated there when it is cancelled."""
    return patch.object(SenderAllocator, "cancel_recorded", lambda *_: {})


def without_looking_before_creating() -> AbstractContextManager[Any]:
    """A consignment is created without a look whether PRO has it."""
    return patch.object(creating, "judge_search", lambda *_: [])


def without_a_second_look() -> AbstractContextManager[Any]:
    """One empty answer of PRO's search is believed."""

    def careless(self: Creating, references: Any, claimed: Claimed, created: Any, deadline: Any) -> None:
        self._look([*references, *claimed.watched], claimed, created, deadline)

    return patch.object(Creating, "_search", careless)


def without_waiting_for_the_search() -> AbstractContextManager[Any]:
    """A search is believed to show at once what PRO has created."""
    return patch.object(creating, "SEARCH_LAG_SHARE", 0.0)


def without_changing_what_was_created() -> AbstractContextManager[Any]:
    """PRO allocates an updated consignment with the content that it has."""
    return patch.object(Changing, "run", lambda *_: None)


def without_settling_at_pro_first() -> AbstractContextManager[Any]:
    """The engine allocates whatever it is given, also what PRO may have allocated."""
    return patch.object(OpenClaims, "among", lambda *_: frozenset())


def without_looking_for_the_first_claim() -> AbstractContextManager[Any]:
    """An environment of the engine that has found no claim does not look again."""
    look = OpenClaims._is_used
    found: dict[int, tuple[OpenClaims, bool]] = {}

    def careless(self: OpenClaims) -> bool:
        if id(self) not in found:
            found[id(self)] = self, look(self)
        return found[id(self)][1]

    return patch.object(OpenClaims, "_is_used", careless)


def without_looking_at_full_price_after_a_switch() -> AbstractContextManager[Any]:
    """The first look at records may lag also where the engine was writing them a moment ago."""
    return patch.object(InUse, "__call__", lambda _: True)


def without_patience_for_creations() -> AbstractContextManager[Any]:
    """Whoever comes next may create what PRO may still be creating."""

    def careless(self: Creating, claimed: Claimed, references: Sequence[ConsignmentReference], _: Any) -> None:
        if references:
            self.claims.give_back(claimed, references, 0)

    return patch.object(Creating, "_end", careless)


def without_claims_of_earlier_versions() -> AbstractContextManager[Any]:
    """What a version asked for whose claims don't say of which SortedPRO they are is asked for as if it were new."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, references: Any, *arguments: Any, **named: Any) -> Claimed:
        found, _ = self._found(references)
        earlier = {key for key, claim in found.items() if not claim.base_url}
        claimed = take(self, references, *arguments, **named)
        return replace(claimed, asked_before=claimed.asked_before - earlier)

    return patch.object(DynamoDBClaims, "take", careless)


def without_care_for_earlier_readers() -> AbstractContextManager[Any]:
    """A claim ends as soon as its outcome is recorded, also for who has read the records before."""
    every = (Allocated, AllocationFailed)
    return patch.multiple(pro_allocator, READER_SECONDS=0.0, AllocationFailed=every)


def without_claims_on_what_nobody_asked_for() -> AbstractContextManager[Any]:
    """What fails without PRO is only looked for among the claims: somebody may ask PRO for it in the next moment."""

    def careless(claims: Any, references: Any, _: Any) -> frozenset[ConsignmentReference]:
        return frozenset(each for each in references if each not in claims.ever_taken(references))

    contexts = ExitStack()
    for module in (pro_allocator, creating):
        contexts.enter_context(patch.object(module, "claimed_unasked", careless))
    return contexts


def without_the_claims_of_records() -> AbstractContextManager[Any]:
    """Who takes a consignment back takes any claim, also of who is still at it, and without having seen a record."""
    release = ProAllocator.release

    def careless(self: ProAllocator, *arguments: Any, is_recorded: bool = True, **named: Any) -> Any:  # noqa: ARG001
        return release(self, *arguments, **named)

    contexts = ExitStack()
    contexts.enter_context(patch.object(KeptClaim, "is_settled", lambda *_: True))
    contexts.enter_context(patch.object(ProAllocator, "release", careless))
    return contexts


def without_releasing_for_requests() -> AbstractContextManager[Any]:
    """What the API is asked to take back is only recorded so."""
    return patch.object(Releasing, "release", lambda *_: None)


def without_cancelling_for_requests() -> AbstractContextManager[Any]:
    """What PRO has created is only deallocated there when the API cancels it."""
    return patch.object(Releasing, "cancel_recorded", lambda *_: None)


class _NoClaims:
    """Claims that nobody sees, and that see nobody's."""

    def take(self, *_: Any, **__: Any) -> Claimed:
        return Claimed()

    def give_back(self, *_: Any, **__: Any) -> None:
        """Nothing was claimed."""


def without_claims_of_requests() -> AbstractContextManager[Any]:
    """The API takes a consignment back whoever is allocating it, and tells nobody that it does."""
    release = Releasing.release

    def careless(self: Releasing, reference: ConsignmentReference, named: Any) -> None:
        allocator: Any = self.allocator
        unclaimed = replace(allocator, allocator=replace(allocator.allocator, claims=_NoClaims()))
        release(replace(self, allocator=unclaimed), reference, named)

    return patch.object(Releasing, "release", careless)


def without_settling_at_pro_for_requests() -> AbstractContextManager[Any]:
    """The API of a stack that was switched to the engine allocates and cancels what SortedPRO may have allocated."""
    return patch.object(SettledAtPro, "require_settled", lambda *_: None)
