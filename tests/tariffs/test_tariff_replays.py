"""Every sample and every tariff's example, decided and recorded, comes out the same from its record alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode, DefaultRules
from allocation.domain.outcome import Allocated, AllocationFailed, Failure
from allocation.domain.record import AllocationRecord
from allocation.domain.reference import OrderReference
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.engine.explanation import inputs_digest
from allocation.orders.mapping import packaged_mapping
from allocation.orders.order_created import ReadingRules
from allocation.records.explanations import asked_of
from allocation.records.items import record_item, stored_record
from allocation.replay.decisions import Side, decide, replayable
from cli.operations.message_files import FileMessage, read_messages
from cli.replay.order_files import OrderMessages
from tests.support.engines import NOW
from tests.support.ports import FakeDeadline, InMemoryCatalogues, InMemoryLimits
from tests.tariffs.test_tariffs import EXAMPLES, TARIFFS, engine_of_tariff

EVENTS = Path(__file__).parents[2] / "events"
SAMPLE = Engine(packaged_catalogue())
MODE = DefaultRules()


def sample_consignments() -> Iterator[Consignment]:
    """What `events/` has of orders: samples in every wrapping, and those of shops."""
    for mapping in (None, *map(packaged_mapping, ("shopify", "woocommerce"))):
        rules = ReadingRules(mapping=mapping.applied if mapping else None)
        for file in (*EVENTS.glob("*.json*"), *EVENTS.glob("shops/*.json")):
            messages: list[FileMessage] = read_messages(file)
            for each in OrderMessages(messages, rules, datetime.now(UTC)).consignments():
                yield each.consignment


def assert_same_from_its_record(engine: Engine, consignment: Consignment, mode: AllocationMode, now: datetime) -> None:
    archive, usage = InMemoryCatalogues(), InMemoryLimits()
    allocator = EngineAllocator(engine, now=lambda: now, api_base_url="", usage=usage, archive=archive)
    outcome = allocator.allocate([consignment], mode, FakeDeadline())[consignment.reference]
    assert isinstance(outcome, Allocated | AllocationFailed)
    inquiry = engine.inquire(consignment)
    if isinstance(inquiry, Failure):
        return  # nothing was asked of the engine
    record = AllocationRecord(consignment.reference, OrderReference("ORDER"), mode, outcome, "event", now)
    stored = stored_record(record_item(record, by_order=True))
    assert stored is not None
    asked = asked_of(stored)
    assert asked is not None
    again = engine.inquire(asked.consignment)
    assert not isinstance(again, Failure)
    assert inputs_digest(again) == inputs_digest(inquiry)
    chosen = decide(Side(engine), replayable(stored, asked, mode, has_table=False), in_words=True).chosen({})
    if isinstance(outcome, Allocated):
        assert outcome.price is not None
        assert chosen is not None
        assert chosen.service == outcome.summary.carrier_service_reference
        assert (chosen.net.amount, chosen.net.currency) == (outcome.price.net, outcome.price.currency)
    else:
        assert chosen is None


def test_the_samples_come_out_the_same() -> None:
    consignments = list(sample_consignments())
    assert len(consignments) > 40
    for consignment in consignments:
        assert_same_from_its_record(SAMPLE, consignment, MODE, datetime(2026, 11, 23, 9, 15, tzinfo=UTC))


@pytest.mark.parametrize("tariff", TARIFFS)
def test_the_examples_of_a_tariff_come_out_the_same(tariff: str) -> None:
    for example in EXAMPLES:
        if example.tariff == tariff:
            assert_same_from_its_record(engine_of_tariff(tariff), example.consignment, MODE, NOW)
