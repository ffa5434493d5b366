"""The guards of the guarantee: the histories in which each is missed that is taken away."""

from dataclasses import replace

from tests.simulation import guards_at_pro as at_pro
from tests.simulation import guards_here as here
from tests.simulation.world import Fault, Plan

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
# Reads that need not be consistent are far behind.
ALLOCATED_WHILE_CANCELLED = replace(SLOW_AND_CANCELLED, read_lag=60.0, with_engine=True, slowest_call=6.0, seed=60)
SWITCHED_A_MOMENT_AGO = replace(SWITCHED, read_lag=60.0, miscounted=1.0, delivered_again=0.3, seed=110)
UPDATED = Plan(0, fault_chance=0.15, large_orders=False, cancelled=0.0, updated=0.7)
SLOW_AND_UPDATED = replace(
    UPDATED, creates=False, followed=False, fault_chance=0.1, updated=0.9, slowest_call=1.0, delivered_again=0.3
)
COME_AGAIN = replace(
    UPDATED, with_engine=False, creates=True, cancelled=0.5, updated=0.95, delivered_again=0.3, read_lag=900.0
)
# PRO may still carry out what a function asked that was killed after that.
KILLED = replace(UPDATED, faults=(Fault.KILL_AFTER,), with_engine=False, unkind=True)
KILLED_AND_UPDATED = replace(KILLED, fault_chance=0.3, updated=0.95)

# The table of the catalogues is gone until all is decided.
WITHOUT_ARCHIVE = Plan(0, fault_chance=0.0, archive_outage_seconds=14 * 24 * 3600.0, with_engine=True)

LIMITED = Plan(0, fault_chance=0.15, with_engine=True, large_orders=False)
GUARDS = {
    "places moved at once": (here.without_moving_places_at_once, LIMITED, "the limits count"),
    "killers by themselves": (here.without_working_on_each, KILLED_TOGETHER, "can be read and is in the DLQ"),
    "catalogues": (here.without_keeping_catalogues_first, WITHOUT_ARCHIVE, "has an explanation that can't be read"),
    "read-back": (at_pro.without_read_back, FAULTY, "is allocated at PRO and recorded as"),
    "condition": (here.without_condition, LATE, "was written 2 times"),
    "version of a step": (here.without_the_version_of_a_step, SHIPPED, "and that was overwritten"),
    "version of an entry": (here.without_the_version_of_an_entry, FAULTY, "the index counts"),
    "versions of an entry": (here.without_the_versions_of_an_entry, FAULTY, "the history of"),
    "counts with their entry": (here.without_one_transaction_of_entry_and_counts, FAULTY, "the index counts"),
    "outbox": (here.without_stream_retries, FAULTY, "has no event"),
    "returned messages": (here.without_returning_messages, FAULTY, "lacks outcomes for"),
    "DLQ receipts": (here.without_certainty_of_the_dlq, UNANSWERED, "is not in the DLQ with a reason"),
    "claims": (at_pro.without_claims, PROMPT, "after it was allocated"),
    "earlier claims": (at_pro.without_reading_what_was_claimed, PROMPT, "after it was allocated"),
    "late calls": (
        here.without_patience_for_late_calls,
        LATE_AND_CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "late deallocations": (
        here.without_patience_for_late_calls,
        LATE_AND_CHANGED,
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations that PRO may execute late": (
        at_pro.without_patience_for_deallocations,
        replace(LATE_AND_CHANGED, seed=690),
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations of updates that PRO may execute late": (
        at_pro.without_patience_for_deallocations_of_updates,
        replace(LATE_AND_CHANGED, seed=220),
        "is recorded as allocated, and is not at PRO",
    ),
    "claims that are held": (at_pro.without_waiting_for_who_is_at_it, SLOW, "after it was allocated"),
    "claims of version 0.2.0": (at_pro.without_claims_of_earlier_versions, AFTER_EARLIER, "after it was allocated"),
    "patience": (at_pro.without_patience, LOST, "while PRO could still be at it"),
    "looking before creating": (at_pro.without_looking_before_creating, CREATED, "was created 2 times"),
    "patience with creations": (at_pro.without_patience_for_creations, CREATED_LATE, "was created 2 times"),
    "second look": (at_pro.without_a_second_look, CREATED_UNSEEN, "was created 2 times"),
    "lag of the search": (at_pro.without_waiting_for_the_search, CREATED_UNKINDLY, "was created 2 times"),
    "content of updates at PRO": (
        at_pro.without_changing_what_was_created,
        CREATED_AND_UPDATED,
        "and PRO ships the content of",
    ),
    "settling at PRO first": (at_pro.without_settling_at_pro_first, SWITCHED, "and the engine has allocated it"),
    "looking for the first claim": (
        at_pro.without_looking_for_the_first_claim,
        replace(SWITCHED, seed=600),  # one of 800
        "and the engine has allocated it",
    ),
    "looking at full price after a switch": (
        at_pro.without_looking_at_full_price_after_a_switch,
        SWITCHED_A_MOMENT_AGO,
        "and the engine has allocated it",
    ),
    "consistent marks": (here.without_consistent_marks, ALLOCATED_WHILE_CANCELLED, "which is Allocated"),
    "consistent looks at what comes again": (
        here.without_consistent_looks_at_what_comes_again,
        COME_AGAIN,
        "and PRO ships the content of",
    ),
    "cancelling what was created": (
        at_pro.without_cancelling_what_was_created,
        CREATED_AND_CANCELLED,
        "is recorded as Cancelled, and PRO has it as",
    ),
    "earlier readers": (
        at_pro.without_care_for_earlier_readers,
        UPDATED_TOGETHER,
        "is recorded as allocated, and is not at PRO",
    ),
    "claims on what nobody asked for": (
        at_pro.without_claims_on_what_nobody_asked_for,
        DELIVERED_TWICE,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "claims of records": (
        at_pro.without_the_claims_of_records,
        KILLED_AND_CANCELLED,
        "is recorded as allocated, and is not at PRO",
    ),
    "patience with errors": (at_pro.without_patience_for_errors, UNKIND, "was allocated 2 times"),
    "reading after 429": (at_pro.without_reading_after_throttling, UNKINDLY_THROTTLED, "was allocated 2 times"),
    "clock of AWS": (here.without_the_clock_of_aws, UNKIND_TOGETHER, "was allocated 2 times"),
    "steady clock": (here.without_the_steady_clock, UNKIND, "was allocated 2 times"),
    "set-up": (
        at_pro.without_waiting_for_the_set_up,
        UNKIND,
        "could have been allocated, and failed with ServiceGroup",
    ),
    "arrivals": (at_pro.without_waiting_for_arrivals, UNKIND, "could have been allocated, and failed with Cons"),
    "narrowing down": (
        at_pro.without_narrowing_down,
        replace(FAULTY, seed=200),
        "could have been allocated, and failed with",
    ),
    "contradictions": (at_pro.without_doubt, LIES, "and recorded on AE_DOM"),
    "failures from before": (
        at_pro.without_asking_after_old_failures,
        UNHEARD,
        "could have been allocated, and failed with No",
    ),
    "fresh keys": (at_pro.without_fresh_keys, CALM, "was given up"),
    "taking back": (
        here.without_taking_back,
        KILLED_AND_UPDATED,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "event ids": (here.without_event_ids, FAULTY, "which had tried it"),
    "trying again": (here.without_trying_again, FAULTY, "did not try it again"),
    "looking twice": (here.without_looking_twice, SLOW_AND_CANCELLED, "cancels EC-"),
    "deallocations": (at_pro.without_deallocations, FAULTY, "is allocated at PRO and recorded as Cancelled"),
    "second look at cancelled orders": (
        here.without_a_second_look_at_cancelled_orders,
        SLOW_AND_CANCELLED,
        "which is Allocated",
    ),
    "refusals": (here.without_refusals, UPDATED, "0 times and refused it 0 times"),
    "ids of refused updates": (here.without_ids_of_refused_updates, UPDATED, "0 times and refused it 2 times"),
    "precedence of updates": (here.without_precedence_of_updates, UPDATED, "took the place of update-"),
    "turns": (here.without_turns, UPDATED, "0 times and refused it 0 times"),
    "new labels": (here.without_new_labels, UPDATED, "its label has the content of"),
    "newer labels": (
        here.without_care_for_newer_labels,
        replace(SLOW_AND_UPDATED, creates=False),
        "its label has the content of",
    ),
    "size of summaries": (here.without_cutting_summaries, CALM, "has no event"),
}
"""By name: how to take the guard away, in which histories that is missed, from their seed on, and what is missed."""

AIMED = {plan: None for _, plan, _ in GUARDS.values()}
