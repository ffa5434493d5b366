"""What an allocation does with a consignment, step by step, and how long a step takes."""

import gc
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final, TypeVar

from allocation.domain.consignment import Consignment
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Explanation, Failure
from allocation.engine.asked import asked_bytes
from allocation.engine.engine import Assessment, Engine, Exclusion
from allocation.engine.explanation import explain
from allocation.engine.kept_explanation import found_bytes
from allocation.engine.question import NO_FILTERS

_Item = TypeVar("_Item")

MODE: Final = DefaultRules()
NOW: Final = datetime(2027, 6, 9, 10, 0, tzinfo=UTC)


def decide(engine: Engine, consignment: Consignment) -> Assessment:
    """Return every service that can take it with its price and dates, and each rule with the services that failed."""
    inquiry, scope = engine.inquire(consignment), engine.scope(MODE)
    if isinstance(inquiry, Failure) or isinstance(scope, Failure):
        raise ValueError("the benchmark's consignments are complete")
    return engine.assess(inquiry, scope, NOW, NO_FILTERS, used=lambda _: {})


def decide_with_reasons(engine: Engine, consignment: Consignment) -> Sequence[Exclusion]:
    """Decide, and return every other service with all its reasons."""
    return decide(engine, consignment).excluded


def write(engine: Engine, assessment: Assessment) -> tuple[bytes, bytes]:
    """Return what a record keeps of a decision: what was asked and what was found."""
    return asked_bytes(assessment.question.inquiry, MODE, NOW), found_bytes(engine, assessment)


def word(engine: Engine, assessment: Assessment) -> Explanation:
    """Return an explanation in words, as whoever reads a record gets it."""
    return explain(engine, assessment, MODE, NOW)


def measured(work: Callable[[_Item], object], asked: Sequence[_Item], rounds: int = 3) -> tuple[float, float]:
    """Return microseconds for each item: the mean when all is new, the median once lanes and brackets are known."""
    gc.collect()
    first = [microseconds(work, item) for item in asked]
    later = [microseconds(work, item) for _ in range(rounds) for item in asked]
    return sum(first) / len(first), median(later)


def microseconds(work: Callable[[_Item], object], item: _Item) -> float:
    """Return how long the processor takes for one piece of work, whatever else the machine does."""
    start = time.process_time()
    work(item)
    return (time.process_time() - start) * 1e6
