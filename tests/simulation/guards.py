"""The guards of the guarantee: how to take each away, and the histories in which that is missed."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from allocation.aws.dynamodb import bulk_calls, insertions, record_steps, record_writes, search_index
from allocation.aws.dynamodb.bulk_calls import CancelledError, write_all
from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.aws.dynamodb.limit_usage import DynamoDBLimitUsage
from allocation.aws.dynamodb.search_index import DynamoDBIndexWriter
from allocation.aws.sns import SnsPublisher
from allocation.aws.sqs import SqsRefusedMessages
from allocation.console.entries import Entry
from allocation.domain.outcome import Allocated, AllocationFailed, Failure
from allocation.domain.record import RecordSeen
from allocation.domain.reference import ConsignmentReference
from allocation.orders import allocate_orders as workflow
from allocation.orders import cancelling
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.batch_report import BatchReport
from allocation.orders.cancelling import Cancelling
from allocation.orders.updating import Updating
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
from allocation.pro.replies import ReplyItem
from allocation.pro.sender_allocator import SenderAllocator
from allocation.pro.settled_first import OpenClaims
from allocation.pro.verdicts import Doubtful, TryAgain
from allocation.records import kept_summary
from tests.simulation import contents, environments
from tests.simulation.aws import ANYHOW
from tests.simulation.world import Fault, Plan


def without_read_back() -> AbstractContextManager[Any]:
    """A doubtful call is taken at its word: a failure is final, anything else is tried again."""

    def judge(_: Any, doubt: Any, *__: Any) -> AllocationFailed | TryAgain:
        return AllocationFailed(doubt.failure) if doubt.failure else TryAgain(doubt.cause)

    return patch.object(pro_rounds, "judge_state", judge)


def without_keeping_catalogues_first() -> AbstractContextManager[Any]:
    """Explanations refer to a catalogue whether it could be kept or not."""
    keep = DynamoDBCatalogueArchive.keep

    def careless(self: DynamoDBCatalogueArchive, digest: str, compiled: str) -> bool:
        keep(self, digest, compiled)
        return True

    return patch.object(DynamoDBCatalogueArchive, "keep", careless)


def without_condition() -> AbstractContextManager[Any]:
    """Records are written whether there is one or not."""
    return patch.object(record_writes, "NOT_THERE_YET", "attribute_exists(anything) OR TRUE")


def without_the_version_of_a_step() -> AbstractContextManager[Any]:
    """A consignment takes a step from whatever state it is in by now."""
    update = record_steps.step_update

    def careless(*arguments: Any) -> dict[str, Any]:
        return {**update(*arguments), "ConditionExpression": ANYHOW}

    return patch.object(record_steps, "step_update", careless)


def without_the_version_of_an_entry() -> AbstractContextManager[Any]:
    """An entry is written over whatever version the index has."""

    def careless(self: DynamoDBIndexWriter, before: Entry | None, after: Entry) -> Any:
        put = put_if_unchanged(self, before, after)
        return {"Put": {**put["Put"], "ConditionExpression": ANYHOW}}

    put_if_unchanged = DynamoDBIndexWriter._put
    return patch.object(DynamoDBIndexWriter, "_put", careless)


def without_the_versions_of_an_entry() -> AbstractContextManager[Any]:
    """What an entry is written over is gone."""
    return patch.object(DynamoDBIndexWriter, "keep", lambda *_: None)


def without_one_transaction_of_entry_and_counts() -> AbstractContextManager[Any]:
    """The counts change after the entry was written, by calls of their own."""

    def one_by_one(client: Any, actions: Any) -> None:
        for action in actions:
            write_all(client, [action])

    write_all = bulk_calls.write_all
    return patch.object(search_index, "write_all", one_by_one)


def without_stream_retries() -> AbstractContextManager[Any]:
    """What SNS did not take counts as published."""
    publish = SnsPublisher.publish

    def careless(self: SnsPublisher, events: Any) -> frozenset[int]:
        publish(self, events)
        return frozenset()

    return patch.object(SnsPublisher, "publish", careless)


def without_returning_messages() -> AbstractContextManager[Any]:
    """Messages are deleted though a consignment of theirs has no outcome."""
    process = AllocateOrders.process

    def careless(self: AllocateOrders, *arguments: Any) -> BatchReport:
        report = process(self, *arguments)
        return BatchReport({}, report.refused, report.outcomes, report.seconds_since_sent)

    return patch.object(AllocateOrders, "process", careless)


def without_certainty_of_the_dlq() -> AbstractContextManager[Any]:
    """A refused message is deleted though the DLQ did not take it."""
    keep = SqsRefusedMessages.keep

    def careless(self: SqsRefusedMessages, refused: Any) -> frozenset[str]:
        keep(self, refused)
        return frozenset(item.message.message_id for item in refused)

    return patch.object(SqsRefusedMessages, "keep", careless)


def without_waiting() -> AbstractContextManager[Any]:
    """What is not done is delivered again at once."""
    return patch.object(workflow, "wait_seconds", lambda *_: 0)


def without_claims() -> AbstractContextManager[Any]:
    """Nobody knows what somebody else has asked for."""
    return patch.object(DynamoDBClaims, "take", lambda *_, **__: Claimed())


def without_reading_what_was_claimed() -> AbstractContextManager[Any]:
    """What somebody has asked for before is asked for as if it were new."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, *arguments: Any, **named: Any) -> Claimed:
        return replace(take(self, *arguments, **named), asked_before=frozenset())

    return patch.object(DynamoDBClaims, "take", careless)


def without_patience_for_late_calls() -> AbstractContextManager[Any]:
    """What PRO may carry out yet is asked for again as soon as its message comes back."""
    return patch.object(environments, "PATIENCE_SECONDS", 0.0)


def without_patience_for_deallocations() -> AbstractContextManager[Any]:
    """Whoever comes next need not wait for a deallocation whose reply was lost."""
    return patch.object(pro_allocator, "may_still_change", lambda _: False)


def without_patience_for_deallocations_of_updates() -> AbstractContextManager[Any]:
    """Whoever comes next adopts what an update had deallocated, though its reply was lost."""
    return patch.object(changing, "may_still_change", lambda _: False)


def without_waiting_for_who_is_at_it() -> AbstractContextManager[Any]:
    """What somebody may be asking for now is read and asked for all the same."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, references: Any, seconds: Any, **keywords: Any) -> Claimed:
        claimed = take(self, references, seconds, **keywords)
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


def without_cutting_summaries() -> AbstractContextManager[Any]:
    """A summary is kept as it came, however large and deep."""
    return patch.object(kept_summary, "MAX_BYTES", 1 << 30)


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
    judge = pro_verdicts.judge

    def careless(call: AllocationCall, mode: Any, reply: Any) -> Any:
        verdicts = judge(call, mode, reply)
        answered = isinstance(reply, ProReply)
        return {
            each: replace(verdict, open=False) if answered and isinstance(verdict, Doubtful) else verdict
            for each, verdict in verdicts.items()
        }

    return patch.object(pro_rounds, "judge", careless)


def without_reading_after_throttling() -> AbstractContextManager[Any]:
    """What PRO says there are too many calls of is asked for again, unread."""
    return patch.object(pro_rounds.Rounds, "_after_reading", lambda _, chosen: list(chosen))


def without_the_clock_of_aws() -> AbstractContextManager[Any]:
    """Each environment looks at its own clock."""
    contexts = ExitStack()
    for module in (bulk_calls, insertions):
        contexts.enter_context(patch.object(module, "date_of", lambda _: None))
    return contexts


def without_the_steady_clock() -> AbstractContextManager[Any]:
    """Claims and patience are measured by the system's clock, which may be set in between."""
    return patch.object(environments.Environments, "unset", lambda self: self.now)


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


def without_event_ids() -> AbstractContextManager[Any]:
    """A failure is tried again by any event, also by one that has tried it."""
    return patch.object(RecordSeen, "is_to_be_tried", lambda self, _, **__: self.state == AllocationFailed.state)


def without_trying_again() -> AbstractContextManager[Any]:
    """A failure is final."""
    return patch.object(RecordSeen, "is_to_be_tried", lambda *_, **__: False)


def without_looking_twice() -> AbstractContextManager[Any]:
    """The index by order is trusted at once."""
    return patch.object(cancelling, "_INDEX_LAG", timedelta(0))


def without_deallocations() -> AbstractContextManager[Any]:
    """What is cancelled is only recorded so."""
    return patch.object(ProAllocator, "release", lambda *_, **__: {})


def without_cancelling_what_was_created() -> AbstractContextManager[Any]:
    """What PRO has created is only deallocated there when it is cancelled."""
    return patch.object(SenderAllocator, "cancel_recorded", lambda *_: {})


def without_a_second_look_at_cancelled_orders() -> AbstractContextManager[Any]:
    """An order that is cancelled while it is allocated is not noticed."""
    return patch.object(Cancelling, "cancel_overtaken", lambda *_: ({}, {}))


def without_refusals() -> AbstractContextManager[Any]:
    """An update that comes too late counts as done, without an event."""
    return patch.object(Updating, "settle", lambda *_: {})


def without_ids_of_refused_updates() -> AbstractContextManager[Any]:
    """An update is refused each time that it is delivered."""
    return patch.object(RecordSeen, "refuses", lambda self, _: self.state != AllocationFailed.state)


def without_precedence_of_updates() -> AbstractContextManager[Any]:
    """Whatever event comes last tries a failure again, though its content may be older."""
    is_to_be_tried = RecordSeen.is_to_be_tried
    return patch.object(
        RecordSeen, "is_to_be_tried", lambda self, event_id, **_: is_to_be_tried(self, event_id, is_update=True)
    )


def without_taking_back() -> AbstractContextManager[Any]:
    """What a lost call of a late order-created event may have allocated after an update failed stays allocated."""
    return patch.object(Cancelling, "take_back", lambda *_: {})


def without_moving_places_at_once() -> AbstractContextManager[Any]:
    """Places leave a counter, and come into its part by another call."""

    def careless(self: DynamoDBLimitUsage, actions: Any) -> bool:
        for action in actions:
            try:
                write_all(self.client, [action])
            except CancelledError:
                return False
        return True

    return patch.object(DynamoDBLimitUsage, "_moved", careless)


def without_turns() -> AbstractContextManager[Any]:
    """Two updates of a consignment that come at once count as one."""
    return patch.object(workflow, "turns_of", lambda orders: [list(orders)])


def without_new_labels() -> AbstractContextManager[Any]:
    """What an update says is allocated, and the label keeps what the order said."""
    return patch.object(Updating, "_keep_taken", lambda *_: {})


def without_care_for_newer_labels() -> AbstractContextManager[Any]:
    """What is kept for a label is written over, also by an event that has lost against an update."""
    return patch.object(contents.SimulatedContents, "_holds", lambda *_, **__: True)


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


FAULTY = Plan(0, fault_chance=0.15)
PROMPT = replace(FAULTY, prompt=True)
SHIPPED = Plan(0, with_engine=True, large_orders=False, cancelled=1.0, fault_chance=0.4, faults=(Fault.SLOW,))
# What follows aims at a guard: it has only such orders and faults as the guard is needed for.
OF_PRO = Plan(0, with_engine=False, large_orders=False, cancelled=0.0, updated=0.0)
CALM = replace(OF_PRO, fault_chance=0.0)
UNANSWERED = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_BEFORE,))
UNHEARD = replace(OF_PRO, fault_chance=0.1, faults=(Fault.ERROR_AFTER,))
LIES = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_AFTER,), misleading=True)
LATE = replace(OF_PRO, fault_chance=0.15, faults=(Fault.SLOW,))
LATE_AND_CANCELLED = replace(LATE, fault_chance=0.08, cancelled=1.0)
KILLED_AND_CANCELLED = replace(
    OF_PRO,
    fault_chance=0.3,
    cancelled=0.6,
    faults=(Fault.KILL_AFTER,),
    strikes_at=("PUT",),
    delivered_again=0.3,
    slowest_call=1.0,
    together=True,
    seed=130,
)
LATE_AND_CHANGED = replace(
    LATE, fault_chance=0.5, cancelled=0.5, updated=0.95, delivered_again=0.2, strikes_at=("PUT",)
)
UNKIND = replace(LATE, unkind=True)
UNKIND_TOGETHER = replace(UNKIND, fault_chance=0.3, together=True)
UNKINDLY_THROTTLED = replace(UNHEARD, unkind=True)
LOST = replace(UNANSWERED, prompt=True)
CREATED = replace(OF_PRO, fault_chance=0.15, creates=True)
CREATED_AND_CANCELLED = replace(CREATED, cancelled=0.6)
CREATED_AND_UPDATED = replace(CREATED, updated=0.9)
CREATED_UNSEEN = replace(
    CREATED,
    fault_chance=0.5,
    faults=(Fault.KILL_AFTER, Fault.ERROR_AFTER),
    strikes_at=("POST", "GET /consignments/getC"),
)
CREATED_UNKINDLY = replace(CREATED, fault_chance=0.9, faults=(Fault.ERROR_AFTER,), unkind=True, strikes_at=("POST",))
AFTER_EARLIER = replace(PROMPT, earlier=True, with_engine=False, large_orders=False)
SWITCHED = replace(OF_PRO, fault_chance=0.2, creates=True, switches=True)
CREATED_LATE = replace(CREATED, faults=(Fault.SLOW,), seed=20)
UPDATED_TOGETHER = replace(OF_PRO, fault_chance=0.0, slowest_call=1.0, updated=0.95, delivered_again=0.3, seed=50)
KILLED_TOGETHER = Plan(0, fault_chance=0.0, large_orders=False, killers=0.15, together=True, delivered_again=0.0)
# Invocations take so long that they overlap.
SLOW = replace(OF_PRO, fault_chance=0.0, slowest_call=3.0, prompt=True)
# An order and its update are delivered together, and the order once more at the same time; the update has no row.
DELIVERED_TWICE = Plan(1622, fault_chance=0.02, killers=0.1, delivered_again=0.2, unkind=True)
SLOW_AND_CANCELLED = replace(SLOW, cancelled=1.0, index_lag=59.0)
UPDATED = Plan(0, fault_chance=0.15, large_orders=False, cancelled=0.0, updated=0.7)
SLOW_AND_UPDATED = replace(
    UPDATED, creates=False, followed=False, fault_chance=0.1, updated=0.9, slowest_call=1.0, delivered_again=0.3
)
# PRO may still carry out what a function asked that was killed after that.
KILLED = replace(UPDATED, faults=(Fault.KILL_AFTER,), with_engine=False, unkind=True)
KILLED_AND_UPDATED = replace(KILLED, fault_chance=0.3, updated=0.95)

# The table of the catalogues is gone until all is decided.
WITHOUT_ARCHIVE = Plan(0, fault_chance=0.0, archive_outage_seconds=14 * 24 * 3600.0, with_engine=True)


def without_working_on_each() -> AbstractContextManager[Any]:
    """A batch is worked on as a whole, however often its messages came again."""
    return patch.object(workflow, "may_kill", return_value=False)


LIMITED = Plan(0, fault_chance=0.15, with_engine=True, large_orders=False)
GUARDS = {
    "places moved at once": (without_moving_places_at_once, LIMITED, "the limits count"),
    "killers by themselves": (without_working_on_each, KILLED_TOGETHER, "can be read and is in the DLQ"),
    "catalogues": (without_keeping_catalogues_first, WITHOUT_ARCHIVE, "has an explanation that can't be read"),
    "read-back": (without_read_back, FAULTY, "is allocated at PRO and recorded as"),
    "condition": (without_condition, LATE, "was written 2 times"),
    "version of a step": (without_the_version_of_a_step, SHIPPED, "and that was overwritten"),
    "version of an entry": (without_the_version_of_an_entry, FAULTY, "the index counts"),
    "versions of an entry": (without_the_versions_of_an_entry, FAULTY, "the history of"),
    "counts with their entry": (without_one_transaction_of_entry_and_counts, FAULTY, "the index counts"),
    "outbox": (without_stream_retries, FAULTY, "has no event"),
    "returned messages": (without_returning_messages, FAULTY, "lacks outcomes for"),
    "DLQ receipts": (without_certainty_of_the_dlq, UNANSWERED, "is not in the DLQ with a reason"),
    "claims": (without_claims, PROMPT, "after it was allocated"),
    "earlier claims": (without_reading_what_was_claimed, PROMPT, "after it was allocated"),
    "late calls": (
        without_patience_for_late_calls,
        LATE_AND_CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "late deallocations": (
        without_patience_for_late_calls,
        LATE_AND_CHANGED,
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations that PRO may execute late": (
        without_patience_for_deallocations,
        replace(LATE_AND_CHANGED, seed=690),
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations of updates that PRO may execute late": (
        without_patience_for_deallocations_of_updates,
        replace(LATE_AND_CHANGED, seed=220),
        "is recorded as allocated, and is not at PRO",
    ),
    "claims that are held": (without_waiting_for_who_is_at_it, SLOW, "after it was allocated"),
    "claims of version 0.2.0": (without_claims_of_earlier_versions, AFTER_EARLIER, "after it was allocated"),
    "patience": (without_patience, LOST, "while PRO could still be at it"),
    "looking before creating": (without_looking_before_creating, CREATED, "was created 2 times"),
    "patience with creations": (without_patience_for_creations, CREATED_LATE, "was created 2 times"),
    "second look": (without_a_second_look, CREATED_UNSEEN, "was created 2 times"),
    "lag of the search": (without_waiting_for_the_search, CREATED_UNKINDLY, "was created 2 times"),
    "content of updates at PRO": (
        without_changing_what_was_created,
        CREATED_AND_UPDATED,
        "and PRO ships the content of",
    ),
    "settling at PRO first": (without_settling_at_pro_first, SWITCHED, "and the engine has allocated it"),
    "looking for the first claim": (
        without_looking_for_the_first_claim,
        SWITCHED,
        "and the engine has allocated it",
    ),
    "cancelling what was created": (
        without_cancelling_what_was_created,
        CREATED_AND_CANCELLED,
        "is recorded as Cancelled, and PRO has it as",
    ),
    "earlier readers": (
        without_care_for_earlier_readers,
        UPDATED_TOGETHER,
        "is recorded as allocated, and is not at PRO",
    ),
    "claims on what nobody asked for": (
        without_claims_on_what_nobody_asked_for,
        DELIVERED_TWICE,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "claims of records": (
        without_the_claims_of_records,
        KILLED_AND_CANCELLED,
        "is recorded as allocated, and is not at PRO",
    ),
    "patience with errors": (without_patience_for_errors, UNKIND, "was allocated 2 times"),
    "reading after 429": (without_reading_after_throttling, UNKINDLY_THROTTLED, "was allocated 2 times"),
    "clock of AWS": (without_the_clock_of_aws, UNKIND_TOGETHER, "was allocated 2 times"),
    "steady clock": (without_the_steady_clock, UNKIND, "was allocated 2 times"),
    "set-up": (without_waiting_for_the_set_up, UNKIND, "could have been allocated, and failed with ServiceGroup"),
    "arrivals": (without_waiting_for_arrivals, UNKIND, "could have been allocated, and failed with Cons"),
    "narrowing down": (without_narrowing_down, replace(FAULTY, seed=200), "could have been allocated, and failed with"),
    "contradictions": (without_doubt, LIES, "and recorded on AE_DOM"),
    "failures from before": (
        without_asking_after_old_failures,
        UNHEARD,
        "could have been allocated, and failed with No",
    ),
    "fresh keys": (without_fresh_keys, CALM, "was given up"),
    "taking back": (without_taking_back, KILLED_AND_UPDATED, "is allocated at PRO and recorded as AllocationFailed"),
    "event ids": (without_event_ids, FAULTY, "which had tried it"),
    "trying again": (without_trying_again, FAULTY, "did not try it again"),
    "looking twice": (without_looking_twice, SLOW_AND_CANCELLED, "cancels EC-"),
    "deallocations": (without_deallocations, FAULTY, "is allocated at PRO and recorded as Cancelled"),
    "second look at cancelled orders": (
        without_a_second_look_at_cancelled_orders,
        SLOW_AND_CANCELLED,
        "which is Allocated",
    ),
    "refusals": (without_refusals, UPDATED, "0 times and refused it 0 times"),
    "ids of refused updates": (without_ids_of_refused_updates, UPDATED, "0 times and refused it 2 times"),
    "precedence of updates": (without_precedence_of_updates, UPDATED, "took the place of update-"),
    "turns": (without_turns, UPDATED, "0 times and refused it 0 times"),
    "new labels": (without_new_labels, UPDATED, "its label has the content of"),
    "newer labels": (
        without_care_for_newer_labels,
        replace(SLOW_AND_UPDATED, creates=False),
        "its label has the content of",
    ),
    "size of summaries": (without_cutting_summaries, CALM, "has no event"),
}
"""By name: how to take the guard away, in which histories that is missed, from their seed on, and what is missed."""


AIMED = {plan: None for _, plan, _ in GUARDS.values()}
