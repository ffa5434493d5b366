"""Takes away what makes claims hold, and what is made of SortedPRO's states. `guards.py` says where each is missed."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent

from allocation.aws.dynamodb.bulk_calls import Action
from allocation.domain.reference import ConsignmentReference
from allocation.ports import NOTHING_NAMED
from allocation.pro import allocator as pro_allocator
from allocation.pro import changing, creating, settled_first, state, state_verdicts
from allocation.pro import claims as pro_claims
from allocation.pro.allocator import ProAllocator
from allocation.pro.changing import Changing
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.client import ProReply
from allocation.pro.creating import Created, Creating
from allocation.pro.ports import Claimed, Watch
from allocation.pro.progress import Progress
from allocation.pro.settled_first import SettledFirst
from allocation.pro.verdicts import Doubtful


def without_the_condition_of_a_claim() -> AbstractContextManager[Any]:
    """A claim is written over whichever there is by now."""
    put = DynamoDBClaims._put

    def careless(self: DynamoDBClaims, *arguments: Any) -> Action:
        made = put(self, *arguments)["Put"]
        return {"Put": {"TableName": made["TableName"], "Item": made["Item"]}}

    return patch.object(DynamoDBClaims, "_put", careless)


def without_the_right_clock_of_new_claims() -> AbstractContextManager[Any]:
    """A new claim keeps the end that it got by a clock which AWS's answer has shown to be wrong."""
    was_right = DynamoDBClaims._was_right

    def careless(self: DynamoDBClaims, *arguments: Any) -> bool:
        was_right(self, *arguments)
        return True

    return patch.object(DynamoDBClaims, "_was_right", careless)


def without_claims_of_who_takes_back() -> AbstractContextManager[Any]:
    """Who takes a consignment back claims nothing: somebody may be asking for it, or adopt it."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, *arguments: Any, takes_back: bool = False) -> Claimed:
        return Claimed() if takes_back else take(self, *arguments)

    return patch.object(DynamoDBClaims, "take", careless)


def without_claims_until_it_is_recorded() -> AbstractContextManager[Any]:
    """Others may ask for what was taken back before a record says so."""
    take, release = DynamoDBClaims.take, ProAllocator._release
    taken: dict[Any, Claimed] = {}

    def noted(self: DynamoDBClaims, *arguments: Any, **named: Any) -> Claimed:
        taken[getcurrent()] = take(self, *arguments, **named)
        return taken[getcurrent()]

    def careless(self: ProAllocator, references: Any, *arguments: Any, **named: Any) -> Any:
        kept = release(self, references, *arguments, **named)
        done = [each for each in references if each not in kept]
        if done:
            self.claims.give_back(taken[getcurrent()], done, 0.0)
        return kept

    contexts = ExitStack()
    contexts.enter_context(patch.object(DynamoDBClaims, "take", noted))
    contexts.enter_context(patch.object(ProAllocator, "_release", careless))
    return contexts


def without_waiting_for_what_is_taken_back() -> AbstractContextManager[Any]:
    """What PRO may still deallocate is adopted if its state shows it allocated."""
    return patch.object(pro_claims, "_NOT_TO_BE_READ", (None, Watch.NOT_ASKED, Watch.SETTLED))


def without_remembering_who_asked() -> AbstractContextManager[Any]:
    """A claim that ends without an outcome says that PRO was not asked, though it may have been."""
    watch = Progress.watch

    def careless(self: Progress, reference: ConsignmentReference) -> Watch:
        return watch(self, reference) or Watch.NOT_ASKED

    return patch.object(Progress, "watch", careless)


def without_one_try() -> AbstractContextManager[Any]:
    """Each delivery is a try of its own: what PRO does not know may always arrive there yet."""
    return patch.object(pro_claims, "_SAME_TRY", timedelta(0))


def without_claims_of_creations() -> AbstractContextManager[Any]:
    """What PRO is to create is created by whoever comes, also at the same time."""

    def careless(
        _self: Creating, references: Sequence[ConsignmentReference], created: Created, _: Any
    ) -> tuple[Claimed, list[ConsignmentReference]]:
        return Claimed(), [each for each in references if created.lacks(each)]

    return patch.object(Creating, "_claim", careless)


def without_patience_after_throttled_creations() -> AbstractContextManager[Any]:
    """What PRO says there are too many calls of is created by whoever comes, before the search can show it."""
    return patch.object(creating, "_is_throttled", lambda _: False)


def without_looking_whose_state_it_is() -> AbstractContextManager[Any]:
    """The state of another consignment is taken for that of the one which was asked for."""
    read = state.read_consignment

    def careless(body: bytes, reference: ConsignmentReference, base_url: str) -> Any:
        other = re.search(rb'"Reference": ?"([^"]+)"', body)
        return read(body, ConsignmentReference(other[1].decode()) if other else reference, base_url)

    return patch.object(state_verdicts, "read_consignment", careless)


def without_waiting_for_open_calls() -> AbstractContextManager[Any]:
    """What PRO's state shows as unallocated is asked for again, though a call may still be executed."""
    waits_for = state_verdicts._waits_for

    def careless(reference: ConsignmentReference, doubt: Doubtful, status: Any) -> Any:
        return waits_for(reference, replace(doubt, open=False), status)

    return patch.object(state_verdicts, "_waits_for", careless)


def without_waiting_while_pro_allocates() -> AbstractContextManager[Any]:
    """What PRO's state shows as being allocated is asked for again."""
    return patch.multiple(state_verdicts, ALLOCATING_STATE="", PASSING_STATES=frozenset())


def without_passing_states_after_deallocations() -> AbstractContextManager[Any]:
    """What PRO is allocating counts as deallocated."""
    judge = state_verdicts._judge_deallocated_state

    def careless(*arguments: Any) -> Any:
        reply = arguments[1]
        is_passing = any(f'"{each}"'.encode() in reply.body for each in state.PASSING_STATES)
        return None if is_passing else judge(*arguments)

    return patch.object(state_verdicts, "_judge_deallocated_state", careless)


def without_waiting_for_an_update_to_come() -> AbstractContextManager[Any]:
    """An order is allocated with the content of an update that PRO has, and that is not recorded yet."""
    has_content = Changing._has_content

    def careless(self: Changing, reference: ConsignmentReference, found: Any) -> bool:
        return not self.sent[reference].is_update or has_content(self, reference, found)

    return patch.object(Changing, "_has_content", careless)


def without_waiting_with_releases_after_a_switch() -> AbstractContextManager[Any]:
    """The engine counts as released what PRO was asked for, and may have allocated."""

    def careless(
        self: SettledFirst, references: Any, deadline: Any, named: Any = NOTHING_NAMED, *, is_recorded: bool = True
    ) -> Any:
        return self.engine.release(references, deadline, named, is_recorded=is_recorded)

    return patch.object(SettledFirst, "release", careless)


def without_waiting_with_what_was_lost_before_a_switch() -> AbstractContextManager[Any]:
    """The engine takes back nothing of what PRO was asked for, and may have allocated."""

    def careless(self: SettledFirst, references: Any, deadline: Any, named: Any = NOTHING_NAMED) -> Any:
        return self.engine.release_lost(references, deadline, named)

    return patch.object(SettledFirst, "release_lost", careless)


def without_looking_what_a_claim_came_to() -> AbstractContextManager[Any]:
    """After a switch, any record counts as the outcome of whatever PRO was asked for."""
    return patch.object(settled_first, "_is_outcome", lambda *_: True)


def without_confirming_deallocations() -> AbstractContextManager[Any]:
    """A reply to a deallocation is believed, whatever PRO's state shows."""

    def careless(reference: Any, deallocation: Any, *others: Any) -> Any:
        is_answered = isinstance(deallocation, ProReply) and deallocation.status < 500
        return None if is_answered else state_verdicts.judge_deallocation(reference, deallocation, *others)

    contexts = ExitStack()
    for module in (pro_allocator, changing):
        contexts.enter_context(patch.object(module, "judge_deallocation", careless))
    return contexts
