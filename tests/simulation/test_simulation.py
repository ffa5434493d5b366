"""The guarantee holds over thousands of histories, whatever fails and whenever."""

import json
from contextlib import suppress
from dataclasses import replace
from unittest.mock import patch

import pytest

from allocation.engine.kept_explanation import is_worded
from allocation.orders.allocation_waves import AllocationWaves
from allocation.pro.client import NoReplyError, NotSentError, ProReply
from allocation.pro.replies import read_error
from allocation.records.items import from_item
from tests.simulation.guards import AIMED
from tests.simulation.plans import HOUR, OUTAGE_KINDS, OUTAGE_SECONDS, archive_outage, hung_writes, outage, sns_outage
from tests.simulation.pro import FIRST_KEY, SimulatedPro
from tests.simulation.shrink import shrink, told, violations
from tests.simulation.world import Fault, KilledError, Plan, World
from tests.support.size import sized

# By each chance of faults.
HISTORIES = sized(100, 1000)
# How many of them a test runs: the tests are spread over processes.
PART = 100
# Prompt ones find the rarest faults: without the patience with PRO, the first to break is the 316th.
PROMPT_PARTS = range(0, sized(400, 2000), PART * sized(3, 1))
# Histories of PRO, and of the engine, whose services have daily limits.
KILLED = {
    "PRO": (0, 1, 2, 3),
    "engine": (12, 14, 17, 21),
    "more of PRO": (4, 5, 6, 7),
    "more of engine": (23, 31, 32, 33),
}


@pytest.mark.parametrize("first", range(0, HISTORIES, PART))
@pytest.mark.parametrize("chance", [0.02, 0.1, 0.3])
def test_nothing_is_lost_and_nothing_is_allocated_twice_whatever_fails_and_whenever(chance: float, first: int) -> None:
    kills = 0
    for seed in range(first, first + PART):
        history, problems = violations(Plan(seed, fault_chance=chance))
        kills += history.world.counts["kill before"] + history.world.counts["kill after"]
        assert not problems, told(shrink(Plan(seed, fault_chance=chance)))
    assert kills > chance * 3 * PART, "the histories were too quiet to prove anything"


@pytest.mark.parametrize("histories", list(KILLED)[: sized(2, 4)])
@pytest.mark.parametrize("fault", [Fault.KILL_BEFORE, Fault.KILL_AFTER])
def test_the_function_may_be_killed_at_any_call_boundary(fault: Fault, histories: str) -> None:
    """Each call of some histories in turn, by itself: before it was made, and after it was."""
    struck = 0
    for seed in KILLED[histories]:
        quiet, _ = violations(Plan(seed, fault_chance=0.0))
        for number in range(1, min(quiet.world.calls, 60) + 1):
            plan = Plan(seed, killed_at=(number, fault), prompt=True)
            history, problems = violations(plan)
            struck += history.world.counts[fault]
            assert not problems, told(plan)
    assert struck > 8 * len(KILLED[histories]), "the histories have too few calls to prove anything"


@pytest.mark.parametrize("first", PROMPT_PARTS)
def test_pro_is_never_asked_again_for_what_it_has_allocated(first: int) -> None:
    for seed in range(first, first + PART):
        plan = Plan(seed, fault_chance=0.15, prompt=True)
        assert not violations(plan)[1], told(shrink(plan))


@pytest.mark.parametrize("first", range(0, HISTORIES, PART))
@pytest.mark.parametrize("faults", [(Fault.SLOW,), (Fault.ERROR_AFTER,), tuple(Fault)], ids=["late", "after", "all"])
def test_a_pro_that_is_not_kind_allocates_nothing_twice_either(faults: tuple[Fault, ...], first: int) -> None:
    """It refuses no second allocation, works after it has answered and shows that late; clocks differ by minutes."""
    for seed in range(first, first + PART // 4):
        plan = Plan(seed, fault_chance=0.15, faults=faults, unkind=True, with_engine=False, large_orders=False)
        assert not violations(plan)[1], told(shrink(plan))


@pytest.mark.parametrize("first", range(0, sized(40, 1000), 40))
@pytest.mark.parametrize("unkind", [False, True], ids=["kind", "unkind"])
def test_what_version_0_2_0_has_left_is_kept_adopted_or_tried_again(unkind: bool, first: int) -> None:
    for seed in range(first, first + 40):
        plan = Plan(seed, fault_chance=0.1, earlier=True, unkind=unkind, with_engine=False, large_orders=False)
        assert not violations(plan)[1], told(shrink(plan))


def test_a_history_is_the_same_whenever_it_is_run() -> None:
    first, again = violations(Plan(7, fault_chance=0.2))[0], violations(Plan(7, fault_chance=0.2))[0]
    assert (first.world.struck, first.world.now, first.table.items) == (
        again.world.struck,
        again.world.now,
        again.table.items,
    )


OUTAGES = [outage(seed, "refused") for seed in range(sized(10, 30))] + [
    outage(seed, kind) for kind in OUTAGE_KINDS for seed in range(100, sized(102, 105))
]


@pytest.mark.parametrize("plan", OUTAGES, ids=lambda plan: f"{plan.outage_kind} {plan.seed}")
def test_an_outage_of_six_hours_sends_no_message_to_the_dlq_that_can_be_read(plan: Plan) -> None:
    history, problems = violations(plan)
    assert not problems, told(plan)
    assert history.world.now > OUTAGE_SECONDS or not any(order.consignments for order in history.orders)


def test_an_outage_of_sns_of_five_hours_loses_no_event() -> None:
    for seed in range(sized(5, 15)):
        plan = sns_outage(seed)
        assert not violations(plan)[1], told(plan)


def test_an_outage_of_the_catalogues_table_holds_up_no_allocation_and_leaves_every_explanation_readable() -> None:
    """What is decided without the table says why by itself; the table is asked once a minute, for three seconds."""
    worded = 0
    for seed in range(sized(4, 30)):
        assert not violations(archive_outage(seed))[1], told(archive_outage(seed))
        plan = replace(archive_outage(seed), fault_chance=0.0)
        history, prompt = violations(plan)[0], violations(replace(plan, archive_outage_seconds=0.0))[0]
        assert history.table.items.keys() == prompt.table.items.keys()
        last, sooner = (max(each.table.added_at.values(), default=0.0) for each in (history, prompt))
        assert last < sooner + 60
        kept = [from_item(item).get("explanation", b"") for item in history.table.items.values()]
        worded += sum(map(is_worded, kept))
    assert worded


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


@pytest.mark.parametrize("plan", AIMED, ids=str)
def test_the_guarantee_holds_in_the_histories_that_aim_at_a_guard(plan: Plan) -> None:
    for seed in range(sized(3, 300)):
        drawn = replace(plan, seed=seed)
        assert not violations(drawn)[1], told(shrink(drawn))


def test_what_the_function_is_killed_by_each_time_is_in_the_dlq_with_that_reason() -> None:
    """Though what stands beside it in the last batches would kill the function too."""
    with patch.object(AllocationWaves, "allocate", side_effect=KilledError):
        history, _ = violations(Plan(3, fault_chance=0.0))
    reasons = {message.message_id: message.attributes["RefusalCode"]["StringValue"] for message in history.queue.dead}
    readable = {order.name for order in history.orders if order.consignments}
    assert {name for name, reason in reasons.items() if reason == "GivenUp_killed"} >= readable
    assert reasons.keys() == {order.name for order in history.orders if not order.left_out}
    assert history.queue.messages == {}


@pytest.mark.parametrize(
    "plan",
    [
        # An order without a row in the routing table failed while a lost call for another order had allocated.
        Plan(478, fault_chance=0.3),
        # An order tried another's failure again, was killed, and was cancelled before it came back.
        Plan(261, fault_chance=0.3),
        Plan(1826, fault_chance=0.15, prompt=True),
        # A cancellation released a consignment that another order had recorded meanwhile, and then waited for itself.
        Plan(1002895, fault_chance=0.02, prompt=True, unkind=True),
    ],
    ids=str,
)
def test_a_lost_call_of_another_order_leaves_no_allocation_beside_a_failure(plan: Plan) -> None:
    assert not violations(plan)[1], told(plan)


LATE_AND_UNKIND = Plan(0, fault_chance=0.15, faults=(Fault.SLOW,), unkind=True, with_engine=False, large_orders=False)


@pytest.mark.parametrize(
    "plan",
    [
        # PRO was asked again 0.2 s after an error, while it was still to do the first call.
        *(replace(LATE_AND_UNKIND, seed=seed) for seed in (0, 5, 6, 11)),
        # It had allocated before it answered 429, and was asked again.
        *(replace(LATE_AND_UNKIND, seed=seed, faults=(Fault.ERROR_AFTER,)) for seed in (26, 43, 71)),
        # The consignment arrived after the item that did not know it, and before its state was read.
        *(replace(LATE_AND_UNKIND, seed=seed) for seed in (10220, 11008)),
    ],
    ids=str,
)
def test_nothing_is_allocated_twice_or_failed_too_soon_by_a_pro_that_is_late(plan: Plan) -> None:
    assert not violations(plan)[1], told(plan)


def test_a_deallocation_that_pro_executes_late_takes_nothing_from_an_order_that_adopted_it() -> None:
    plan = Plan(251, fault_chance=0.3)
    assert not violations(plan)[1], told(plan)


def test_a_deallocation_that_is_answered_and_not_done_yet_takes_nothing_from_who_comes_next() -> None:
    plan = replace(LATE_AND_UNKIND, seed=80096)
    assert not violations(plan)[1], told(plan)


def test_an_allocation_that_was_adopted_as_its_claim_ended_is_not_taken_back_as_lost() -> None:
    plan = Plan(92, 0.5, faults=(Fault.KILL_AFTER,), strikes_at=("PUT /allocation",), lacks_rows=True)
    plan = replace(plan, with_engine=False, large_orders=False, cancelled=0.0, updated=0.95, with_canaries=False)
    assert not violations(plan)[1], told(plan)


@pytest.mark.parametrize("seed", [2, 7, 27])
def test_a_deallocation_for_an_update_that_crashed_may_still_come_when_others_look(seed: int) -> None:
    plan = Plan(seed, 0.8, faults=(Fault.SLOW,), strikes_at=("PUT",), delivered_again=0.2, updated_at=300.0)
    plan = replace(plan, with_engine=False, creates=True, large_orders=False, unkind=True, together=True)
    plan = replace(plan, cancelled=0.0, updated=0.95)
    assert not violations(plan)[1], told(plan)


def test_after_a_switch_a_failure_by_a_fast_clock_is_no_outcome_of_an_update_that_pro_allocated() -> None:
    dropped = frozenset({1})
    plan = Plan(2439, dropped_orders=dropped, with_engine=False, switches=True, unkind=True, schedule=15)
    assert not violations(plan)[1], told(plan)


def test_after_a_switch_a_failure_by_a_fast_clock_is_no_outcome_of_what_pro_created_and_allocated() -> None:
    dropped, spared = frozenset({1}), frozenset({1, 13, 34})
    plan = Plan(44327128, spared=spared, dropped_orders=dropped, miscounted=1.0, with_engine=False, switches=True)
    assert not violations(replace(plan, unkind=True, schedule=24))[1], told(plan)


def test_a_client_sends_again_what_the_api_did_not_begin_as_its_clock_was_set_in_between() -> None:
    spared = frozenset({51, 124, 154, 208, 262})
    plan = Plan(44532649, 0.02, spared=spared, miscounted=0.3, requests=True, unkind=True)
    assert not violations(plan)[1], told(plan)


def test_a_write_that_the_engine_gave_up_is_over_before_a_switch_to_pro() -> None:
    spared, dropped = frozenset({7, 10}), frozenset({0, 1, 3, 4})
    plan = Plan(40033203, 0.3, spared=spared, dropped_orders=dropped, miscounted=1.0, with_engine=False, switches=True)
    assert not violations(replace(plan, schedule=1))[1], told(plan)


def test_what_pro_rejects_for_its_key_is_allocated_once_the_key_is_there_whatever_comes_back_instead() -> None:
    spared = frozenset({28, 34, 53, 63, 65, 77, 78, 90, 104, 111})
    plan = Plan(66, fault_chance=0.1, spared=spared, dropped_orders=frozenset({6, 8}), schedule=8)
    assert not violations(plan)[1], told(plan)


def test_pro_says_nothing_of_the_consignments_of_a_call_that_it_rejects_for_its_key() -> None:
    world = World(Plan(0, fault_chance=1.0, faults=(Fault.ERROR_AFTER,)))
    pro = SimulatedPro(world)
    pro.rotate_key()
    said: list[ProReply] = []

    def ask() -> None:
        for _ in range(300):
            with suppress(NoReplyError, NotSentError):
                said.append(pro.call("PUT", "/allocation/EC-AAA-AAA-AAA/x", b"", FIRST_KEY, seconds=1.0))

    world.start(ask, 10_000.0, lambda _: None)
    world.run()
    assert len({reply.status for reply in said}) > 5
    assert [reply for reply in said if read_error(reply.body)] == []
