"""Catalogues in S3 and AppConfig: read once, read again when they change, and never replaced by a bad one."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from allocation.adapters.catalogue_source import AppConfigStore, CatalogueSource, S3Store, store_at
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.engine import packaged
from allocation.engine.compiled import write_compiled
from tests.benchmarks.catalogues import full_catalogue

GOOD = Path(packaged.__file__).with_name("sample.json").read_text("utf-8")
OTHER = write_compiled(full_catalogue(3))
BUCKET = "catalogues"
KEY = "live/catalogue.json"


class Clock:
    """Seconds that pass when told."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Source:
    """A source over S3, with all that happened to it."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3
        self.clock = Clock()
        self.refused: list[Exception] = []
        self.engine = CatalogueSource(S3Store(s3, BUCKET, KEY), clock=self.clock, refused=self.refused.append)

    def put(self, text: str) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())

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


def test_a_catalogue_is_read_once_until_a_minute_has_passed_and_it_changed(source: Source) -> None:
    source.put(GOOD)
    assert source.version() == "2026-11-23"
    first = source.engine()
    source.put(OTHER)
    assert source.version(after=59) == "2026-11-23"
    assert source.version(after=1) == "benchmark"
    source.put(GOOD)
    assert source.version(after=60) == "2026-11-23"
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


def test_a_store_that_does_not_answer_leaves_the_last_good_one(source: Source) -> None:
    source.put(GOOD)
    source.engine()
    source.s3.delete_object(Bucket=BUCKET, Key=KEY)
    assert source.version(after=60) == "2026-11-23"
    assert isinstance(source.refused[0], ClientError)


def test_a_new_environment_takes_the_last_good_version_of_the_object(source: Source) -> None:
    source.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for text in (OTHER, GOOD, "bad", "worse"):
        source.put(text)
    assert source.version() == "2026-11-23"
    assert len(source.refused) == 2


def test_without_any_good_catalogue_nothing_is_allocated(source: Source) -> None:
    """Least of all by the packaged sample, whose prices are invented."""
    with pytest.raises(RetryableError, match="NoSuchKey"):
        source.engine()
    source.put("bad")
    with pytest.raises(ConfigurationError, match="no usable catalogue"):
        source.engine()
    source.put(GOOD)
    assert source.version() == "2026-11-23"


class AppConfig:
    """AppConfig's data plane as its documentation has it: a token a call, an empty body where nothing changed."""

    def __init__(self) -> None:
        self.text = ""
        self.sent = ""
        self.token = 0

    def start_configuration_session(self, **profile: str) -> dict[str, str]:
        assert set(profile) == {
            "ApplicationIdentifier",
            "EnvironmentIdentifier",
            "ConfigurationProfileIdentifier",
        }
        return {"InitialConfigurationToken": "0"}

    def get_latest_configuration(self, *, ConfigurationToken: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert ConfigurationToken == str(self.token)
        self.token += 1
        changed = self.text if self.text != self.sent else ""
        self.sent = self.text
        body = io.BytesIO(changed.encode())
        return {"Configuration": body, "NextPollConfigurationToken": str(self.token)}


def test_appconfig_sends_a_catalogue_only_when_it_changed() -> None:
    appconfig, clock, refused = AppConfig(), Clock(), list[Exception]()
    source = CatalogueSource(
        AppConfigStore(appconfig, "shop", "live", "catalogue"), clock=clock, refused=refused.append
    )
    versions = []
    for text in (GOOD, GOOD, "bad", OTHER):
        appconfig.text = text
        versions.append(source().catalogue.version)
        clock.seconds += 60
    assert versions == ["2026-11-23", "2026-11-23", "2026-11-23", "benchmark"]
    assert len(refused) == 1


def test_a_location_names_its_store() -> None:
    assert isinstance(store_at("s3://bucket/a/b.json", lambda _: None), S3Store)
    assert isinstance(store_at("appconfig://shop/live/catalogue", lambda _: None), AppConfigStore)
    for wrong in ("", "bucket/key", "s3://bucket", "appconfig://shop/live", "https://example.test/x"):
        with pytest.raises(ConfigurationError, match="s3://bucket/key"):
            store_at(wrong, lambda _: None)
