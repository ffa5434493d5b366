"""A replay in parts is the replay of the whole, and counts what the deployed allocator would have decided."""

from collections import Counter
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules
from allocation.domain.outcome import Allocated, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import Engine
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import Partial, replay, replayed
from tests.support.engines import NOW, PARCEL, engine_of, package, rate, service
from tests.support.ports import InMemoryCatalogues, InMemoryLimits

SERVICES = {
    "CHEAP": service(rates=[rate("GB", 3, 4, days=4)], dailyLimit=2),
    "MIDDLE": service(rates=[rate("GB", 4, "5.50", days=3)], dailyLimit=1, weight="3 kg"),
    "QUICK": service(rates=[rate("GB", "5.20", 7, days=1)], dailyLimit=2),
    "DEAR": service(rates=[rate("GB", 9, 9, days=2)], weight="4 kg"),
}
PREFERENCES = ("cheapest", "fastest", {"fastestWithin": "1.50 GBP"}, {"fastestWithin": "4 GBP"})
MODES: tuple[AllocationMode, ...] = (DefaultRules(), CarrierService("CHEAP"), CarrierService("UNKNOWN"))


@cache
def engine(preference: int, *, dearer: bool) -> Engine:
    services = deepcopy(SERVICES)
    if dearer:
        services["CHEAP"] |= {"rates": [rate("GB", 6, 8)], "dailyLimit": 1}
    return engine_of(services, preference=PREFERENCES[preference])


engines = st.builds(engine, st.sampled_from(range(len(PREFERENCES))), dearer=st.booleans())
questions = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 40), st.sampled_from(MODES)), min_size=1, max_size=14
).map(
    lambda drawn: [
        Replayable(
            replace(PARCEL, reference=ConsignmentReference(f"C-{at}"), packages=(package(str(weight)),)),
            mode,
            NOW + timedelta(hours=hours),
        )
        for at, (weight, hours, mode) in enumerate(drawn)
    ]
)


def merged(*parts: Partial) -> Partial:
    whole = deepcopy(parts[0])
    for part in parts[1:]:
        whole.merge(deepcopy(part))
    return whole


def decided(decides: Engine, asked: Replayable, limits: InMemoryLimits) -> Outcome:
    allocator = EngineAllocator(
        decides, now=lambda: asked.decided_at, api_base_url="", usage=limits, archive=InMemoryCatalogues()
    )
    return allocator.outcomes([asked.consignment], asked.mode)[asked.consignment.reference]


@settings(max_examples=80, deadline=None)
@given(engines, engines, questions, st.data())
def test_parts_merge_in_any_order_and_grouping_to_the_replay_of_the_whole(
    before: Engine, after: Engine, asked: list[Replayable], data: st.DataObject
) -> None:
    sides = Side(before), Side(after)
    shuffled = data.draw(st.permutations(asked))
    ends = sorted(data.draw(st.tuples(st.integers(0, len(asked)), st.integers(0, len(asked)))))
    first, second, third = (
        replayed(*sides, part) for part in (shuffled[: ends[0]], shuffled[ends[0] : ends[1]], shuffled[ends[1] :])
    )
    whole = replay(*sides, asked).document()
    assert merged(merged(first, second), third).result().document() == whole
    assert merged(first, merged(second, third)).result().document() == whole
    assert merged(third, first, second).result().document() == whole


@settings(max_examples=80, deadline=None)
@given(engines, questions)
def test_a_replay_decides_what_the_allocator_would_have_decided_one_after_another(
    decides: Engine, asked: list[Replayable]
) -> None:
    limits = InMemoryLimits()
    chosen: Counter[str | None] = Counter()
    cost = Decimal(0)
    for each in sorted(asked, key=lambda each: (each.decided_at, each.consignment.reference)):
        outcome = decided(decides, each, limits)
        if not isinstance(outcome, Allocated) or outcome.price is None:
            chosen[None] += 1
            continue
        chosen[outcome.summary.carrier_service_reference] += 1
        cost += outcome.price.net
        if outcome.limit:
            limits.counts[outcome.limit.on] = limits.counts.get(outcome.limit.on, 0) + 1
    found = replay(Side(decides), Side(decides), asked)
    assert {way.after: moved.count for way, moved in found.ways} == dict(chosen)
    assert sum(found.cost_after.values()) == cost
