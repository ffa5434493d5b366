"""A decision of the engine, recorded, read again as readers of the record do, and made again from what was asked."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Explanation, Failure, Outcome
from allocation.domain.reference import ConsignmentReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import Engine
from allocation.engine.explanation import explain
from allocation.engine.question import NO_FILTERS
from allocation.records.explanations import Explanations, asked_of
from allocation.records.items import record_item, stored_record
from allocation.records.stored_record import StoredRecord
from tests.support.engines import NOW
from tests.support.ports import InMemoryCatalogues, InMemoryLimits
from tests.support.samples import record_of


def decided(
    engine: Engine,
    consignment: Consignment,
    mode: AllocationMode,
    now: datetime,
    archive: InMemoryCatalogues,
    limits: InMemoryLimits | None = None,
) -> Outcome:
    """What the allocator of a function makes of one consignment."""
    allocator = EngineAllocator(
        engine,
        now=lambda: now,
        api_base_url="https://api.example.com",
        usage=limits or InMemoryLimits(),
        archive=archive,
    )
    return allocator.outcomes([consignment], mode)[consignment.reference]


def recorded(outcome: Outcome, reference: ConsignmentReference) -> StoredRecord:
    """The outcome's record as it is read from the table."""
    assert isinstance(outcome, Allocated | AllocationFailed)
    read = stored_record(record_item(replace(record_of(reference), outcome=outcome), by_order=True))
    assert read is not None
    return read


def worded(
    engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime, limits: InMemoryLimits
) -> Explanation | None:
    """The explanation as it is worded at the moment of the decision; None where the services are not asked."""
    inquiry, scope = engine.inquire(consignment), engine.scope(mode)
    if isinstance(inquiry, Failure) or isinstance(scope, Failure):
        return None
    return explain(engine, engine.assess(inquiry, scope, now, NO_FILTERS, limits.used), mode, now)


@lru_cache(maxsize=4)
def readers_of(_engine: Engine) -> tuple[InMemoryCatalogues, Explanations]:
    """An archive and a reader of what it has, which reads the catalogue of an engine once."""
    archive = InMemoryCatalogues()
    return archive, Explanations(archive)


def check_kept(
    engine: Engine,
    consignment: Consignment,
    mode: AllocationMode | None = None,
    now: datetime = NOW,
    limits: InMemoryLimits | None = None,
) -> Explanation | None:
    """Assert that a record says what the decision said, and that the decision comes out again. Returns what it says."""
    mode, limits = mode or DefaultRules(), limits or InMemoryLimits()
    archive, explanations = readers_of(engine)
    outcome = decided(engine, consignment, mode, now, archive, limits)
    read = recorded(outcome, consignment.reference)
    told, asked, then = explanations.of(read), asked_of(read), explanations.engine_of(read)
    assert told == worded(engine, consignment, mode, now, limits)
    if asked is None or then is None:
        assert told is None
        return None
    assert (asked.mode, asked.decided_at) == (mode, now)
    assert decided(then, asked.consignment, asked.mode, asked.decided_at, archive, limits) == outcome
    return told
