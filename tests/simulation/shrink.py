"""The shortest history that still breaks the guarantee: orders and faults are left out as long as it does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from traceback import extract_tb

from allocation.batches import batches
from tests.simulation.guarantee import broken
from tests.simulation.history import History
from tests.simulation.orders import Cancellation, Update
from tests.simulation.world import NeverQuietError, Plan

SCHEDULES = 20
MAX_TRIES = 3_000
"""Histories that are run to shrink one: a minute or two."""


def violations(plan: Plan) -> tuple[History, list[str]]:
    """Runs a plan; returns its history and what is broken at its end, unrest included."""
    history = History(plan)
    try:
        history.run()
    except NeverQuietError as error:
        return history, [str(error)]
    except Exception as error:  # noqa: BLE001 - whatever the code under test ends with is a broken history
        place = extract_tb(error.__traceback__)[-1]
        return history, [f"{place.filename.rpartition('/')[2]}:{place.lineno} crashed: {type(error).__name__}: {error}"]
    return history, broken(history)


def shrink(plan: Plan, most_tries: int = MAX_TRIES) -> Plan:
    """A plan with as few orders and faults as could be found by so many tries that still breaks the guarantee."""
    tries = iter(range(most_tries))
    while True:
        # The counter comes first: otherwise a candidate would be taken that nobody tries.
        smaller = next((each for _, each in zip(tries, candidates(plan), strict=False) if breaks(each)), None)
        if smaller is None:
            return plan
        plan = smaller


def breaks(plan: Plan) -> bool:
    """Tells whether the plan's history breaks the guarantee."""
    return bool(violations(plan)[1])


def candidates(plan: Plan) -> Iterator[Plan]:
    """The plan with fewer orders or with fewer faults, each on several schedules."""
    history, _ = violations(plan)
    for numbers in parts(history.order_numbers):
        fewer = plan.dropped_orders.union(numbers)
        yield from (replace(plan, dropped_orders=fewer, schedule=plan.schedule + more) for more in range(SCHEDULES))
    for numbers in parts(list(history.world.struck)):
        spared = plan.spared.union(numbers)
        yield from (replace(plan, spared=spared, schedule=plan.schedule + more) for more in range(SCHEDULES))


def parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    """All the numbers, their halves, the halves of these and so on, down to each by itself."""
    size = len(numbers)
    while size:
        yield from batches(numbers, size)
        size //= 2


def told(plan: Plan) -> str:
    """A plan's history in words: its orders, what struck, and what is broken."""
    history, problems = violations(plan)
    lines = [f"{plan}", f"mode {history.mode}, {len(history.orders)} orders, {history.world.calls} calls"]
    lines += [f"  at {order.sent_at:5.0f} s {order.name}: {', '.join(order.consignments)}" for order in history.orders]
    others: list[Update | Cancellation] = [*history.updates, *history.cancellations]
    for other in others:
        named = ", ".join(other.consignments or ("the whole order",))
        lines.append(f"  at {other.sent_at:5.0f} s {other.name} of {other.order_reference}: {named}")
    lines += [
        f"  at {each.sent_at:5.0f} s {each.name}, to be {each.action}: {', '.join(each.references)}"
        for each in history.shipments
    ]
    lines += [f"  call {number}: {what}" for number, what in sorted(history.world.struck.items())]
    return "\n".join(lines + [f"  BROKEN: {problem}" for problem in problems])
