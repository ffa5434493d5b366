"""The guards of the guarantee: the histories in which each is missed that is taken away."""

from tests.simulation import guard_plans as plans
from tests.simulation import guards_at_pro as at_pro
from tests.simulation import guards_here as here
from tests.simulation import guards_of_claims as of_claims
from tests.simulation import guards_of_records as of_records

GUARDS = {
    "places moved at once": (here.without_moving_places_at_once, plans.LIMITED, "the limits count"),
    "killers by themselves": (here.without_working_on_each, plans.KILLED_TOGETHER, "can be read and is in the DLQ"),
    "catalogues": (
        here.without_keeping_catalogues_first,
        plans.WITHOUT_ARCHIVE,
        "has an explanation that can't be read",
    ),
    "read-back": (at_pro.without_read_back, plans.FAULTY, "is allocated at PRO and recorded as"),
    "condition": (here.without_condition, plans.LATE, "was written 2 times"),
    "version of a step": (here.without_the_version_of_a_step, plans.SHIPPED, "and that was overwritten"),
    "version of an entry": (here.without_the_version_of_an_entry, plans.FAULTY, "the index counts"),
    "versions of an entry": (here.without_the_versions_of_an_entry, plans.FAULTY, "the history of"),
    "counts with their entry": (here.without_one_transaction_of_entry_and_counts, plans.FAULTY, "the index counts"),
    "outbox": (here.without_stream_retries, plans.FAULTY, "has no event"),
    "returned messages": (here.without_returning_messages, plans.FAULTY, "lacks outcomes for"),
    "DLQ receipts": (here.without_certainty_of_the_dlq, plans.UNANSWERED, "is not in the DLQ with a reason"),
    "claims": (at_pro.without_claims, plans.PROMPT, "after it was allocated"),
    "earlier claims": (at_pro.without_reading_what_was_claimed, plans.PROMPT, "after it was allocated"),
    "late calls": (
        here.without_patience_for_late_calls,
        plans.LATE_AND_CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "late deallocations": (
        here.without_patience_for_late_calls,
        plans.LATE_AND_CHANGED,
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations that PRO may execute late": (
        at_pro.without_patience_for_deallocations,
        plans.WITHOUT_ROW_AFTER_ALL,
        "is recorded as allocated, and is not at PRO",
    ),
    "deallocations of updates that PRO may execute late": (
        at_pro.without_patience_for_deallocations_of_updates,
        plans.CHANGED_LATE,
        "is recorded as allocated, and is not at PRO",
    ),
    "claims that are held": (at_pro.without_waiting_for_who_is_at_it, plans.SLOW_AND_AGAIN, "after it was allocated"),
    "claims of version 0.2.0": (
        at_pro.without_claims_of_earlier_versions,
        plans.AFTER_EARLIER,
        "after it was allocated",
    ),
    "patience": (at_pro.without_patience, plans.LOST, "while PRO could still be at it"),
    "looking before creating": (at_pro.without_looking_before_creating, plans.CREATED, "was created 2 times"),
    "patience with creations": (at_pro.without_patience_for_creations, plans.CREATED_LATE, "was created 2 times"),
    "second look": (at_pro.without_a_second_look, plans.CREATED_UNSEEN, "was created 2 times"),
    "lag of the search": (at_pro.without_waiting_for_the_search, plans.CREATED_UNKINDLY, "was created 2 times"),
    "content of updates at PRO": (
        at_pro.without_changing_what_was_created,
        plans.CREATED_AND_UPDATED,
        "and PRO ships the content of",
    ),
    "settling at PRO first": (at_pro.without_settling_at_pro_first, plans.SWITCHED, "and the engine has allocated it"),
    "looking for the first claim": (
        at_pro.without_looking_for_the_first_claim,
        plans.SWITCHED_AND_LOST,
        "and the engine has allocated it",
    ),
    "looking at full price after a switch": (
        at_pro.without_looking_at_full_price_after_a_switch,
        plans.SWITCHED_A_MOMENT_AGO,
        "and the engine has allocated it",
    ),
    "consistent marks": (here.without_consistent_marks, plans.ALLOCATED_WHILE_CANCELLED, " cancels "),
    "consistent looks at what comes again": (
        here.without_consistent_looks_at_what_comes_again,
        plans.COME_AGAIN,
        "and PRO ships the content of",
    ),
    "cancelling what was created": (
        at_pro.without_cancelling_what_was_created,
        plans.CREATED_AND_CANCELLED,
        "is recorded as Cancelled, and PRO has it as",
    ),
    "settling at PRO before the API": (
        at_pro.without_settling_at_pro_for_requests,
        plans.SWITCHED_AND_ASKED,
        "is allocated at PRO",
    ),
    "release of what the API takes back": (
        at_pro.without_releasing_for_requests,
        plans.TAKEN_BACK,
        "is allocated at PRO and recorded as Unallocated",
    ),
    "cancelling what the API cancels": (
        at_pro.without_cancelling_for_requests,
        plans.TAKEN_BACK,
        "is recorded as Cancelled, and PRO has it as",
    ),
    "claims of what the API takes back": (
        at_pro.without_claims_of_requests,
        plans.TAKEN_BACK_WHILE_ALLOCATED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "earlier readers": (
        at_pro.without_care_for_earlier_readers,
        plans.UPDATED_TOGETHER,
        "is recorded as allocated, and is not at PRO",
    ),
    "claims on what nobody asked for": (
        at_pro.without_claims_on_what_nobody_asked_for,
        plans.DELIVERED_TWICE,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "claims of records": (
        at_pro.without_the_claims_of_records,
        plans.KILLED_AND_CANCELLED,
        "is recorded as allocated, and is not at PRO",
    ),
    "patience with errors": (at_pro.without_patience_for_errors, plans.UNKIND, "was allocated 2 times"),
    "patience with failures of SortedPRO": (
        at_pro.without_patience_for_failures_of_pro,
        plans.UNKIND,
        "was allocated 2 times",
    ),
    "reading after 429": (at_pro.without_reading_after_throttling, plans.UNKINDLY_THROTTLED, "was allocated 2 times"),
    "clock of AWS": (here.without_the_clock_of_aws, plans.UNKIND_AGAIN, "was allocated 2 times"),
    "steady clock": (here.without_the_steady_clock, plans.UNKIND_AGAIN, "was allocated 2 times"),
    "set-up": (
        at_pro.without_waiting_for_the_set_up,
        plans.UNKIND,
        "could have been allocated, and failed with ServiceGroup",
    ),
    "arrivals": (at_pro.without_waiting_for_arrivals, plans.UNKIND, "could have been allocated, and failed with Cons"),
    "narrowing down": (
        at_pro.without_narrowing_down,
        plans.LISTED,
        "could have been allocated, and failed with",
    ),
    "contradictions": (at_pro.without_doubt, plans.LIES, "and recorded on AE_DOM"),
    "failures from before": (
        at_pro.without_asking_after_old_failures,
        plans.UNHEARD,
        "could have been allocated, and failed with No",
    ),
    "fresh keys": (at_pro.without_fresh_keys, plans.CALM, "was given up"),
    "taking back": (
        here.without_taking_back,
        plans.KILLED_AND_UPDATED,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "event ids": (here.without_event_ids, plans.FAULTY, "which had tried it"),
    "trying again": (here.without_trying_again, plans.FAULTY, "did not try it again"),
    "looking twice": (here.without_looking_twice, plans.CANCELLED_SOON, " cancels "),
    "deallocations": (at_pro.without_deallocations, plans.FAULTY, "is allocated at PRO and recorded as Cancelled"),
    "second look at cancelled orders": (
        here.without_a_second_look_at_cancelled_orders,
        plans.ALLOCATED_WHILE_CANCELLED,
        " cancels ",
    ),
    "refusals": (here.without_refusals, plans.UPDATED, "0 times and refused it 0 times"),
    "ids of refused updates": (here.without_ids_of_refused_updates, plans.UPDATED, "0 times and refused it 2 times"),
    "precedence of updates": (here.without_precedence_of_updates, plans.UPDATED, "took the place of update-"),
    "turns": (here.without_turns, plans.UPDATED, "0 times and refused it 0 times"),
    "new labels": (here.without_new_labels, plans.UPDATED, "its label has the content of"),
    "newer labels": (
        here.without_care_for_newer_labels,
        plans.LABELLED_LATE,
        "its label has the content of",
    ),
    "size of summaries": (here.without_cutting_summaries, plans.CALM, "has no event"),
    "version of a record": (of_records.without_the_version_of_a_record, plans.RECORDED_LATE, "was written"),
    "version of a refusal": (of_records.without_the_version_of_a_refusal, plans.UPDATED_OF_ENGINE, "was written"),
    "past failures": (of_records.without_past_failures, plans.FAULTY, "has forgotten that it failed"),
    "events of a batch": (of_records.without_all_events_of_a_batch, plans.TOGETHER, "did not try it again"),
    "who was first": (of_records.without_looking_who_was_first, plans.DECIDED_AT_ONCE, "did not try it again"),
    "events before a cancellation": (
        of_records.without_events_before_a_cancellation,
        plans.UPDATED_AND_CANCELLED,
        "times and refused it",
    ),
    "counts with their record": (of_records.without_counting_with_the_record, plans.LIMITED, "the limits count"),
    "places given back": (of_records.without_giving_places_back, plans.LIMITED_AND_CANCELLED, "the limits count"),
    "room of a limit": (of_records.without_the_room_of_a_limit, plans.WRITTEN_LATE, "places taken, and there are"),
    "places of a part": (of_records.without_the_places_of_a_part, plans.LIMITED, "is below zero"),
    "marks": (of_records.without_marks, plans.CANCELLED_SOON, " cancels "),
    "first look at cancelled orders": (
        of_records.without_a_first_look_at_cancelled_orders,
        plans.CANCELLED_SOON,
        " cancels ",
    ),
    "unread marks": (of_records.without_reading_marks_for_certain, plans.UNREAD_MARKS, " cancels "),
    "recording before cancelling": (
        of_records.without_recording_before_cancelling,
        plans.CREATED_AND_SHARED,
        "could have been allocated, and failed with",
    ),
    "content before allocating": (
        of_records.without_keeping_content_first,
        plans.CONTENT_NOT_KEPT,
        "its label has the content of None",
    ),
    "content of updates": (of_records.without_keeping_updates_for_certain, plans.CONTENT_NOT_KEPT, "its label has"),
    "cancelling again": (
        of_records.without_cancelling_again,
        plans.CREATED_AND_CANCELLED,
        "is recorded as Cancelled, and PRO has it as",
    ),
    "unconfirmed releases": (
        of_records.without_waiting_for_releases,
        plans.CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "updates first": (of_records.without_updates_first, plans.UPDATED, "times and refused it"),
    "refusing last": (of_records.without_refusing_last, plans.UNANSWERED, "lacks outcomes for"),
    "condition of a claim": (
        of_claims.without_the_condition_of_a_claim,
        plans.CLAIMED_AT_ONCE,
        "was asked for",
    ),
    "clock of new claims": (
        of_claims.without_the_right_clock_of_new_claims,
        plans.UNKIND_AGAIN,
        "was allocated 2 times",
    ),
    "releases after a switch": (
        of_claims.without_waiting_with_releases_after_a_switch,
        plans.SWITCHED_AND_CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "what was lost before a switch": (
        of_claims.without_waiting_with_what_was_lost_before_a_switch,
        plans.SWITCHED_WITHOUT_ROW,
        "is allocated at PRO and recorded as AllocationFailed",
    ),
    "outcomes of claims after a switch": (
        of_claims.without_looking_what_a_claim_came_to,
        plans.SWITCHED_AND_CANCELLED,
        "is allocated at PRO",
    ),
    "confirmed deallocations": (
        of_claims.without_confirming_deallocations,
        plans.NOT_DEALLOCATED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "claims of who takes back": (
        of_claims.without_claims_of_who_takes_back,
        plans.CANCELLED_BUSILY,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "claims until it is recorded": (
        of_claims.without_claims_until_it_is_recorded,
        plans.CANCELLED_BUSILY,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "what is taken back": (
        of_claims.without_waiting_for_what_is_taken_back,
        plans.CHANGED_LATE,
        "is recorded as allocated, and is not at PRO",
    ),
    "who asked": (of_claims.without_remembering_who_asked, plans.PROMPT, "after it was allocated"),
    "one try": (of_claims.without_one_try, plans.CALM, "was given up"),
    "claims of creations": (of_claims.without_claims_of_creations, plans.CREATED_BUSILY, "was created 2 times"),
    "throttled creations": (
        of_claims.without_patience_after_throttled_creations,
        plans.CREATED_UNKINDLY,
        "was created 2 times",
    ),
    "updates to come": (
        of_claims.without_waiting_for_an_update_to_come,
        plans.CREATED_AND_UPDATED,
        "and PRO ships the content of",
    ),
    "states of others": (
        of_claims.without_looking_whose_state_it_is,
        plans.LIES,
        "is recorded as allocated, and is not at PRO",
    ),
    "open calls": (of_claims.without_waiting_for_open_calls, plans.UNKIND, "was allocated 2 times"),
    "passing states": (of_claims.without_waiting_while_pro_allocates, plans.UNKIND, "was allocated 2 times"),
    "passing states after deallocations": (
        of_claims.without_passing_states_after_deallocations,
        plans.UNKIND_AND_CANCELLED,
        "is allocated at PRO and recorded as Cancelled",
    ),
    "set-aside": (of_records.without_setting_aside, plans.CALM, "the stream gave up on"),
    "set-aside receipts": (of_records.without_certainty_of_the_set_aside, plans.NOT_SET_ASIDE, "vanished"),
}
"""By name: how to take the guard away, in which histories that is missed, from their seed on, and what is missed."""

MOST_LAG = 300.0
"""How many seconds a read may be behind at most: one that is further behind than a claim lasts misses claims, too."""

AIMED = {plan: None for _, plan, _ in GUARDS.values() if plan.read_lag <= MOST_LAG}
"""The plans in which the guarantee holds as long as no guard is taken away."""
