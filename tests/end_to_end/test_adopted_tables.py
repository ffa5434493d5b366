"""A stack is deleted with its work half done, and another takes up its tables: nothing is lost or done twice."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from allocation.aws.publisher_log import published_at
from allocation.events.published import Versions
from cli.commands.catalogue_files import candidate_of, read_with_warnings
from cli.operations.publications import Candidate
from cli.operations.target import described
from cli.output import Progress
from cli.paths import ROOT
from cli.stack.build import local_platform
from cli.stack.deploy import STACK_NAME, Deployment, deploy, deployed, stack_outputs
from cli.stack.orders import SentOrder, send_orders
from tests.end_to_end.conftest import free_port, order_message, table
from tests.end_to_end.test_deployed_stack import depth, wait_until
from tests.end_to_end.test_order_senders import guide_script, run_guide
from tests.end_to_end.traffic import readable_bodies

ORDERS = 5
LIMIT = 3
LAST_ORDER = 1
"""The order whose events are still to be published when the stack is deleted."""


@dataclass(frozen=True)
class Successor:
    """The second stack, and the records as the first one left them."""

    deployment: Deployment
    records: list[dict[str, Any]]
    sent: list[SentOrder]


def with_a_daily_limit(folder: Path) -> Candidate:
    """The sample catalogue, whose cheapest service takes few consignments a day."""
    economy = "      CX_ECO:\n        name: Economy\n"
    sample = (ROOT / "cli" / "catalogue" / "sample.yaml").read_text("utf-8")
    assert economy in sample
    file = folder / "limited.yaml"
    file.write_text(sample.replace(economy, f"{economy}        dailyLimit: {LIMIT}\n"), "utf-8")
    found, warnings = read_with_warnings(str(file), "engine")
    return candidate_of(str(file), file.read_text("utf-8"), found, warnings)


def by_reference(deployment: Deployment) -> list[dict[str, Any]]:
    return sorted(table(deployment), key=lambda item: str(item["consignmentReference"]))


def send(deployment: Deployment, bodies: list[str]) -> list[SentOrder]:
    """Send orders, and wait until the queue has none left."""
    queue = deployment.stack.order_queue_url
    sent = list(send_orders(deployment.clients.sqs, queue, [order_message(body) for body in bodies]))
    wait_until(lambda: depth(deployment, queue) == 0, "the order queue is empty")
    return sent


def published(deployment: Deployment) -> set[str]:
    """The events that the stack's publisher says it has published, of all records of its table."""
    found = described(STACK_NAME, STACK_NAME, deployment.clients)
    try:
        return set(published_at(found.logs, found.publisher_log, versions_of(table(deployment))))
    except found.logs.exceptions.ResourceNotFoundException:
        return set()


def expected(records: list[dict[str, Any]]) -> set[str]:
    """The events that records must have."""
    return {event_id for versions in versions_of(records) for event_id in versions.event_ids()}


def versions_of(records: list[dict[str, Any]]) -> list[Versions]:
    """The versions of each record."""
    return [Versions(record["consignmentReference"], int(record["version"])) for record in records]


def stop_publishing(deployment: Deployment) -> None:
    """As where SNS takes nothing, or the function can't run: records are written, and no event follows."""
    functions = deployment.clients.functions
    name = stack_outputs(deployment.clients)["PublishAllocationsFunctionName"]
    for mapping in functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


@pytest.fixture(scope="module")
def successor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Successor]:
    bodies = readable_bodies()[:ORDERS]
    folder = tmp_path_factory.mktemp("adopted")
    limited = with_a_daily_limit(folder)
    with deployed(free_port(), {}, folder, Progress(Console(stderr=True)), catalogue=limited) as first:
        sent = send(first, bodies[:-LAST_ORDER])
        wait_until(lambda: published(first) == expected(table(first)), "the first orders' events are published")
        stop_publishing(first)
        sent += send(first, bodies[-LAST_ORDER:])
        records = by_reference(first)
        assert published(first) < expected(records), "some events are still to be published"

        parameters = adoption(first)
        end(first)
        yield Successor(redeployed(first, parameters), records, sent)


def end(deployment: Deployment) -> None:
    """Delete the stack, as `sam delete` does."""
    deployment.clients.cloudformation.delete_stack(StackName=STACK_NAME)
    wait_until(lambda: is_gone(deployment), "the stack is deleted")


def redeployed(before: Deployment, parameters: dict[str, str]) -> Deployment:
    """Deploy another stack where one has been."""
    stack = deploy(before.emulator, before.clients, local_platform(), parameters)
    return Deployment(before.emulator, before.clients, stack)


def adoption(deployment: Deployment) -> dict[str, str]:
    """The parameters with which another stack takes up the tables of this one, as docs/teardown.md finds them."""
    outputs = stack_outputs(deployment.clients)
    name = outputs["AllocationsTableName"]
    return {
        "ExistingAllocationsTable": name,
        "ExistingAllocationsStream": deployment.clients.dynamodb.describe_table(TableName=name)["Table"][
            "LatestStreamLabel"
        ],
        "ExistingConsignmentsTable": outputs["ConsignmentsTableName"],
        "ExistingConsignmentsKeyId": outputs["ConsignmentsKeyId"],
        "ExistingCatalogueBucket": outputs["CatalogueBucketName"],
    }


def is_gone(deployment: Deployment) -> bool:
    stacks = deployment.clients.cloudformation.list_stacks()["StackSummaries"]
    return all(stack["StackStatus"] == "DELETE_COMPLETE" for stack in stacks if stack["StackName"] == STACK_NAME)


def test_records_outlive_their_stack_and_are_the_next_ones(successor: Successor) -> None:
    assert successor.records, "no record at all"
    assert by_reference(successor.deployment) == successor.records


def test_events_that_the_first_stack_did_not_publish_are_published_by_the_second(successor: Successor) -> None:
    wanted = expected(successor.records)

    wait_until(lambda: published(successor.deployment) >= wanted, "the events of all records are published")
    assert published(successor.deployment) == wanted


def test_orders_that_come_again_are_allocated_to_nothing_new(successor: Successor) -> None:
    again = send(successor.deployment, [sent.message.body for sent in successor.sent])

    assert len(again) == ORDERS
    assert by_reference(successor.deployment) == successor.records
    assert depth(successor.deployment, successor.deployment.stack.order_dlq_url) == 0


def test_a_new_order_is_recorded_in_the_table_of_the_first_stack(successor: Successor) -> None:
    new = readable_bodies()[ORDERS : ORDERS + 1]

    (sent,) = send(successor.deployment, new)

    added = {str(item["consignmentReference"]) for item in table(successor.deployment)} - {
        str(item["consignmentReference"]) for item in successor.records
    }
    assert added == set(sent.message.consignments)
    wait_until(
        lambda: published(successor.deployment) >= {f"{reference}#1" for reference in added}, "its events are published"
    )


def test_what_is_restored_holds_for_orders_that_come_again(successor: Successor, tmp_path: Path) -> None:
    """The rehearsal of docs/backup.md: records, daily limits and cancelled orders as they were."""
    before = successor.deployment
    cancelled = json.loads(readable_bodies()[ORDERS + 3])
    cancel(before, cancelled)
    records, parameters, outputs = by_reference(before), adoption(before), stack_outputs(before.clients)
    counted = counts(before, outputs["LimitsTableName"])
    guide = guide_script("backup.md", "## Afterwards").replace("MOMENT=2026-11-26T09:15:00Z", f"MOMENT={now()}")
    run_guide(guide, before, tmp_path)
    end(before)

    settings = guide_script("teardown.md", "## What is left", start="## Restored from")
    printed = run_guide(f'ALLOCATIONS=restored-allocations\n{settings}\necho "$STREAM"', before, tmp_path)
    restored = {
        "ExistingAllocationsTable": "restored-allocations",
        "ExistingAllocationsStream": printed.splitlines()[-1],
        "ExistingLimitsTable": "restored-limits",
        "ExistingCataloguesTable": "restored-catalogues",
        "ExistingCancelledOrdersTable": "restored-cancelled-orders",
        "ExistingConsignmentsTable": "restored-consignments",
    }
    after = redeployed(before, parameters | restored)
    send(after, [sent.message.body for sent in successor.sent])
    send(after, [json.dumps(cancelled)])

    assert after.stack.allocations_table == "restored-allocations"
    again = by_reference(after)
    references = {str(each["Reference"]) for each in cancelled["consignments"]}
    assert [each for each in again if each["consignmentReference"] not in references] == records
    assert {each["state"] for each in again if each["consignmentReference"] in references} <= {"Cancelled"}
    assert counts(after, "restored-limits") == counted
    assert LIMIT in {int(number) for number in counted.values()}, "the limit is reached, and holds"
    (new,) = send(after, readable_bodies()[ORDERS + 1 : ORDERS + 2])
    wait_until(
        lambda: published(after) >= {f"{reference}#1" for reference in new.message.consignments},
        "the restored table's stream brings events",
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def cancel(deployment: Deployment, order: dict[str, Any]) -> None:
    """Cancel an order before it has come."""
    event = {"eventType": "order-cancelled", "eventVersion": 1, "eventId": "early", "occurredAt": now()}
    body = json.dumps(event | {"orderReference": order["orderReference"]})
    deployment.clients.sqs.send_message(QueueUrl=deployment.stack.order_queue_url, MessageBody=body)
    kept = stack_outputs(deployment.clients)["CancelledOrdersTableName"]
    wait_until(lambda: deployment.clients.dynamodb.scan(TableName=kept)["Count"] == 1, "the cancellation is remembered")


def counts(deployment: Deployment, limits_table: str) -> dict[str, str]:
    """How many consignments count toward each service's limit of a day."""
    items = deployment.clients.dynamodb.scan(TableName=limits_table)["Items"]
    return {item["serviceDay"]["S"]: item["used"]["N"] for item in items}
