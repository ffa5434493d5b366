"""Catalogues in S3 and AppConfig: read once, read again when they change, and never replaced by a bad one."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, IncompleteReadError
from moto import mock_aws

from allocation.aws import file_stores
from allocation.aws.clients import cause_of
from allocation.aws.file_stores import AppConfigStore, S3Store, store_at
from allocation.aws.maintained_files import REFRESH_SECONDS, MaintainedFile
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import ENGINE, DeferralCause, Deferred
from allocation.engine import compiled_catalogue
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from allocation.orders.allocate_orders import AllocateOrders
from allocation.orders.allocation_waves import MAX_WAVE, AllocationWaves
from allocation.orders.cancelling import Cancelling
from allocation.orders.order_created import ReadingRules
from allocation.orders.updating import Updating
from tests.benchmarks.catalogues import full_catalogue
from tests.support.ports import (
    FakeDeadline,
    InMemoryCatalogues,
    InMemoryLimits,
    InMemoryRecords,
    InMemoryRefusedMessages,
    RecordedRedelivery,
)
from tests.support.samples import NOON, message, reference

GOOD = Path(compiled_catalogue.__file__).with_name("sample.json").read_text("utf-8")
OTHER = write_compiled(full_catalogue(3))
BUCKET = "catalogues"
KEY = "live/catalogue.json"
DENIED = ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
DOWN = EndpointConnectionError(endpoint_url="https://s3.example.test")


def engine_of(text: str) -> Engine:
    return Engine(read_compiled(text))


class Clock:
    """Seconds that pass when told."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Broken:
    """A body whose connection breaks off."""

    def read(self, _size: int) -> bytes:
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)


class Source:
    """A source over S3, with all that happened to it.

    Every read ends with `error` where there is one; `breaks` breaks off what is read.
    """

    def __init__(self, s3: Any) -> None:
        self.s3 = s3
        self.reads: list[str] = []
        self.error: Exception | None = None
        self.breaks = False
        for operation in ("GetObject", "ListObjectVersions"):
            s3.meta.events.register(f"before-call.s3.{operation}", self.read)
        s3.meta.events.register("after-call.s3.GetObject", self.answered)
        self.clock = Clock()
        self.refused: list[Exception] = []
        self.engine = MaintainedFile(
            S3Store(s3, BUCKET, KEY), "catalogue", engine_of, clock=self.clock, refused=self.refused.append
        )

    def read(self, model: Any, **_: Any) -> None:
        self.reads.append(model.name)
        if self.error:
            raise self.error

    def answered(self, parsed: dict[str, Any], **_: Any) -> None:
        if self.breaks and "Body" in parsed:
            parsed["Body"] = Broken()

    def note_sizes(self) -> list[int]:
        """Return a list that grows by the number of bytes of each read that finds something."""
        sizes: list[int] = []

        class Noted:
            def __init__(self, body: Any) -> None:
                self.body = body

            def read(self, size: int) -> bytes:
                content: bytes = self.body.read(size)
                sizes.extend([len(content)] if content else [])
                return content

            def close(self) -> None:
                self.body.close()

        def note(parsed: dict[str, Any], **_: Any) -> None:
            if "Body" in parsed:
                parsed["Body"] = Noted(parsed["Body"])

        self.s3.meta.events.register("after-call.s3.GetObject", note)
        return sizes

    def put(self, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())

    def keep_versions(self) -> None:
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def delete(self) -> None:
        self.s3.delete_object(Bucket=BUCKET, Key=KEY)

    def version(self, *, after: float = 0) -> str:
        self.clock.seconds += after
        return self.engine().catalogue.version


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-2")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield Source(s3)


def test_a_catalogue_is_read_once_until_it_is_time_for_a_look_and_it_changed(source: Source) -> None:
    source.put(GOOD)
    assert source.version() == "2026-11-23"
    first = source.engine()
    source.put(OTHER)
    assert source.version(after=REFRESH_SECONDS - 1) == "2026-11-23"
    assert source.version(after=1) == "benchmark"
    source.put(GOOD)
    assert source.version(after=REFRESH_SECONDS) == "2026-11-23"
    assert source.engine() is not first


def test_an_unchanged_catalogue_is_not_built_again(source: Source) -> None:
    source.put(GOOD)
    first = source.engine()
    source.clock.seconds += 600
    assert source.engine() is first
    assert source.refused == []


@pytest.mark.parametrize("bad", ["", "version: 1", GOOD[:-1], GOOD.replace("CX_NDS", "CX_NEW", 1), '{"format": 9}\n{}'])
def test_a_bad_new_version_is_reported_and_the_last_good_one_stays(source: Source, bad: str) -> None:
    source.put(GOOD)
    assert source.version() == "2026-11-23"
    source.put(bad)
    assert source.version(after=60) == "2026-11-23"
    assert len(source.refused) == 1
    assert source.version(after=60) == "2026-11-23"
    assert len(source.refused) == 1
    source.put(OTHER)
    assert source.version(after=60) == "benchmark"


def test_a_version_with_a_rule_that_is_unknown_here_is_reported_and_the_last_good_one_stays(source: Source) -> None:
    newer = full_catalogue(3)
    newer["services"][0]["sumOfSides"] = [None, "200"]
    source.put(GOOD)
    assert source.version() == "2026-11-23"
    source.put(write_compiled(newer))
    assert source.version(after=60) == "2026-11-23"
    assert "sumOfSides" in str(source.refused[0])


def test_a_version_that_its_reader_fails_over_is_reported_once_and_the_last_good_one_stays(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: str) -> Engine:
        raise MemoryError

    source.put(GOOD)
    first = source.engine()
    source.put(OTHER)
    monkeypatch.setattr(source.engine, "_read", failing)
    for _ in range(2):
        source.clock.seconds += 60
        assert source.engine() is first
    assert [type(each) for each in source.refused] == [MemoryError]


def test_nothing_is_read_of_a_version_that_is_too_large(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.put(GOOD)
    first = source.engine()
    monkeypatch.setattr(file_stores, "MAX_BYTES", len(GOOD))
    sizes = source.note_sizes()
    source.put(GOOD + " " * 100_000)
    for _ in range(2):
        source.clock.seconds += 60
        assert source.engine() is first
    assert [str(each) for each in source.refused] == ["the catalogue is larger than 16 MB: make it smaller"]
    assert sizes == []


def test_a_store_that_does_not_answer_leaves_the_last_good_one(source: Source) -> None:
    source.put(GOOD)
    source.engine()
    source.error = DENIED
    assert source.version(after=60) == "2026-11-23"
    assert source.refused == [DENIED]


@pytest.mark.parametrize("keeps_versions", [True, False])
def test_a_deletion_is_reported_once_and_the_last_good_one_stays(source: Source, keeps_versions: bool) -> None:
    if keeps_versions:
        source.keep_versions()
    source.put(GOOD)
    source.engine()
    source.delete()
    for _ in range(2):
        assert source.version(after=60) == "2026-11-23"
    assert [str(each) for each in source.refused] == ["the catalogue was deleted: put it back"]
    source.put(OTHER)
    assert source.version(after=60) == "benchmark"
    source.delete()
    assert source.version(after=60) == "benchmark"
    assert len(source.refused) == 2


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
        ),
        InMemoryRefusedMessages(),
        redelivery,
        now=lambda: NOON,
        jitter=lambda: 0.5,
        reading=ReadingRules,
    )
    starts = range(0, 3 * MAX_WAVE, MAX_WAVE)
    messages = [message(f"m{at}", *map(reference, range(at, at + MAX_WAVE))) for at in starts]
    report = use_case.process(messages, FakeDeadline())
    assert report.returned == {each.message_id: Deferred(DeferralCause.ALLOCATOR_UNAVAILABLE) for each in messages}
    assert source.reads == reads
    assert len(source.refused) == (2 if text and not error else 1)
    assert (records.kept, report.refused) == ({}, {})


def test_a_catalogue_that_broke_off_is_read_again(source: Source) -> None:
    source.put(GOOD)
    source.breaks = True
    with pytest.raises(RetryableError, match="IncompleteReadError"):
        source.engine()
    source.breaks = False
    assert source.version(after=10) == "2026-11-23"
    source.put(OTHER)
    source.breaks = True
    assert source.version(after=60) == "2026-11-23"
    source.breaks = False
    assert source.version(after=60) == "benchmark"


class AppConfig:
    """AppConfig's data plane as its documentation has it: a token a call, an empty body where nothing changed.

    What `breaks` breaks off counts as sent. A poll is refused before the interval that the session asked for has passed
    since the last answer, which takes `answer_seconds`.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answer_seconds = 0.0
        self.interval, self.answered_at = 60.0, float("-inf")
        self.text = ""
        self.sent = ""
        self.token = 0
        self.breaks = False

    def start_configuration_session(
        self,
        *,
        RequiredMinimumPollIntervalInSeconds: int = 60,  # noqa: N803 - boto3's name
        **profile: str,
    ) -> dict[str, str]:
        assert 15 <= RequiredMinimumPollIntervalInSeconds <= 86_400
        self.interval, self.answered_at = RequiredMinimumPollIntervalInSeconds, float("-inf")
        assert set(profile) == {
            "ApplicationIdentifier",
            "EnvironmentIdentifier",
            "ConfigurationProfileIdentifier",
        }
        self.sent = ""
        return {"InitialConfigurationToken": str(self.token)}

    def get_latest_configuration(self, *, ConfigurationToken: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert ConfigurationToken == str(self.token)
        if self.clock() - self.answered_at < self.interval:
            problem = {"ConfigurationToken": {"Problem": "PollIntervalNotSatisfied"}}
            described: Any = {
                "Error": {"Code": "BadRequestException", "Message": "Request too early"},
                "Reason": "InvalidParameters",
                "Details": {"InvalidParameters": problem},
            }
            raise ClientError(described, "GetLatestConfiguration")
        self.token += 1
        self.clock.seconds += self.answer_seconds
        self.answered_at = self.clock()
        changed = self.text if self.text != self.sent else ""
        self.sent = self.text
        body = Broken() if self.breaks else io.BytesIO(changed.encode())
        return {"Configuration": body, "NextPollConfigurationToken": str(self.token)}


def test_appconfig_sends_a_catalogue_only_when_it_changed() -> None:
    clock, refused = Clock(), list[Exception]()
    appconfig = AppConfig(clock)
    source = MaintainedFile(
        AppConfigStore(appconfig, "shop", "live", "catalogue"),
        "catalogue",
        engine_of,
        clock=clock,
        refused=refused.append,
    )
    versions = []
    for text in (GOOD, GOOD, "bad", OTHER):
        appconfig.text = text
        versions.append(source().catalogue.version)
        clock.seconds += 60
    assert versions == ["2026-11-23", "2026-11-23", "2026-11-23", "benchmark"]
    assert len(refused) == 1


def test_a_catalogue_of_appconfig_that_broke_off_is_read_again() -> None:
    clock = Clock()
    appconfig = AppConfig(clock)
    source = MaintainedFile(
        AppConfigStore(appconfig, "shop", "live", "catalogue"),
        "catalogue",
        engine_of,
        clock=clock,
        refused=list[Exception]().append,
    )
    appconfig.text, appconfig.breaks = GOOD, True
    with pytest.raises(RetryableError, match="IncompleteReadError"):
        source()
    appconfig.breaks = False
    clock.seconds += 10
    assert source().catalogue.version == "2026-11-23"


@pytest.mark.parametrize("answer_seconds", [0.0, 0.3, 7.0])
def test_appconfig_is_asked_as_often_as_it_allows_without_a_refusal(answer_seconds: float) -> None:
    clock, refused = Clock(), list[Exception]()
    appconfig = AppConfig(clock)
    appconfig.answer_seconds, appconfig.text = answer_seconds, GOOD
    store = AppConfigStore(appconfig, "shop", "live", "catalogue")
    source = MaintainedFile(store, "catalogue", engine_of, clock=clock, refused=refused.append)
    for _ in range(100):
        source()
        clock.seconds += 1.7
    appconfig.text = OTHER
    clock.seconds += 2 * REFRESH_SECONDS
    source()
    assert (source().catalogue.version, refused) == ("benchmark", [])


def test_a_location_names_its_store() -> None:
    assert isinstance(store_at("s3://bucket/a/b.json", lambda _: None), S3Store)
    assert isinstance(store_at("appconfig://shop/live/catalogue", lambda _: None), AppConfigStore)
    for wrong in ("", "bucket/key", "s3://bucket", "appconfig://shop/live", "https://example.test/x"):
        with pytest.raises(ConfigurationError, match="s3://bucket/key"):
            store_at(wrong, lambda _: None)
