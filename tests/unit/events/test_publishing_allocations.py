"""The stream's use case: every changed record has its event published, or comes again."""

import json
from typing import Any

import pytest

from allocation.aws.stream_events import changes
from allocation.events.publish_allocations import Change, PublishAllocations
from allocation.ports import Unpublishable
from allocation.records.canary import CANARY_KEY, canary_document
from allocation.records.items import from_item, to_item
from allocation.records.record_document import record_document
from tests.support.ports import InMemoryEventPublisher, InMemoryUnpublishable
from tests.support.published_events import change, published, use_case
from tests.support.samples import NOON, A, B, C, json_of, record_of


def test_an_event_that_is_not_taken_returns_only_its_change() -> None:
    publisher = InMemoryEventPublisher(unpublishable={f"{B}#1"})
    batch = [change(number, record_of(each)) for number, each in (("10", A), ("11", B), ("12", C))]
    report = use_case(publisher).process(batch)
    assert report.failed == {"11": "not_published"}
    assert report.published == [event.event_id for event in publisher.published] == [f"{A}#1", f"{C}#1"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        from_item(json_of("stream-foreign-record.json")["Records"][0]["dynamodb"]["NewImage"]),
        {**record_document(record_of(A)), "state": "Teleported"},
        {**record_document(record_of(A)), "version": "one"},
        {**record_document(record_of(A)), "allocationSummary": "none"},
    ],
    ids=["empty", "foreign", "state", "version", "summary"],
)
def test_only_what_is_no_allocation_record_fails(document: dict[str, Any]) -> None:
    publisher = InMemoryEventPublisher()
    report = use_case(publisher).process([Change("10", document), change("11", record_of(B))])
    assert (report.failed, report.set_aside) == ({}, {"10": "NotAnAllocationRecord"})
    assert report.published == [event.event_id for event in publisher.published] == [f"{B}#1"]


@pytest.mark.parametrize(
    "image", [{"state": "no typed value"}, {"state": {"X": "?"}}, {"state": {"N": "one"}}, [1], None]
)
def test_only_an_image_that_can_not_be_read_fails(image: Any) -> None:
    good = json_of("stream-insert-allocated.json")["Records"][0]
    event = {"Records": [{"dynamodb": {"SequenceNumber": "10", "NewImage": image}}, good]}
    report = use_case().process(changes(event))
    assert (report.failed, report.set_aside) == ({}, {"10": "NotAnAllocationRecord"})
    assert report.published == ["EC-000-05B-MMA#1"]


def test_what_others_put_into_an_item_is_not_read() -> None:
    item = to_item(record_document(record_of(A)))
    image = {**item, "theirs": {"X": "no type that there is"}, "explanation": {"B": "x" * 300_000}}
    (sent,) = published(*changes({"Records": [{"dynamodb": {"SequenceNumber": "1", "NewImage": image}}]}))
    assert sent.event_id == f"{A}#1"


def test_only_a_summary_that_would_take_long_to_read_fails() -> None:
    item = to_item(record_document(record_of(A)))
    summary = {"M": {**item["allocationSummary"]["M"], "Extra": {"L": [{"N": "1"}] * 30_000}}}
    bad = {"dynamodb": {"SequenceNumber": "10", "NewImage": {**item, "allocationSummary": summary}}}
    event = {"Records": [bad, json_of("stream-insert-allocated.json")["Records"][0]]}
    report = use_case().process(changes(event))
    assert (report.failed, report.set_aside) == ({}, {"10": "NotAnAllocationRecord"})
    assert report.published == ["EC-000-05B-MMA#1"]


@pytest.mark.parametrize(
    ("extra", "cause"),
    [({"orderReference": "x" * 300_000}, "EventTooLarge"), ({"mode": "y" * 300_000}, "EventTooLarge")],
    ids=["order reference", "mode"],
)
def test_only_a_record_that_no_event_can_hold_fails(extra: dict[str, Any], cause: str) -> None:
    document = {**record_document(record_of(A)), **extra}
    report = use_case().process([Change("10", document), change("11", record_of(B))])
    assert (report.failed, report.set_aside) == ({}, {"10": cause})
    assert report.published == [f"{B}#1"]


def test_a_batch_without_a_single_record_publishes_nothing() -> None:
    publisher = InMemoryEventPublisher()
    assert use_case(publisher).process([Change("10", {})]).published == []
    assert publisher.published == []


def test_what_can_never_be_published_is_kept_by_its_reference_and_holds_up_nothing() -> None:
    unpublishable = InMemoryUnpublishable()
    foreign = Change("10", {"owner": "somebody else"}, A)
    report = PublishAllocations(InMemoryEventPublisher(), unpublishable).process([foreign, change("11", record_of(B))])
    assert (report.failed, report.set_aside, report.published) == ({}, {"10": "NotAnAllocationRecord"}, [f"{B}#1"])
    assert unpublishable.kept == [Unpublishable("10", A, "NotAnAllocationRecord")]


def test_what_can_not_be_set_aside_comes_again() -> None:
    report = PublishAllocations(InMemoryEventPublisher(), InMemoryUnpublishable(full=True)).process([Change("10", {})])
    assert (report.failed, report.set_aside) == ({"10": "NotAnAllocationRecord"}, {})


def test_a_record_of_a_later_schema_version_is_set_aside_and_not_guessed() -> None:
    publisher, unpublishable = InMemoryEventPublisher(), InMemoryUnpublishable()
    batch = [*changes(json_of("stream-later-schema.json")), change("11", record_of(B))]
    report = PublishAllocations(publisher, unpublishable).process(batch)
    assert list(report.set_aside.values()) == ["LaterSchemaVersion"]
    assert (report.failed, report.published) == ({}, [f"{B}#1"])
    (kept,) = unpublishable.kept
    assert (kept.consignment_reference, kept.reason) == ("EC-000-05B-MMA", "LaterSchemaVersion")


def test_a_later_schema_version_that_lacks_our_fields_is_told_as_such() -> None:
    report = use_case().process([Change("10", {"schemaVersion": 3, "who": "knows"})])
    assert report.set_aside == {"10": "LaterSchemaVersion"}


def canary(sequence_number: str) -> Change:
    """A canary's item as it comes out of the table's stream."""
    return Change(sequence_number, from_item(to_item(canary_document(NOON))), CANARY_KEY)


def test_a_canary_is_published_as_what_no_subscriber_takes_for_a_consignment() -> None:
    publisher = InMemoryEventPublisher()
    report = use_case(publisher).process([canary("1"), change("2", record_of(A))])
    assert (report.canaries, len(report.published), len(report.types)) == ([NOON], 1, 1)
    event = json.loads(publisher.published[0].body)
    assert event["type"] == "stack.canary"
    assert "data" not in event
    assert publisher.published[0].attributes == {"type": "stack.canary"}


def test_a_canary_that_is_not_published_does_not_come_again() -> None:
    publisher = InMemoryEventPublisher(unpublishable={"stack.canary#2026-11-23T12:00:00.000Z"})
    report = use_case(publisher).process([canary("1")])
    assert (report.failed, report.canaries, report.published) == ({}, [], [])
