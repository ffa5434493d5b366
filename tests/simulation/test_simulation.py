"""The guarantee holds over thousands of histories; and each guard, taken away, is missed by the simulation at once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from logging import getLogger
from typing import Any
from unittest.mock import patch

import pytest

from allocation.aws.dynamodb import records as dynamodb_records
from allocation.aws.dynamodb.records import DynamoDBRecords, Written
from allocation.aws.sns import SnsPublisher
from allocation.aws.sqs import SqsRefusedMessages
from allocation.domain.outcome import AllocationFailed, Failure
from allocation.domain.record import RecordSeen
from allocation.observability import logger
from allocation.orders import allocate_orders as workflow
from allocation.orders import cancelling
from allocation.orders.allocate_orders import AllocateOrders, BatchReport
from allocation.orders.allocation_waves import AllocationWaves
from allocation.orders.cancelling import Cancelling
from allocation.orders.redelivery import MAX_RECEIVES
from allocation.orders.updating import Updating
from allocation.pro import replies as pro_contract
from allocation.pro import rounds as pro_rounds
from allocation.pro import verdicts as pro_verdicts
from allocation.pro.allocator import Claimed, ProAllocator
from allocation.pro.calls import AllocationCall
from allocation.pro.claims import DynamoDBClaims
from allocation.pro.client import Reply
from allocation.pro.credentials import SubscriptionKey
from allocation.pro.replies import Item
from allocation.pro.verdicts import Doubtful, TryAgain
from allocation.records import kept_summary
from tests.simulation import contents, environments
from tests.simulation import history as history_module
from tests.simulation.__main__ import run_chunk, tell_shortest
from tests.simulation.orders import Order, order_body
from tests.simulation.plans import HOUR, OUTAGE_KINDS, OUTAGE_SECONDS, hung_writes, outage, sns_outage
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Fault, KilledError, Plan
from tests.support.size import sized

POWERTOOLS_LOGGER = getLogger("aws_lambda_powertools")
# By each chance of faults.
HISTORIES = sized(200, 1000)
# Prompt ones find the rarest faults: without the patience with PRO, one in 300 of them breaks.
PROMPT_HISTORIES = sized(500, 2000)
# How many of them a test runs: the tests are spread over processes.
PART = 100
ENGINE_SEEDS = (12, 14, 17, 21, 23, 31, 32, 33)
"""Histories of the engine, whose services have daily limits."""
# Each guard is missed in one of 1 to 40 histories of its plan. Whatever is added to the histories moves the seeds.
MAX_HISTORIES_WITHOUT_A_GUARD = 200


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of histories would log tens of thousands of faults."""
    level, powertools_level = logger.log_level, POWERTOOLS_LOGGER.level
    logger.setLevel("CRITICAL")
    POWERTOOLS_LOGGER.setLevel("CRITICAL")
    yield
    logger.setLevel(level)
    POWERTOOLS_LOGGER.setLevel(powertools_level)


@pytest.mark.parametrize("first", range(0, HISTORIES, PART))
@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_nothing_is_lost_and_nothing_is_allocated_twice_whatever_fails_and_whenever(chance: float, first: int) -> None:
    kills = 0
    for seed in range(first, first + PART):
        history, problems = violations(Plan(seed, fault_chance=chance))
        kills += history.world.counts["kill before"] + history.world.counts["kill after"]
        assert not problems, told(shrink(Plan(seed, fault_chance=chance)))
    assert kills > chance * 3 * PART, "the histories were too quiet to prove anything"


@pytest.mark.parametrize("seeds", [range(4), range(4, 8), ENGINE_SEEDS], ids=["PRO", "more of PRO", "engine"])
@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_the_function_may_be_killed_at_any_call_boundary(fault: Fault, seeds: Sequence[int]) -> None:
    """Each call of some histories in turn, by itself: before it was made, and after it was."""
    struck = 0
    for seed in seeds:
        quiet, _ = violations(Plan(seed, fault_chance=0.0))
        for number in range(1, min(quiet.world.calls, 60) + 1):
            plan = Plan(seed, killed_at=(number, fault), prompt=True)
            history, problems = violations(plan)
            struck += history.world.counts[fault]
            assert not problems, told(plan)
    assert struck > 8 * len(seeds), "the histories have too few calls to prove anything"


@pytest.mark.parametrize("first", range(0, PROMPT_HISTORIES, PART))
def test_pro_is_never_asked_again_for_what_it_has_allocated(first: int) -> None:
    for seed in range(first, first + PART):
        plan = Plan(seed, fault_chance=0.15, prompt=True)
        assert not violations(plan)[1], told(shrink(plan))


def test_a_history_is_the_same_whenever_it_is_run() -> None:
    first, again = violations(Plan(7, fault_chance=0.2))[0], violations(Plan(7, fault_chance=0.2))[0]
    assert (first.world.struck, first.world.now, first.table.items) == (
        again.world.struck,
        again.world.now,
        again.table.items,
    )


def without_read_back() -> AbstractContextManager[Any]:
    """A doubtful call is taken at its word: a failure is final, anything else is tried again."""

    def judge(_: Any, doubt: Any, *__: Any) -> AllocationFailed | TryAgain:
        return AllocationFailed(doubt.failure) if doubt.failure else TryAgain(doubt.cause)

    return patch.object(pro_rounds, "judge_state", judge)


def without_condition() -> AbstractContextManager[Any]:
    """Records are written whether there is one or not."""
    return patch.object(dynamodb_records, "NOT_THERE_YET", "attribute_exists(anything) OR TRUE")


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
    return patch.object(DynamoDBClaims, "take", lambda *_: Claimed())


def without_reading_what_was_claimed() -> AbstractContextManager[Any]:
    """What somebody has asked for before is asked for as if it were new."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, *arguments: Any) -> Claimed:
        return replace(take(self, *arguments), asked_before=frozenset())

    return patch.object(DynamoDBClaims, "take", careless)


def without_patience_for_late_calls() -> AbstractContextManager[Any]:
    """What PRO may carry out yet is asked for again as soon as its message comes back."""
    return patch.object(environments, "PATIENCE_SECONDS", 0.0)


def without_waiting_for_who_is_at_it() -> AbstractContextManager[Any]:
    """What somebody may be asking for now is read and asked for all the same."""
    take = DynamoDBClaims.take

    def careless(self: DynamoDBClaims, references: Any, seconds: Any) -> Claimed:
        claimed = take(self, references, seconds)
        return Claimed(claimed.asked_before | claimed.held.keys())

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
    return isinstance(reply, Reply) and reply.status >= 400


def without_cutting_summaries() -> AbstractContextManager[Any]:
    """A summary is kept as it came, however large and deep."""
    return patch.multiple(kept_summary, is_keepable=lambda *_: True, MAX_BYTES=1 << 30)


def without_doubt() -> AbstractContextManager[Any]:
    """What PRO says is believed, though it says two things of one consignment."""

    def first(body: bytes) -> dict[str, Item]:
        summaries = [pro_contract.read_items(json.dumps([item]).encode()) for item in reversed(json.loads(body))]
        return {reference: item for summary in summaries for reference, item in summary.items()}

    return patch.object(pro_verdicts, "read_items", first)


def without_patience() -> AbstractContextManager[Any]:
    """PRO is asked again at once for what it may still be at."""
    judge_error = pro_verdicts._judge_error

    def careless(error: Any) -> Any:
        verdict = judge_error(error)
        return replace(verdict, again=True) if isinstance(verdict, Doubtful) else verdict

    return patch.object(pro_verdicts, "_judge_error", careless)


def without_asking_after_old_failures() -> AbstractContextManager[Any]:
    """A failure that PRO reports for a consignment counts, whoever asked for it, and whenever."""
    judge_state = pro_verdicts.judge_state

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


OUTAGES = [outage(seed, "refused") for seed in range(sized(10, 30))] + [
    outage(seed, kind) for kind in OUTAGE_KINDS for seed in range(100, sized(102, 105))
]


@pytest.mark.parametrize("plan", OUTAGES, ids=lambda plan: f"{plan.outage_kind} {plan.seed}")
def test_an_outage_of_six_hours_sends_no_message_to_the_dlq_that_can_be_read(plan: Plan) -> None:
    history, problems = violations(plan)
    assert not problems, told(plan)
    assert history.world.now > OUTAGE_SECONDS or not any(order.consignments for order in history.orders)


def test_the_simulation_misses_the_waiting_in_an_outage() -> None:
    with without_waiting():
        problems = [problem for plan in OUTAGES[:5] for problem in violations(plan)[1]]
    assert any(f"was given up: received {MAX_RECEIVES} times and not done: outage" in problem for problem in problems)


def test_an_outage_of_sns_of_five_hours_loses_no_event() -> None:
    for seed in range(sized(5, 15)):
        plan = sns_outage(seed)
        assert not violations(plan)[1], told(plan)


def test_what_sns_has_refused_for_more_than_six_hours_is_in_the_failure_queue_of_the_stream() -> None:
    given_up = 0
    for seed in range(5):
        history, problems = violations(sns_outage(seed, seconds=7 * HOUR))
        assert all("the stream gave up" in problem or "has no event" in problem for problem in problems)
        published = {json.loads(event)["id"] for event in history.topic.published}
        unpublished = {
            reference
            for reference, item in history.table.items.items()
            if any(f"{reference}#{version}" not in published for version in range(1, int(item["version"]["N"]) + 1))
        }
        assert history.stream.failed_references() == unpublished
        given_up += len(history.stream.given_up)
    assert given_up, "nothing was refused for so long"


@pytest.mark.parametrize("seed", [12, 14, 21, 23, 31])
def test_writes_that_hang_for_six_hours_end_no_function_and_send_no_message_to_the_dlq_that_can_be_read(
    seed: int,
) -> None:
    history, problems = violations(hung_writes(seed))
    assert history.with_engine, "PRO is not asked while claims can't be written: nothing hangs but they"
    assert not problems, told(history.plan)
    assert history.world.counts["process timed out"] == 0


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
    return patch.object(ProAllocator, "release", lambda *_: {})


def without_a_second_look_at_cancelled_orders() -> AbstractContextManager[Any]:
    """An order that is cancelled while it is allocated is not noticed."""
    return patch.object(Cancelling, "cancel_overtaken", lambda *_: ({}, {}))


def without_refusals() -> AbstractContextManager[Any]:
    """An update that comes too late is done, and nobody hears of it."""
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


def without_turns() -> AbstractContextManager[Any]:
    """Two updates of a consignment that come at once count as one."""
    return patch.object(workflow, "turns_of", lambda orders: [list(orders)])


def without_new_labels() -> AbstractContextManager[Any]:
    """What an update says is allocated, and the label keeps what the order said."""
    return patch.object(Updating, "_keep_taken", lambda *_: {})


def without_care_for_newer_labels() -> AbstractContextManager[Any]:
    """What is kept for a label is written over, also by an event that has lost against an update."""
    return patch.object(contents.SimulatedContents, "_holds", lambda *_, **__: True)


FAULTY = Plan(0, fault_chance=0.15)
PROMPT = replace(FAULTY, prompt=True)
# What follows aims at a guard: it has only such orders and faults as the guard is needed for.
OF_PRO = Plan(0, with_engine=False, large_orders=False, cancelled=0.0, updated=0.0)
CALM = replace(OF_PRO, fault_chance=0.0)
UNANSWERED = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_BEFORE,))
UNHEARD = replace(OF_PRO, fault_chance=0.1, faults=(Fault.ERROR_AFTER,))
LIES = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_AFTER,), misleading=True)
LATE = replace(OF_PRO, fault_chance=0.15, faults=(Fault.SLOW,))
LATE_AND_CANCELLED = replace(LATE, fault_chance=0.08, cancelled=1.0)
LATE_AND_CHANGED = replace(LATE, fault_chance=0.3, cancelled=0.3, updated=0.5)
LOST = replace(UNANSWERED, prompt=True)
# Invocations take so long that they overlap.
SLOW = replace(OF_PRO, fault_chance=0.0, slowest_call=3.0, prompt=True)
SLOW_AND_CANCELLED = replace(SLOW, cancelled=1.0, index_lag=59.0)
UPDATED = Plan(0, fault_chance=0.15, large_orders=False, cancelled=0.0, updated=0.7)


GUARDS = {
    "read-back": (without_read_back, FAULTY, "is allocated at PRO and recorded as"),
    "condition": (without_condition, LATE, "was written 2 times"),
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
    "claims that are held": (without_waiting_for_who_is_at_it, SLOW, "after it was allocated"),
    "patience": (without_patience, LOST, "while PRO could still be at it"),
    "narrowing down": (without_narrowing_down, FAULTY, "could have been allocated, and failed with"),
    "contradictions": (without_doubt, LIES, "and recorded on AE_DOM"),
    "failures from before": (
        without_asking_after_old_failures,
        UNHEARD,
        "could have been allocated, and failed with No",
    ),
    "fresh keys": (without_fresh_keys, CALM, "was given up"),
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
    "newer labels": (without_care_for_newer_labels, replace(UPDATED, slowest_call=3.0), "its label has the content of"),
    "size of summaries": (without_cutting_summaries, CALM, "has no event"),
}
"""By name: how to take the guard away, in which histories that is missed, and what is missed."""


AIMED = {plan: None for _, plan, _ in GUARDS.values()}


@pytest.mark.parametrize("plan", AIMED, ids=str)
def test_the_guarantee_holds_in_the_histories_that_aim_at_a_guard(plan: Plan) -> None:
    for seed in range(sized(3, 300)):
        drawn = replace(plan, seed=seed)
        assert not violations(drawn)[1], told(shrink(drawn))


@pytest.mark.parametrize("guard", GUARDS)
def test_the_simulation_misses_a_guard_that_is_taken_away(guard: str) -> None:
    take_away, plan, symptom = GUARDS[guard]
    histories = (replace(plan, seed=seed) for seed in range(MAX_HISTORIES_WITHOUT_A_GUARD))
    with take_away():
        assert any(symptom in problem for history in histories for problem in violations(history)[1])


def test_what_the_function_is_killed_by_each_time_is_in_the_dlq_with_that_reason() -> None:
    """Though what stands beside it in the last batches would kill the function too."""
    with patch.object(AllocationWaves, "allocate", side_effect=KilledError):
        history, _ = violations(Plan(3, fault_chance=0.0))
    reasons = {message.message_id: message.attributes["RefusalCode"]["StringValue"] for message in history.queue.dead}
    readable = {order.name for order in history.orders if order.consignments}
    assert {name for name, reason in reasons.items() if reason == "GivenUp_killed"} >= readable
    assert reasons.keys() == {order.name for order in history.orders}
    assert history.queue.messages == {}


DECIDED_TWICE = "EC-ONE-AAA-AAA"
"""A consignment that PRO fails to allocate when it is first asked, and allocates the second time."""


def two_orders_of_one_consignment(*_: Any, **__: Any) -> list[Order]:
    body = order_body(1, (DECIDED_TWICE,), whole=True)
    return [Order(f"message-{copy}", (DECIDED_TWICE,), body, sent_at=0.0, refused=False) for copy in (0, 1)]


def without_superseding() -> AbstractContextManager[Any]:
    """A failure that is recorded stays, though PRO has allocated the consignment for somebody else."""

    def careless(self: DynamoDBRecords, record: Any) -> Written:
        put = self._put(record)["Put"]
        return Written.ADDED if self._write(self._client.put_item, put) else Written.PRESENT

    return patch.object(DynamoDBRecords, "_add_alone", careless)


def test_where_two_decide_at_once_the_allocation_takes_the_place_of_the_failure() -> None:
    """Claims keep that from happening while PRO needs no longer than it is given."""
    plans = [Plan(seed, fault_chance=0.0) for seed in range(100)]
    with without_claims(), patch.object(history_module, "draw_orders", two_orders_of_one_consignment):
        histories = [violations(plan) for plan in plans]
        with without_superseding():
            careless = [problem for plan in plans for problem in violations(plan)[1]]
    assert [problems for _, problems in histories if problems] == []
    assert any(history.table.items[DECIDED_TWICE]["version"] == {"N": "2"} for history, _ in histories)
    assert f"{DECIDED_TWICE} is allocated at PRO and recorded as AllocationFailed" in careless


def test_what_crashes_is_a_broken_history_with_its_seed_and_can_be_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    with patch.object(workflow, "wait_seconds", side_effect=ZeroDivisionError):
        seen, seed = run_chunk(range(20))
        assert seed is not None
        assert seen["histories"] <= 20
        tell_shortest(seed)
    told_of = capsys.readouterr()
    assert f"seed {seed} breaks the guarantee" in told_of.err
    assert f"Plan(seed={seed}, " in told_of.out
    assert "crashed: ZeroDivisionError" in told_of.out


def test_a_broken_history_is_told_with_a_handful_of_faults() -> None:
    with without_condition():
        # A short history of one fault may have been shrunk to more by another way: a person looks at a few of them.
        broken = (plan for seed in range(1000) if violations(plan := replace(LATE, seed=seed))[1])
        shortest = min(map(shrink, islice(broken, 3)), key=lambda plan: len(violations(plan)[0].world.struck))
        story = told(shortest)
        history, _ = violations(shortest)
    assert "BROKEN: the record of" in story
    assert len(history.world.struck) <= 3
    assert len(history.orders) <= 2


@pytest.mark.parametrize(
    "plan",
    [
        # An order without a row in the routing table failed while a lost call for another order had allocated.
        Plan(478, fault_chance=0.3),
        # An order tried another's failure again, was killed, and was cancelled before it came back.
        Plan(261, fault_chance=0.3),
        Plan(1826, fault_chance=0.15, prompt=True),
    ],
    ids=str,
)
def test_a_lost_call_of_another_order_leaves_no_allocation_beside_a_failure(plan: Plan) -> None:
    assert not violations(plan)[1], told(plan)
