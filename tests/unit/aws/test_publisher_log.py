"""What CloudWatch Logs is asked for the events of records, and how often: a search reads a log group line by line."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from allocation.aws.publisher_log import published_at
from allocation.events.published import Publication, Versions
from tests.support.samples import NOON, A, B, C

DAY = timedelta(days=1)


class Logs:
    """A log whose searches bring these pages, whatever is searched for."""

    def __init__(self, *pages: list[Any]) -> None:
        self.pages = pages
        self.searches: list[dict[str, Any]] = []
        self.read = 0

    def get_paginator(self, operation: str) -> "Logs":
        assert operation == "filter_log_events"
        return self

    def paginate(self, **search: Any) -> Any:
        self.searches.append(search)
        for page in self.pages:
            self.read += 1
            yield {"events": page}


def line(*event_ids: str, moment: datetime = NOON) -> dict[str, Any]:
    message = json.dumps({"message": "published", "event_ids": event_ids})
    return {"timestamp": int(moment.timestamp() * 1000), "message": message}


def record(consignment: str, version: int = 1) -> Versions:
    return Versions(consignment, version, NOON if version == 1 else None)


def test_a_search_is_for_one_consignment_and_its_pages_are_read_until_it_is_found() -> None:
    logs = Logs([], [line(f"{A}#1")], [line(f"{A}#1", moment=NOON + DAY)])
    assert published_at(logs, "log", [record(A)]) == {f"{A}#1": Publication(NOON)}
    assert [(search["logGroupName"], search["filterPattern"]) for search in logs.searches] == [("log", f'"{A}#"')]
    assert logs.read == 2


def test_an_event_that_was_published_again_is_told_with_the_first_time() -> None:
    logs = Logs([line(f"{A}#1"), line(f"{A}#1", moment=NOON + DAY), line(f"{A}#2", moment=NOON + DAY)])
    assert published_at(logs, "log", [record(A, 2)]) == {
        f"{A}#1": Publication(NOON),
        f"{A}#2": Publication(NOON + DAY),
    }


def test_events_are_told_with_the_types_that_the_line_has() -> None:
    told = {"message": "published", "event_ids": [f"{A}#1", f"{A}#2"], "types": ["consignment.allocated"]}
    logs = Logs([{"timestamp": int(NOON.timestamp() * 1000), "message": json.dumps(told)}])
    assert published_at(logs, "log", [record(A, 2)]) == {
        f"{A}#1": Publication(NOON, "consignment.allocated"),
        f"{A}#2": Publication(NOON),
    }


def test_a_line_that_is_no_json_is_passed_over() -> None:
    logs = Logs([{"timestamp": 1, "message": f"START {A}#1"}, line(f"{A}#1")])
    assert published_at(logs, "log", [record(A)]) == {f"{A}#1": Publication(NOON)}


def test_consignments_that_were_published_together_take_one_search() -> None:
    logs = Logs([line(f"{A}#1", f"{B}#1")])
    assert published_at(logs, "log", [record(A), record(B)]).keys() == {f"{A}#1", f"{B}#1"}
    assert len(logs.searches) == 1


def test_a_search_may_be_limited_to_so_many_pages() -> None:
    logs = Logs([], [], [line(f"{A}#1")])
    assert published_at(logs, "log", [record(A)], 2) == {}
    assert logs.read == 2


@pytest.mark.parametrize(("version", "start"), [(1, NOON - timedelta(minutes=1)), (2, None)])
def test_a_search_begins_when_the_first_version_was_there(version: int, start: datetime | None) -> None:
    logs = Logs()
    assert published_at(logs, "log", [record(C, version)]) == {}
    (search,) = logs.searches
    begins = search.get("startTime")
    assert (datetime.fromtimestamp(begins / 1000, UTC) if begins else None) == start
