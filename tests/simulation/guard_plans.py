"""The plans of the histories that aim at a guard. `guards.py` says which is missed in which."""

from dataclasses import replace

from tests.simulation.world import Fault, Plan

FAULTY = Plan(0, fault_chance=0.15)
PROMPT = replace(FAULTY, prompt=True)
SHIPPED = Plan(
    0,
    with_engine=True,
    large_orders=False,
    cancelled=1.0,
    fault_chance=0.8,
    faults=(Fault.SLOW,),
    strikes_at=("UpdateItem",),
)
# Records are written late, over what others have written since.
RECORDED_LATE = replace(SHIPPED, strikes_at=("PutItem", "TransactWriteItems"))
# What follows aims at a guard: it has only such orders and faults as the guard is needed for.
OF_PRO = Plan(0, with_engine=False, large_orders=False, cancelled=0.0, updated=0.0)
CALM = replace(OF_PRO, fault_chance=0.0)
TOGETHER = replace(CALM, together=True)
UNANSWERED = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_BEFORE,))
# Messages come again at one time, and claim what nobody holds any more.
CLAIMED_AT_ONCE = replace(
    UNANSWERED,
    prompt=True,
    fault_chance=0.6,
    strikes_at=("PUT /allocation",),
    delivered_again=0.5,
    creates=False,
    slowest_call=10.0,
    slow_at=("TransactWriteItems claims",),
)
UNHEARD = replace(OF_PRO, fault_chance=0.1, faults=(Fault.ERROR_AFTER,))
LIES = replace(OF_PRO, fault_chance=0.3, faults=(Fault.ERROR_AFTER,), misleading=True)
LATE = replace(OF_PRO, fault_chance=0.15, faults=(Fault.SLOW,))
LATE_AND_CANCELLED = replace(LATE, fault_chance=0.08, cancelled=1.0)
KILLED_AND_CANCELLED = replace(
    OF_PRO,
    fault_chance=0.6,
    cancelled=0.6,
    faults=(Fault.KILL_AFTER,),
    strikes_at=("PUT",),
    delivered_again=0.3,
    slowest_call=1.0,
    together=True,
)
LATE_AND_CHANGED = replace(LATE, fault_chance=0.5, creates=True, updated=0.95, delivered_again=0.2, strikes_at=("PUT",))
CHANGED_LATE = replace(LATE_AND_CHANGED, fault_chance=0.8)
# Updates come when nobody waits any longer for what was lost before. Their options have no row: it is taken back.
WITHOUT_ROW_AFTER_ALL = replace(
    CHANGED_LATE, creates=False, unkind=True, together=True, lacks_rows=True, updated_at=400.0
)
UNKIND = replace(LATE, unkind=True)
# Messages come again in other environments, with other clocks.
UNKIND_AGAIN = replace(
    UNKIND,
    fault_chance=0.6,
    strikes_at=("PUT /allocation",),
    delivered_again=0.3,
    creates=False,
    slowest_call=10.0,
    slow_at=("PUT /allocation",),
)
UNKINDLY_THROTTLED = replace(UNHEARD, unkind=True, fault_chance=0.6, strikes_at=("PUT /allocation",))
UNKIND_AND_CANCELLED = replace(LATE_AND_CANCELLED, fault_chance=0.6, strikes_at=("PUT /allocation",), unkind=True)
# Lists of many consignments, of which some spoil the whole.
LISTED = replace(TOGETHER, unkind=True)
LOST = replace(UNANSWERED, prompt=True)
CREATED = replace(OF_PRO, fault_chance=0.15, creates=True)
CREATED_AND_CANCELLED = replace(CREATED, cancelled=0.6)
# Several orders ask for what one of them cancels.
CREATED_AND_SHARED = replace(CREATED, cancelled=0.8, delivered_again=0.2, slowest_call=5.0, together=True)
CREATED_BUSILY = replace(CREATED, fault_chance=0.1, slowest_call=2.0, delivered_again=0.3, updated=0.5, cancelled=0.4)
CREATED_AND_UPDATED = replace(CREATED, updated=0.9)
CREATED_UNSEEN = replace(
    CREATED,
    fault_chance=0.7,
    faults=(Fault.KILL_AFTER, Fault.ERROR_AFTER),
    strikes_at=("POST", "GET /consignments/getC"),
)
CREATED_UNKINDLY = replace(CREATED, fault_chance=0.9, faults=(Fault.ERROR_AFTER,), unkind=True, strikes_at=("POST",))
AFTER_EARLIER = replace(PROMPT, earlier=True, with_engine=False, large_orders=False)
SWITCHED = replace(OF_PRO, fault_chance=0.2, creates=True, switches=True)
# Whatever PRO allocates is lost, and comes again where the engine allocates that was there before.
SWITCHED_AND_LOST = replace(
    SWITCHED,
    creates=False,
    fault_chance=0.9,
    faults=(Fault.KILL_AFTER,),
    strikes_at=("PUT",),
    switched_at=(5.0, 600.0, 3000.0),
)
SWITCHED_AND_CANCELLED = replace(SWITCHED_AND_LOST, fault_chance=0.5, cancelled=0.7)
SWITCHED_WITHOUT_ROW = replace(
    SWITCHED_AND_LOST, fault_chance=0.5, updated=0.5, lacks_rows=True, switched_at=(0.0, 400.0, 3000.0)
)
CREATED_LATE = replace(CREATED, faults=(Fault.SLOW,))
UPDATED_TOGETHER = replace(OF_PRO, fault_chance=0.0, slowest_call=1.0, updated=0.95, delivered_again=0.3)
KILLED_TOGETHER = Plan(0, fault_chance=0.0, large_orders=False, killers=0.15, together=True, delivered_again=0.0)
# Invocations take so long that they overlap.
SLOW = replace(OF_PRO, fault_chance=0.0, slowest_call=3.0, prompt=True)
SLOW_AND_AGAIN = replace(SLOW, delivered_again=0.3)
# An order and its update are delivered together, and the order once more at the same time; the update has no row.
DELIVERED_TWICE = replace(
    OF_PRO,
    fault_chance=0.0,
    creates=False,
    updated=0.95,
    updated_at=0.0,
    together=True,
    delivered_again=0.6,
    lacks_rows=True,
    slowest_call=15.0,
    slow_at=("BatchExecuteStatement claims",),
)
CANCELLED_SOON = replace(CALM, prompt=True, cancelled=1.0, index_lag=59.0)
# Orders are cancelled while they are allocated. Reads that need not be consistent are far behind.
ALLOCATED_WHILE_CANCELLED = replace(
    CANCELLED_SOON,
    creates=False,
    read_lag=300.0,
    slowest_call=15.0,
    slow_at=("PUT /allocation", "BatchExecuteStatement", "PutItem"),
)
UNREAD_MARKS = replace(
    ALLOCATED_WHILE_CANCELLED,
    fault_chance=0.5,
    faults=(Fault.ERROR_BEFORE,),
    strikes_at=("BatchGetItem",),
    delivered_again=0.0,
)
SWITCHED_A_MOMENT_AGO = replace(
    SWITCHED,
    creates=False,
    fault_chance=0.0,
    read_lag=900.0,
    miscounted=1.0,
    delivered_again=0.3,
    switched_at=(20.0, 600.0, 3000.0),
)
UPDATED = Plan(0, fault_chance=0.15, large_orders=False, cancelled=0.0, updated=0.7)
LABELLED_LATE = replace(
    UPDATED,
    creates=False,
    followed=False,
    fault_chance=0.0,
    updated=0.9,
    delivered_again=0.3,
    slowest_call=15.0,
    slow_at=("UpdateItem contents", "TransactWriteItems contents"),
)
CONTENT_NOT_KEPT = replace(
    UPDATED,
    followed=False,
    fault_chance=0.7,
    faults=(Fault.ERROR_BEFORE,),
    strikes_at=("UpdateItem contents", "TransactWriteItems contents"),
)
COME_AGAIN = replace(
    OF_PRO, fault_chance=0.0, creates=True, updated=0.95, delivered_again=0.3, read_lag=800.0, slowest_call=1.0
)
# PRO has allocated what orders asked for, and the function was killed; updates have no row.
KILLED_AND_UPDATED = replace(
    OF_PRO,
    fault_chance=0.5,
    faults=(Fault.KILL_AFTER,),
    strikes_at=("PUT /allocation",),
    creates=False,
    updated=0.95,
    updated_at=2.0,
    together=True,
    delivered_again=0.0,
    lacks_rows=True,
)

# The table of the catalogues is gone until all is decided.
WITHOUT_ARCHIVE = Plan(0, fault_chance=0.0, archive_outage_seconds=14 * 24 * 3600.0, with_engine=True)

LIMITED = Plan(0, fault_chance=0.15, with_engine=True, large_orders=False)
LIMITED_AND_CANCELLED = replace(LIMITED, cancelled=0.6)
# Allocations are written while others are decided.
WRITTEN_LATE = replace(
    LIMITED, fault_chance=0.0, delivered_again=0.3, slowest_call=10.0, slow_at=("TransactWriteItems",)
)
DECIDED_AT_ONCE = replace(
    CALM, with_engine=True, slowest_call=15.0, slow_at=("BatchExecuteStatement", "PutItem"), delivered_again=0.0
)
UPDATED_OF_ENGINE = replace(UPDATED, with_engine=True)
UPDATED_AND_CANCELLED = replace(UPDATED, cancelled=0.5)
CANCELLED = replace(OF_PRO, fault_chance=0.15, cancelled=0.8, delivered_again=0.3, slowest_call=1.0)
NOT_DEALLOCATED = replace(CANCELLED, fault_chance=0.8, faults=(Fault.ERROR_BEFORE,), strikes_at=("PUT /consignments/",))
CANCELLED_BUSILY = replace(CALM, cancelled=0.7, delivered_again=0.5, slowest_call=3.0)
NOT_SET_ASIDE = replace(CALM, fault_chance=0.9, faults=(Fault.ERROR_BEFORE,), strikes_at=("SendMessageBatch failures",))

# The API takes back what orders are about.
TAKEN_BACK = replace(OF_PRO, fault_chance=0.1, requests=True)
SWITCHED_AND_ASKED = replace(SWITCHED_AND_LOST, fault_chance=0.5, updated=0.95, requests=True)
TAKEN_BACK_WHILE_ALLOCATED = replace(
    TAKEN_BACK,
    fault_chance=0.3,
    faults=(Fault.SLOW,),
    strikes_at=("PUT",),
    delivered_again=0.3,
    slowest_call=2.0,
    seed=370,
)
