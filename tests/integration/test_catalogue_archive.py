"""The catalogues that decided, in moto's DynamoDB: kept once, whole, and never in the way of a decision."""

import random
import string
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from allocation.aws.clients import client
from allocation.aws.dynamodb.catalogue_archive import MAX_PART, PAUSE_SECONDS, DynamoDBCatalogueArchive
from allocation.domain.errors import RetryableError
from tests.integration.conftest import CATALOGUES, refusal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DIGEST = "0123456789abcdef" * 4
SMALL = '{"format":1}\n{"services":[]}'
LARGE = "".join(random.Random(1).choices(string.printable, k=3 * MAX_PART))
"""Hardly shorter when it is packed."""


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def archive_of(dynamodb: "DynamoDBClient", clock: Callable[[], float] | None = None) -> DynamoDBCatalogueArchive:
    return DynamoDBCatalogueArchive(dynamodb, CATALOGUES, clock or Time())


def items(dynamodb: "DynamoDBClient") -> list[Any]:
    pages = dynamodb.get_paginator("scan").paginate(TableName=CATALOGUES)
    return [item for page in pages for item in page["Items"]]


@pytest.mark.parametrize("text", [SMALL, LARGE], ids=["one part", "several"])
def test_a_catalogue_is_kept_and_found_by_the_beginning_of_its_digest(dynamodb: "DynamoDBClient", text: str) -> None:
    assert archive_of(dynamodb).keep(DIGEST, text)
    assert archive_of(dynamodb).compiled(DIGEST[:32]) == text
    assert archive_of(dynamodb).compiled("f" * 32) is None
    assert all(len(item.get("data", {}).get("B", b"")) <= MAX_PART for item in items(dynamodb))


def test_a_catalogue_that_is_there_is_not_written_again(
    dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_of(dynamodb).keep(DIGEST, SMALL)
    monkeypatch.setattr(dynamodb, "put_item", lambda **_: pytest.fail("written again"))
    once = archive_of(dynamodb)
    assert once.keep(DIGEST, SMALL)
    monkeypatch.setattr(dynamodb, "get_item", lambda **_: pytest.fail("looked for again"))
    assert once.keep(DIGEST, SMALL)


def test_what_a_killed_writer_left_is_no_catalogue_until_another_completes_it(
    dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = dynamodb.put_item, list[Any]()

    def broken_off(**request: Any) -> Any:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(request)
        return write(**request)

    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "put_item", broken_off)
        with pytest.raises(KeyboardInterrupt):
            archive_of(dynamodb).keep(DIGEST, LARGE)
    assert len(items(dynamodb)) == 2
    assert archive_of(dynamodb).compiled(DIGEST) is None
    assert archive_of(dynamodb).keep(DIGEST, LARGE)
    assert archive_of(dynamodb).compiled(DIGEST) == LARGE


def test_a_table_that_fails_is_left_alone_for_a_while(
    dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked = Time(), list[Any]()

    def refused(**request: Any) -> Any:
        asked.append(request)
        raise refusal("ThrottlingException")

    archive = archive_of(dynamodb, clock)
    with monkeypatch.context() as patch:
        patch.setattr(dynamodb, "put_item", refused)
        assert [archive.keep(DIGEST, SMALL) for _ in range(3)] == [False] * 3
        assert len(asked) == 1
    clock.now = PAUSE_SECONDS - 1
    assert not archive.keep(DIGEST, SMALL)
    clock.now = PAUSE_SECONDS
    assert archive.keep(DIGEST, SMALL)


def test_a_table_that_can_not_be_read_is_said_to_be() -> None:
    with pytest.raises(RetryableError, match=r"catalogue .* can't be read from catalogues: ResourceNotFoundException"):
        archive_of(client("dynamodb")).compiled(DIGEST)
