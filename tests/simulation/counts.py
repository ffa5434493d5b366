"""Chunks of histories, and what happened in them: faults by their kinds, histories by theirs."""

import gc
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.guarantee import versions
from tests.simulation.history import History
from tests.simulation.plans import drawn_plan
from tests.simulation.shipping import REQUEST
from tests.simulation.shrink import violations


@dataclass(slots=True)
class Chunk:
    """What the histories of a range of seeds came to that hold."""

    seeds: range
    seen: Counter[str] = field(default_factory=Counter)
    processor_seconds: float = 0.0
    broken: int | None = None
    """The seed after them, if its history breaks."""


def run_chunk(seeds: range) -> Chunk:
    """Runs the histories of these seeds, up to the first that breaks."""
    seen, broken, began = Counter[str](), None, time.process_time()
    for seed in seeds:
        history, problems = violations(drawn_plan(seed))
        if problems:
            broken = seed
            break
        seen.update(counted(history))
    gc.collect()
    held = seeds if broken is None else range(seeds.start, broken)
    return Chunk(held, seen, time.process_time() - began, broken)


def counted(history: History) -> dict[str, int]:
    """What happened in a history, by the names that `docs/proof.md` has."""
    plan, with_engine = history.plan, history.with_engine
    return {
        **history.world.counts,
        "histories": 1,
        "calls": history.world.calls,
        "messages": len(history.orders),
        "cancellations": len(history.cancellations),
        "updates": len(history.updates),
        "requests to the API": len(history.shipments),
        "refused updates": sum("refusedUpdate" in record for _, record in versions(history)),
        "allocations": history.pro.state.allocations.total(),
        "records": len(history.table.items),
        "events": len(history.topic.published),
        "circuits opened": history.circuits.opened,
        "orders that kill": len(history.killers),
        "prompt histories": plan.prompt,
        "histories with the engine": with_engine,
        "histories in which the API deallocates": any(each.name.startswith(REQUEST) for each in history.shipments),
        "histories with a limit in parts": any("parts" in item for item in history.table.limits.items.values()),
        "histories with two versions": history.two_versions and with_engine,
        "histories with an unkind SortedPRO": plan.unkind and not with_engine,
        "histories after version 0.2.0": plan.earlier and not with_engine,
        "histories of a switched stack": plan.switches,
        "histories with people in SortedPRO": history.followed,
        "histories in which SortedPRO creates": history.creates,
        "histories with an outage": bool(plan.outage_seconds or plan.hung_writes_seconds),
    }


def collect_rarely() -> None:
    """Has the garbage collector look at a history's objects when they are over, and at the modules' never."""
    run_chunk(range(1))
    gc.collect()
    gc.freeze()
    gc.disable()
