"""One order's life, put together from moto's table and queues."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allocation.aws.clients import client
from allocation.domain.mode import DefaultRules
from allocation.domain.outcome import Allocated, AllocatedBy, Cancelled, DeferralCause, Deferred
from allocation.domain.record import AllocationRecord, PastFailure, RefusedUpdate
from allocation.domain.reference import ConsignmentReference, OrderReference
from allocation.domain.summary import ConsignmentLeg
from allocation.engine.allocator import EngineAllocator
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.events.publish_allocations import PublishReport, report_published
from allocation.orders.batch_report import BatchReport, report_batch
from allocation.orders.order_created import read_order
from allocation.records.explanations import Explanations
from allocation.records.items import record_item
from cli import main
from cli.operations import dead_letters
from cli.operations.target import Target
from cli.paths import ROOT, SAMPLE_ORDERS
from tests.integration.conftest import Queue
from tests.integration.handlers import captured_log
from tests.support.ports import InMemoryCatalogues, InMemoryLimits
from tests.support.samples import FAILED, NOON, A, B, C, order_event, record_of, reference, summary_of, text_of
from tests.support.tables import create_table

Trace = Callable[..., int]
LOG = "/aws/lambda/stack-publish-allocations"
ALLOCATOR_LOG = "/aws/lambda/stack-allocate-orders"
MARKER = "Robin"
"""Somebody's name, which stands in the messages."""


ARCHIVE = InMemoryCatalogues()
"""The catalogues that decided."""


@pytest.fixture
def target(dlq: Queue) -> Target:
    dynamodb, sqs = client("dynamodb"), client("sqs")
    create_table(dynamodb, "AllocationsTable", "records")
    orders, failures = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("orders", "failures"))
    logs = client("logs")
    logs.create_log_group(logGroupName=LOG)
    logs.create_log_group(logGroupName=ALLOCATOR_LOG)
    create_table(dynamodb, "ConsignmentsTable", "kept")
    create_table(dynamodb, "ProClaimsTable", "claims")
    explanations, sns = Explanations(ARCHIVE), client("sns")
    found = Target(
        "the stack", sqs, dynamodb, sns, orders, dlq.url, failures, "records", "topic", logs, LOG, explanations
    )
    return replace(
        found,
        allocator_log=ALLOCATOR_LOG,
        option=" --stack shop",
        consignments_table="kept",
        claims_table="claims",
    )


@pytest.fixture
def trace(target: Target, monkeypatch: pytest.MonkeyPatch) -> Trace:
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: target)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    return lambda *arguments: main.main(["orders", "trace", *arguments])


def log_return(target: Target, cause: DeferralCause, why: str = "") -> None:
    """Logs that a message of WEB-1 came back, and one of WEB-10, as the queue function does."""
    target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody="an order")
    returned = {"m1": Deferred(cause, why=why)}
    with captured_log() as written:
        for order in ("WEB-1", "WEB-10"):
            report_batch(BatchReport(returned, {}, {}, {}, {"m1": OrderReference(order)}))
    lines = [{"timestamp": int(time.time() * 1000), "message": line} for line in written.getvalue().splitlines()]
    target.logs.create_log_stream(logGroupName=ALLOCATOR_LOG, logStreamName=cause)
    target.logs.put_log_events(logGroupName=ALLOCATOR_LOG, logStreamName=cause, logEvents=lines)


def facts(told: str, *names: str) -> list[str]:
    """The first lines of these facts, without what lines them up."""
    lines = (line.strip() for line in told.splitlines())
    return [" ".join(line.split()) for line in lines if line.startswith(tuple(f"{name} " for name in names))]


def add(target: Target, *records: AllocationRecord) -> None:
    for record in records:
        target.dynamodb.put_item(TableName="records", Item=record_item(record, by_order=True))


def log(target: Target, moment: datetime, failed: dict[str, str], *event_ids: str) -> None:
    """Logs a batch of events as the publisher does."""
    with captured_log() as written:
        report_published(PublishReport(failed, event_ids, {}, ["consignment.allocated"] * len(event_ids)), NOON)
    timestamp = int(moment.timestamp() * 1000)
    stream = f"invocation at {timestamp}"
    target.logs.create_log_stream(logGroupName=LOG, logStreamName=stream)
    lines = [{"timestamp": timestamp, "message": line} for line in written.getvalue().splitlines()]
    target.logs.put_log_events(logGroupName=LOG, logStreamName=stream, logEvents=lines)


def dead(target: Target, event: dict[str, Any]) -> str:
    body = json.dumps(event | {"contact": MARKER})
    return target.sqs.send_message(QueueUrl=target.order_dlq_url, MessageBody=body)["MessageId"]


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


def test_a_waiting_order_is_told_with_the_consignment_that_pro_is_at_and_since_when(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    log_return(target, DeferralCause.ALLOCATING, f"PRO has {A} in state Allocating since 2026-11-27T12:00:00Z")
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert f"WEB-1 waits: SortedPRO has accepted it and is allocating: PRO has {A} in state Allocating since" in told


def test_a_cancellation_that_waits_is_told_with_what_it_waits_for(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    why = f"{A} was allocated at https://api.electioapp.com: set ProBaseUrl back to cancel it"
    add(target, record_of(A))
    log_return(target, DeferralCause.MISCONFIGURED, why)
    trace("WEB-1")
    told = " ".join(capsys.readouterr().out.split())
    assert told.startswith(f"{A} goes with CX_NDS")
    assert why in told
    trace("WEB-1", "--json")
    assert [each["why"] for each in json.loads(capsys.readouterr().out)["returns"]] == [why]


def test_a_waiting_order_is_told_with_why_it_came_back(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    log_return(target, DeferralCause.OUTAGE)
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("WEB-1 waits: SortedPRO does not answer. Its message comes again by itself.\n")
    assert "Came back 1 time in the last hour" in told


def test_a_cancellation_that_looks_for_more_consignments_is_nothing_to_wait_for(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, replace(record_of(A), outcome=Cancelled(), version=2))
    log_return(target, DeferralCause.CANCELLING)
    assert trace("WEB-1") == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{A} is cancelled.\n")
    assert "Came back" not in told
    log_return(target, DeferralCause.RECORDS_NOT_READ)
    assert trace("WEB-1") == 1
    assert "Came back" in capsys.readouterr().out


def test_a_consignment_that_is_kept_or_that_sortedpro_was_asked_for_is_told_before_it_has_a_record(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    key: Any = {"consignmentReference": {"S": A}}
    kept = {"createdAt": {"S": NOON.isoformat()}, "keptFrom": {"S": "queue"}}
    target.dynamodb.put_item(TableName="kept", Item=key | kept)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=2)
    held = int(until.timestamp() * 1000)
    target.dynamodb.put_item(TableName="claims", Item=key | {"heldUntil": {"N": str(held)}})
    assert trace(A) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{A} has no outcome yet.\n")
    assert f"{A} came with an order, 2026-11-23 12:00:00Z." in told
    asked = f"SortedPRO was asked for {A}. The function"
    assert f"{asked} waits for its answer until {until:%Y-%m-%d %H:%M:%S}Z." in " ".join(told.split())
    ended: Any = key | {"heldUntil": {"N": str(int(NOON.timestamp() * 1000))}}
    target.dynamodb.put_item(TableName="claims", Item=ended)
    trace(A)
    told = " ".join(capsys.readouterr().out.split())
    assert f"{asked} asks again; the last call ended at 2026-11-23 12:00:00Z." in told


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


def test_messages_in_the_dlq_that_mention_the_order_or_its_consignments_are_told_by_reference(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A))
    mine = {dead(target, order_event(B)), dead(target, order_event(A, orderReference="WEB-7"))}
    other = dead(target, order_event(C, orderReference="WEB-10"))
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert [message for message in mine if message not in told] == []
    assert told.count("NoSuccess") == 2
    assert other not in told
    assert MARKER not in told


def test_looking_at_the_dlq_takes_nothing_off_it(trace: Trace, target: Target) -> None:
    dead(target, order_event(A))
    trace("WEB-1")
    assert target.sqs.receive_message(QueueUrl=target.order_dlq_url)["Messages"]


def test_an_order_that_nobody_has_heard_of_is_told_with_what_may_still_come(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody="an order")
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("the stack has no record of an order, consignment or event WEB-1.\n")
    assert "Order queue: 1 message waiting, 0 in work or held back" in told


def test_an_order_in_the_dlq_is_told_with_the_command_that_goes_on(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    message = dead(target, order_event(A))
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert told.startswith("WEB-1 has no outcome: its message is in the dead letter queue.\n")
    assert f"./carrier dlq show {message} --stack shop\n" in told


def test_a_dead_message_of_an_order_that_is_allocated_since_is_to_be_discarded(
    trace: Trace, target: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    add(target, record_of(A), record_of(B))
    discarded = dead(target, order_event(A, B))
    capsys.readouterr()
    assert trace("WEB-1") == 1
    told = capsys.readouterr().out
    assert "The order is allocated; discard the message" in told
    assert f"./carrier dlq discard {discarded} --stack shop\n" in told
    assert "dlq show" not in told


@pytest.mark.parametrize(
    ("event", "record"),
    [
        (order_event(A, C), record_of(A)),
        (order_event(A, eventType="order-cancelled"), record_of(A)),
        (order_event(A, eventType="order-updated"), record_of(A)),
        (order_event(A), replace(record_of(A), outcome=FAILED)),
    ],
    ids=["another consignment", "cancellation", "update", "failed"],
)
def test_a_dead_message_that_still_asks_for_something_is_not_to_be_discarded(
    trace: Trace,
    target: Target,
    capsys: pytest.CaptureFixture[str],
    event: dict[str, Any],
    record: AllocationRecord,
) -> None:
    add(target, record)
    dead(target, event)
    assert trace("WEB-1") == 1
    assert "dlq discard" not in capsys.readouterr().out


def test_no_order_is_a_mistake(trace: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    assert trace("") == 2
    assert capsys.readouterr().err == "Which order? Give its reference: carrier orders trace WEB-100045.\n"
