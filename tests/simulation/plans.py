"""The plans of the histories that `make chaos` runs: drawn from their seed, of all kinds there are."""

from dataclasses import replace
from random import Random

from tests.simulation.world import Plan

HOUR = 3600.0
OUTAGE_SECONDS = 6 * HOUR
"""How long an outage of SortedPRO's lasts that sends no message to the DLQ."""
SNS_OUTAGE_SECONDS = 5 * HOUR
OUTAGE_KINDS = ("refused", "hang", "401", "429", "503", "504", "accepted")
CHANCES = (0.02, 0.08, 0.15, 0.3)
RARE = 0.003
"""Of each kind of outage: such histories take long."""

SWITCHES = 0.05
"""Of what has no other version before."""

UNWINDS = 0.5
"""How likely all that is killed in a history still does what it does at its end."""

REQUESTS = 0.5
"""Of all."""

MISCOUNTED = (0.0, 1.0, 0.0, 1.0, 0.3)
"""How likely a message that comes again is said to come for the first time."""

AGAIN = (0.03, 0.03, 0.2)
"""How likely a message is delivered again while it is worked on."""


def outage(seed: int, kind: str) -> Plan:
    """PRO out of order for as long as is guaranteed to be survived, and few other faults, until an hour after."""
    return Plan(
        seed, fault_chance=0.02, outage_seconds=OUTAGE_SECONDS, outage_kind=kind, faults_until=OUTAGE_SECONDS + HOUR
    )


def hung_writes(seed: int) -> Plan:
    """DynamoDB answers no write for as long."""
    return Plan(seed, fault_chance=0.02, hung_writes_seconds=OUTAGE_SECONDS, faults_until=OUTAGE_SECONDS)


def sns_outage(seed: int, seconds: float = SNS_OUTAGE_SECONDS) -> Plan:
    """SNS takes nothing for a while."""
    return Plan(seed, fault_chance=0.02, sns_outage_seconds=seconds)


def archive_outage(seed: int) -> Plan:
    """The catalogues that decide can't be kept, and few other faults; the engine allocates."""
    return Plan(seed, fault_chance=0.02, archive_outage_seconds=HOUR, faults_until=HOUR, with_engine=True)


def drawn_plan(seed: int) -> Plan:
    """Mostly faults at each call by one of several chances, a quarter of them prompt; now and then an outage.

    In a tenth of the others, orders kill the function whenever they are read; in a tenth, batches stay together. In a
    third, PRO is unkind and clocks differ. In a seventh, version 0.2.0 was there before. A twentieth of what is left is
    switched between PRO and the engine. In half of all that have no outage, requests to the API deallocate and cancel,
    and allocate where the engine does. In half, what is killed does nothing more.
    """
    draw = Random(f"{seed}/plan")
    kind = draw.random()
    if kind < RARE:
        return outage(seed, draw.choice(OUTAGE_KINDS))
    if kind < 2 * RARE:
        return hung_writes(seed)
    if kind < 3 * RARE:
        return sns_outage(seed)
    if kind < 4 * RARE:
        return archive_outage(seed)
    plan = Plan(seed, fault_chance=draw.choice(CHANCES), prompt=draw.random() < 0.25)
    plan = replace(plan, killers=draw.choice((0.0,) * 9 + (0.1,)), together=draw.random() < 0.1)
    plan = replace(plan, delivered_again=0.0 if plan.together else AGAIN[seed % len(AGAIN)])
    plan = replace(plan, unkind=draw.random() < 0.35)
    plan = replace(plan, requests=Random(f"{seed}/requests").random() < REQUESTS)
    plan = replace(plan, unwinds=Random(f"{seed}/unwinds").random() < UNWINDS)
    plan = replace(plan, earlier=draw.random() < 0.15, miscounted=MISCOUNTED[seed % len(MISCOUNTED)])
    if plan.earlier or draw.random() >= SWITCHES:
        return plan
    return replace(plan, switches=True, with_engine=False)
