"""The stack's own bucket: the sample while it is empty, and whatever is put there is refused once, by all of them."""

import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from allocation.aws import bounded_reading
from allocation.aws.clients import client
from allocation.aws.file_stores import CATALOGUE_KEY, REFUSED_PREFIX, S3Store
from allocation.aws.maintained_files import REFRESH_SECONDS, MaintainedFile
from allocation.domain.errors import RetryableError
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled, write_compiled
from allocation.engine.engine import Engine
from tests.benchmarks.catalogues import full_catalogue

BUCKET = "own"
SAMPLE = Engine(packaged_catalogue())
GOOD = write_compiled(full_catalogue(3)).encode()
NESTED = "[" * 200_000 + "]" * 200_000
UNKNOWN_SERVICE = full_catalogue(3) | {"groups": {"fast": ["NOT_THERE"]}}
HOSTILE = {
    "empty": b"",
    "a group of a service that is not there": write_compiled(UNKNOWN_SERVICE).encode(),
    "nested deeply": NESTED.encode(),
    "nested deeply, with its digest": write_compiled({}).replace("{}", NESTED).encode(),
    "another digest": GOOD.replace(b'"version":"benchmark"', b'"version":"changed"'),
    "a gzip bomb": gzip.compress(b"\0" * 10_000_000),
    "no UTF-8": GOOD + b"\xff",
    "a version that is no text": write_compiled(full_catalogue(3) | {"version": {}}).encode(),
    "a number without end": write_compiled(full_catalogue(3)).replace("benchmark", "9" * 100_000).encode(),
    "yaml": b"a: &a [x, x]\nb: &b [*a, *a]\n",
}


@cache
def s3() -> Any:
    """A client that all environments share: making one takes longer than a test."""
    return client("s3")


class Environment:
    """An execution environment of a function, with what it reported."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.refused: list[Exception] = []
        self.file = MaintainedFile(
            S3Store(s3(), BUCKET, CATALOGUE_KEY, notes_refusals=True),
            "catalogue",
            lambda text: Engine(read_compiled(text)),
            clock=lambda: self.seconds,
            refused=self.refused.append,
            otherwise=lambda: SAMPLE,
        )

    def version(self) -> str:
        """The version of the catalogue in use when it is time for a look."""
        self.seconds += REFRESH_SECONDS
        return self.file().catalogue.version


@pytest.fixture
def put() -> Callable[[bytes], Any]:
    s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    s3().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return lambda content: s3().put_object(Bucket=BUCKET, Key=CATALOGUE_KEY, Body=content)


def notes() -> list[Any]:
    """What the environments noted of versions that they refused."""
    listed = s3().list_objects_v2(Bucket=BUCKET, Prefix=REFUSED_PREFIX).get("Contents", [])
    bodies = [s3().get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed]
    return list(map(json.loads, bodies))


def test_the_sample_is_used_until_a_catalogue_is_published(put: Callable[[bytes], Any]) -> None:
    environment = Environment()
    assert environment.version() == SAMPLE.catalogue.version
    assert environment.version() == SAMPLE.catalogue.version
    assert environment.file.status() == (None, None)
    tag = put(GOOD)["ETag"]
    assert environment.version() == "benchmark"
    assert environment.file.status() == (tag, None)
    assert environment.refused == []


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_bad_version_is_refused_once_by_all_environments_and_the_last_good_one_stays(
    put: Callable[[bytes], Any], content: bytes
) -> None:
    good = put(GOOD)["ETag"]
    first, second = Environment(), Environment()
    assert first.version() == "benchmark"
    bad = put(content)["ETag"]
    for environment in (first, second, first, second, Environment()):
        assert environment.version() == "benchmark"
        in_use, refusal = environment.file.status()
        assert in_use == good
        assert refusal is not None
        assert refusal.tag == bad
    assert len(first.refused) == 1
    assert second.refused == []
    assert [note["reason"] for note in notes()] == [str(first.refused[0])]


def test_a_mistake_is_no_reason_to_use_the_sample(put: Callable[[bytes], Any]) -> None:
    put(b"bad")
    environment = Environment()
    with pytest.raises(RetryableError, match="no usable catalogue"):
        environment.version()
    assert environment.file.status().in_use is None
    put(GOOD)
    assert environment.version() == "benchmark"


def test_a_deletion_is_refused_once_by_all_environments(put: Callable[[bytes], Any]) -> None:
    put(GOOD)
    first = Environment()
    assert first.version() == "benchmark"
    s3().delete_object(Bucket=BUCKET, Key=CATALOGUE_KEY)
    second = Environment()
    assert [first.version(), first.version(), second.version()] == ["benchmark"] * 3
    assert (len(first.refused), len(second.refused)) == (1, 0)


def test_an_environment_that_nobody_called_takes_the_good_version_that_it_missed(put: Callable[[bytes], Any]) -> None:
    put(write_compiled(full_catalogue(3) | {"version": "first"}).encode())
    idle = Environment()
    assert idle.version() == "first"
    for content in (GOOD, b"bad", b"worse"):
        put(content)
    assert [idle.version(), idle.version()] == ["benchmark", "benchmark"]
    assert len(idle.refused) == 2
    put(GOOD + b" ")
    s3().delete_object(Bucket=BUCKET, Key=CATALOGUE_KEY)
    assert idle.version() == "benchmark"


def test_the_same_bad_content_published_again_is_refused_again(put: Callable[[bytes], Any]) -> None:
    put(GOOD)
    environment = Environment()
    for content in (GOOD, b"bad", GOOD, b"bad"):
        put(content)
        assert environment.version() == "benchmark"
    assert len(environment.refused) == 2


def test_what_takes_too_long_to_read_is_refused(put: Callable[[bytes], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_: str) -> Engine:
        while True:
            pass

    put(GOOD)
    environment = Environment()
    assert environment.version() == "benchmark"
    monkeypatch.setattr(environment.file, "_read", endless)
    monkeypatch.setattr(bounded_reading, "MAX_READING_SECONDS", 0.05)
    put(b"anything")
    assert environment.version() == "benchmark"
    assert "takes longer than" in str(environment.refused[0])


def test_a_refusal_that_can_not_be_noted_is_reported_all_the_same(put: Callable[[bytes], Any]) -> None:
    put(GOOD)
    environment = Environment()
    assert environment.version() == "benchmark"
    put(b"bad")
    store: Any = environment.file._store

    def no_right(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    store._s3.put_object = no_right
    assert environment.version() == "benchmark"
    assert len(environment.refused) == 1
