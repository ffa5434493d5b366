"""Catalogues in S3: read once, read again when they change, and never replaced by a bad one."""

from collections.abc import Iterator

import pytest

from allocation.aws import file_stores
from allocation.aws.maintained_files import REFRESH_SECONDS
from allocation.domain.errors import RetryableError
from allocation.engine.compiled_catalogue import write_compiled
from allocation.engine.engine import Engine
from tests.benchmarks.catalogues import full_catalogue
from tests.integration.catalogue_source import DENIED, GOOD, OTHER, Source, catalogue_source


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    with catalogue_source(monkeypatch) as made:
        yield made


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


def test_each_of_several_bad_versions_is_read_and_reported_once(source: Source) -> None:
    """Behind the second one, the last good version is looked for among all that are kept."""
    source.keep_versions()
    source.put(GOOD)
    source.engine()
    for number in (1, 2):
        source.put(f"bad {number}")
        assert source.version(after=60) == "2026-11-23"
        assert source.version(after=60) == "2026-11-23"
        assert len(source.refused) == number


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
