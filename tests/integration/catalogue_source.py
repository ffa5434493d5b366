"""A catalogue in S3 and what reads it, with all that happened to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError
from moto import mock_aws

from allocation.aws.file_stores import S3Store
from allocation.aws.maintained_files import MaintainedFile
from allocation.engine import compiled_catalogue
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.engine import Engine
from tests.benchmarks.catalogues import full_catalogue

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


@contextmanager
def catalogue_source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-2")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield Source(s3)
