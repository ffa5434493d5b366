"""The first read of a catalogue in S3: what a new environment takes, and how orders wait where there is none."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import RetryableError
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import ENGINE, DeferralCause, Deferred
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.allocation_waves import MAX_WAVE, AllocationWaves
from allocation.orders.canaries import Canaries
from allocation.orders.cancelling import Cancelling
from allocation.orders.order_created import ReadingRules
from allocation.orders.updating import Updating
from tests.integration.catalogue_source import DENIED, DOWN, GOOD, OTHER, Source, catalogue_source
from tests.support.ports import (
    FakeDeadline,
    InMemoryCanaries,
    InMemoryCatalogues,
    InMemoryLimits,
    InMemoryRecords,
    InMemoryRefusedMessages,
    RecordedRedelivery,
    doing_first,
)
from tests.support.samples import NOON, message, reference


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    with catalogue_source(monkeypatch) as made:
        yield made


def test_a_new_environment_takes_what_was_there_before_the_deletion(source: Source) -> None:
    source.keep_versions()
    source.put(GOOD)
    for _ in range(7):
        source.delete()
    assert source.version() == "2026-11-23"
    assert len(source.refused) == 1


def test_a_new_environment_takes_the_last_good_version_of_the_object(source: Source) -> None:
    source.keep_versions()
    for text in (OTHER, GOOD, "bad", "worse"):
        source.put(text)
    assert source.version() == "2026-11-23"
    assert len(source.refused) == 2


def test_without_any_good_catalogue_nothing_is_allocated(source: Source) -> None:
    """Least of all by the packaged sample, whose prices are invented."""
    for bad in ("bad", "worse"):
        source.put(bad)
        source.clock.seconds += 10
        with pytest.raises(RetryableError, match="no usable catalogue: compile one, and put it where"):
            source.engine()
    source.put(GOOD)
    assert source.version(after=10) == "2026-11-23"


@pytest.mark.parametrize(
    ("error", "cause"), [(None, "NoSuchKey"), (DENIED, "AccessDenied"), (DOWN, "EndpointConnectionError")]
)
def test_a_first_read_that_fails_is_reported_and_says_what_to_look_at(
    source: Source, error: Exception | None, cause: str
) -> None:
    source.error = error
    with pytest.raises(RetryableError, match=rf"can't be read now \({cause}.*the function's role may read it"):
        source.engine()
    (reported,) = source.refused
    assert isinstance(reported, ClientError | BotoCoreError)
    assert cause_of(reported) == cause


def test_that_there_is_no_usable_catalogue_is_reported_as_long_as_it_is_so(source: Source) -> None:
    """An alarm that ends while orders wait would be taken for the end of the trouble."""
    source.put("bad")
    for _ in range(2):
        with pytest.raises(RetryableError):
            source.engine()
        source.clock.seconds += 10
    assert [type(each) for each in source.refused] == [InvalidCatalogueError, RetryableError, RetryableError]


@pytest.mark.parametrize("error", [None, DENIED])
def test_after_a_first_read_fails_the_store_is_not_read_for_a_while(source: Source, error: Exception | None) -> None:
    source.put("bad")
    source.error = error
    with pytest.raises(RetryableError) as first:
        source.engine()
    reads, refused = list(source.reads), list(source.refused)
    source.error = None
    source.put(GOOD)
    source.clock.seconds += 9
    with pytest.raises(RetryableError) as again:
        source.engine()
    assert (str(again.value), source.reads, source.refused) == (str(first.value), reads, refused)
    assert source.version(after=1) == "2026-11-23"


def test_a_clock_that_is_set_back_holds_nothing_up(source: Source) -> None:
    source.put("bad")
    with pytest.raises(RetryableError):
        source.engine()
    source.put(GOOD)
    source.clock.seconds -= 3600
    assert source.version() == "2026-11-23"


def test_the_while_begins_when_the_first_read_ends(source: Source) -> None:
    """A store that nobody reaches takes longer to say so than it is left alone for."""

    def slow(**_: Any) -> None:
        source.clock.seconds += 20

    source.s3.meta.events.register_first("before-call.s3.GetObject", slow)
    for _ in range(2):
        with pytest.raises(RetryableError):
            source.engine()
    assert source.reads == ["GetObject", "ListObjectVersions"]


@pytest.mark.parametrize(
    ("text", "error", "reads"),
    [
        ("bad", None, ["GetObject", "ListObjectVersions"]),
        (None, None, ["GetObject", "ListObjectVersions"]),
        (GOOD, DENIED, ["GetObject"]),
    ],
    ids=["bad", "missing", "denied"],
)
def test_orders_wait_for_a_catalogue_and_their_waves_ask_for_it_once(
    source: Source, text: str | None, error: Exception | None, reads: list[str]
) -> None:
    if text:
        source.put(text)
    source.error = error
    records, redelivery = InMemoryRecords(), RecordedRedelivery()
    allocator = EngineAllocator(
        source.engine, now=lambda: NOON, api_base_url="", usage=InMemoryLimits(), archive=InMemoryCatalogues()
    )
    use_case = AllocateOrders(
        AllocationWaves(
            allocator,
            DefaultRules(),
            records,
            Cancelling(allocator, records, records, lambda: NOON, None, ENGINE),
            Updating(records, None, lambda: NOON),
            None,
            now=lambda: NOON,
            retention=None,
            routing=lambda: source.engine().catalogue.routing,
            while_waiting=doing_first,
            may_lag=lambda: True,
        ),
        InMemoryRefusedMessages(),
        redelivery,
        now=lambda: NOON,
        jitter=lambda: 0.5,
        reading=ReadingRules,
        canaries=Canaries(InMemoryCanaries(), lambda: None, lambda: NOON),
    )
    starts = range(0, 3 * MAX_WAVE, MAX_WAVE)
    messages = [message(f"m{at}", *map(reference, range(at, at + MAX_WAVE))) for at in starts]
    report = use_case.process(messages, FakeDeadline())
    assert report.returned == {each.message_id: Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE) for each in messages}
    assert source.reads == reads
    assert len(source.refused) == (2 if text and not error else 1)
    assert (records.kept, report.refused) == ({}, {})
