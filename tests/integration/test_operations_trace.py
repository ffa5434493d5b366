"""One order's life, put together from moto's table and queues."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocatedBy
from allocation.domain.record import PastFailure, RefusedUpdate
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.summary import ConsignmentLeg
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.events.publish_allocations import PublishReport, report_published
from allocation.orders.order_created import read_order
from allocation.records.items import record_item
from cli.operations.target import Target
from cli.paths import ROOT, SAMPLE_ORDERS
from tests.integration.handlers import captured_log
from tests.integration.stack_target import ARCHIVE, LOG, Trace, add, trace_command
from tests.support.ports import InMemoryLimits
from tests.support.samples import FAILED, NOON, A, B, C, record_of, reference, summary_of, text_of

trace = pytest.fixture(trace_command)


def facts(told: str, *names: str) -> list[str]:
    """The first lines of these facts, without what lines them up."""
    lines = (line.strip() for line in told.splitlines())
    return [" ".join(line.split()) for line in lines if line.startswith(tuple(f"{name} " for name in names))]


def log(target: Target, moment: datetime, failed: dict[str, str], *event_ids: str) -> None:
    """Logs a batch of events as the publisher does."""
    with captured_log() as written:
        report_published(PublishReport(failed, event_ids, {}, ["consignment.allocated"] * len(event_ids)), NOON)
    timestamp = int(moment.timestamp() * 1000)
    stream = f"invocation at {timestamp}"
    target.logs.create_log_stream(logGroupName=LOG, logStreamName=stream)
    lines = [{"timestamp": timestamp, "message": line} for line in written.getvalue().splitlines()]
    target.logs.put_log_events(logGroupName=LOG, logStreamName=stream, logEvents=lines)


def test_the_records_of_an_order_are_told_with_their_events(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A), replace(record_of(B), outcome=FAILED, version=2))
    add(target, replace(record_of(C), order_reference=OrderReference("WEB-2")))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{A} goes with CX_NDS")
    assert f"{B} has no carrier service: NoCarrierServiceAvailable.\n{FAILED.failure.message}\n" in told
    told_facts = facts(told, "Asked by", "Written", "Mode", "Event")
    # What a missing event means depends on its age.
    assert [re.sub(", (older than|not published yet|not in).*", "", each) for each in told_facts] == [
        "Asked by event event-1",
        "Written 2026-11-23 12:00:00Z, version 1",
        "Mode default_rules",
        f"Event {A}#1 allocated",
        "Asked by event event-1",
        "Written 2026-11-23 12:00:00Z, version 2",
        "Mode default_rules",
        f"Event {B}#1",
        f"Event {B}#2 allocation_failed",
    ]
    assert C not in told


def test_a_refused_update_is_told_with_its_event(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = RefusedUpdate("update-2", NOON)
    add(target, replace(record_of(A), version=2, updated_by="update-1", refused_update=refused))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert facts(told, "Updated", "Refused") == [
        "Updated its content is that of update update-1",
        "Refused update update-2, 2026-11-23 12:00:00Z: too late",
    ]


@pytest.mark.usefixtures("eighty_columns")
def test_an_allocation_is_told_with_why_and_with_the_failure_before_it(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = Allocated(summary_of(A), why="CX_NDS costs 1.20 GBP less than NS_24.")
    add(target, replace(record_of(A, chosen), version=2, past_failure=PastFailure(FAILED.failure, NOON)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert told.splitlines()[1] == "CX_NDS costs 1.20 GBP less than NS_24."
    assert facts(told, "Failed") == ["Failed before, 2026-11-23 12:00:00Z, NoCarrierServiceAvailable: No carrier"]


@pytest.mark.parametrize("adopted", [True, False])
def test_an_allocation_is_told_with_the_sortedpro_that_made_it(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str], *, adopted: bool
) -> None:
    sandbox = "https://apisandbox.electioapp.com"
    add(target, record_of(A, Allocated(summary_of(A), by=AllocatedBy("pro", sandbox, adopted))))
    trace(A)
    [line] = facts(capsys.readouterr().out, "Allocator")
    assert f"SortedPRO at {sandbox}" in line
    assert ("adopted" in line) == adopted
    trace(A, "--json")
    [told] = json.loads(capsys.readouterr().out)["records"]
    assert (told["allocatedBy"], told["proBaseUrl"], told["adopted"]) == ("pro", sandbox, adopted or None)


def test_the_events_of_an_order_are_told_with_when_they_were_published(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    add(target, *(replace(record_of(each), allocated_at=now) for each in (A, B, C)))
    again = now + timedelta(minutes=5)
    log(target, now, {"100": "not_published"}, f"{reference(7)}#1", f"{A}#1", f"{B}#1")
    log(target, again, {}, f"{A}#1")
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    for each in (A, B):
        assert f"{each}#1 allocated, published {now:%Y-%m-%d %H:%M:%S}Z" in told
    assert re.search(f"{C}#1 allocated, (older|not)", told)
    assert str(reference(7)) not in told


def test_events_of_earlier_versions_are_found_however_long_they_were_published_before(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    add(target, replace(record_of(A), version=3, allocated_at=now))
    log(target, now - timedelta(days=9), {}, f"{A}#1")
    log(target, now + timedelta(seconds=2), {}, f"{A}#3")
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert f"{A}#1 allocated, published {now - timedelta(days=9):%Y-%m-%d}" in told
    assert f"{A}#2, not in the publisher's log" in told
    assert f"{A}#3 allocated, published {now + timedelta(seconds=2):%Y-%m-%d %H:%M}" in told


def test_an_event_that_the_topic_did_not_take_is_not_told_as_published(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    add(target, replace(record_of(A), allocated_at=now))
    target.logs.create_log_stream(logGroupName=LOG, logStreamName="failed")
    not_taken = {"message": "event not published", "event": f"{A}#1"}
    for message in (not_taken, {"message": "not published", "event_ids": [f"{A}#1"]}, [f"{A}#1"], f"no object: {A}#1"):
        line = {"timestamp": int(now.timestamp() * 1000), "message": json.dumps(message)}
        target.logs.put_log_events(logGroupName=LOG, logStreamName="failed", logEvents=[line])
    assert trace("WEB-1") == 0
    assert re.search(f"{A}#1 allocated, (older|not)", capsys.readouterr().out)


def test_whoever_may_not_read_the_log_is_told_all_else_and_where_to_look(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    target.logs.delete_log_group(logGroupName=LOG)
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert f"{A} goes with CX_NDS" in told
    assert facts(told, "Event") == [f"Event {A}#1"]
    sentences = " ".join(told.split())
    assert "The publisher's log can't be read (FilterLogEvents: ResourceNotFoundException" in sentences
    assert f'Logs Insights over {LOG}: filter message = "published" and @message like "<event id>"' in sentences


def decided(consignment: str, *, tons: int = 0) -> Any:
    """What the deployed engine records of a consignment under the packaged catalogue."""
    (sent,) = read_order(text_of("order-created-v1.json")).order.consignments
    (package,) = sent.packages
    weight = Decimal(1000 * tons) if tons else package.weight_kg
    asked = replace(sent, reference=ConsignmentReference(consignment), packages=(replace(package, weight_kg=weight),))
    allocator = EngineAllocator(
        Engine(packaged_catalogue()), now=lambda: NOON, api_base_url="", usage=InMemoryLimits(), archive=ARCHIVE
    )
    return allocator.outcomes([asked], DefaultRules())[asked.reference]


@pytest.mark.usefixtures("eighty_columns")
def test_a_decision_is_told_whole_with_who_came_next_and_why_others_can_not_take_it(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = decided(A)
    add(target, record_of(A, outcome))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert " ".join(told.split()).startswith(
        f"{A} goes with CX_ECO Economy of Carrier X for 3.25 GBP net, 3.90 gross. "
        "CX_ECO is the cheapest of 24 services that can take it, 0.10 GBP under LK_HOME."
    )
    assert facts(told, "Price", "Tracking") == [
        "Price Rate UK 3.05 + Fuel 0.20 = 3.25 net, 0.65 VAT, 3.90 gross",
        f"Tracking {outcome.summary.consignment_legs[0].tracking_references[0]}",
    ]
    assert re.search(r"by catalogue 2026-11-23, prices of 2026-11-23\n", told)
    assert re.search(r"^  LK_HOME +3\.35 GBP +\+0\.10 ", told, re.MULTILINE)
    assert re.search(r"^  WeightOutOfRange +0\.5 Kg +3 +HF_PAL, HF_PAL24 \(30 ", told, re.MULTILINE)
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.usefixtures("eighty_columns")
def test_the_documentation_shows_a_trace_as_it_is(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    body = SAMPLE_ORDERS.read_text("utf-8").splitlines()[1]
    order = read_order(body).order
    asked = order.consignments[1]
    allocator = EngineAllocator(
        Engine(packaged_catalogue()), now=lambda: NOON, api_base_url="", usage=InMemoryLimits(), archive=ARCHIVE
    )
    outcome = allocator.outcomes([asked], DefaultRules())[asked.reference]
    record = replace(record_of(asked.reference, outcome), order_reference=order.reference, event_id=order.event_id)
    add(target, replace(record, customer_reference=asked.customer_reference))
    assert trace(asked.reference) == 0
    told = capsys.readouterr().out
    page = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Trace\n")[2]
    shown = page.partition("```\n")[2].partition("```")[0]
    assert len(shown.splitlines()) > 8
    assert told.startswith(shown)


def test_an_explanation_whose_catalogue_is_lost_is_said_to_be(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(target, record_of(A, decided(A)))
    monkeypatch.setattr(ARCHIVE, "kept", {})
    assert trace("WEB-1") == 0
    assert "Why is not known: the catalogue " in capsys.readouterr().out


def test_json_has_the_same_facts_and_the_whole_explanation(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A, decided(A)), record_of(B, decided(B, tons=90)))
    assert trace("WEB-1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["reference"], told["foundBy"], told["orderReference"]) == ("WEB-1", "order", "WEB-1")
    allocated, failed = told["records"]
    assert allocated["price"] == {"net": "3.25", "vat": "0.65", "gross": "3.90", "currency": "GBP"}
    assert allocated["explanation"]["winner"]["service"] == "CX_ECO"
    assert len(allocated["explanation"]["runnersUp"]) == 23
    assert allocated["events"] == [{"id": f"{A}#1", "type": None, "publishedAt": None}]
    assert failed["failure"]["code"] == "NoCarrierServiceAvailable"
    assert len(failed["explanation"]["excluded"]) == 66


def test_several_consignments_are_told_in_short_and_many_in_a_sentence_each_unless_all_is_asked_for(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A, decided(A)), record_of(B, decided(B, tons=90)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert "  23 more services could take it (GBP): LK_HOME +0.10, PH_T48 +0.25," in told
    assert "  66 services can't take it: WeightOutOfRange 66," in told
    assert "./carrier orders trace CONSIGNMENT" in told
    assert trace("WEB-1", "--all") == 0
    assert capsys.readouterr().out.count("PR_US_EXP") > 1
    add(target, *(record_of(reference(number)) for number in range(5)))
    assert trace("WEB-1") == 0
    assert len(capsys.readouterr().out.splitlines()) < 20


@pytest.mark.parametrize("name", [A, f"{A}#1", "theirs-7", "event-1", "update-1", "TRK-9"])
def test_a_consignment_is_found_by_whatever_names_it(
    name: str, trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = summary_of(A)
    legs = (ConsignmentLeg(leg=1, tracking_references=("TRK-9",)),)
    mine = record_of(A, Allocated(summary.model_copy(update={"consignment_legs": legs})))
    add(target, replace(mine, customer_reference="theirs-7", updated_by="update-1"))
    add(target, replace(record_of(B), event_id="event-2"))
    assert trace(name) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{A} goes with CX_NDS")
    assert B not in told
    assert "The order has 1 more consignment:\n  ./carrier orders trace WEB-1 --stack shop\n" in told


def test_a_record_of_a_later_version_is_told_as_such(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    target.dynamodb.put_item(
        TableName="records", Item=record_item(record_of(A), by_order=True) | {"schemaVersion": {"N": "3"}}
    )
    assert trace(A) == 0
    assert f"{A}: its record is of a later version of this software." in capsys.readouterr().out


def test_more_consignments_than_one_read_takes_are_told_all(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, *(record_of(reference(number)) for number in range(120)))
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert [number for number in range(120) if f"{reference(number)} goes with" not in told] == []


def test_no_order_is_a_mistake(trace: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace("") == 2
    assert capsys.readouterr().err == "Which order? Give its reference: carrier orders trace WEB-100045.\n"
