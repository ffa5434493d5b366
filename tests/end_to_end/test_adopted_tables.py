"""A stack is deleted with its work half done, and another takes up its tables: nothing is lost or done twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from allocation.aws.publisher_log import published_at
from allocation.events.published import Versions
from cli.operations.target import described
from cli.output import Progress
from cli.stack.build import local_platform
from cli.stack.deploy import STACK_NAME, Deployment, deploy, deployed, stack_outputs
from cli.stack.orders import SentOrder, send_orders
from tests.end_to_end.conftest import free_port, order_message, table
from tests.end_to_end.test_deployed_stack import depth, wait_until
from tests.end_to_end.test_order_senders import guide_script, run_guide
from tests.end_to_end.traffic import readable_bodies

ORDERS = 5
LAST_ORDER = 1
"""The order whose events are still to be published when the stack is deleted."""


@dataclass(frozen=True)
class Successor:
    """The second stack, and the records as the first one left them."""

    deployment: Deployment
    records: list[dict[str, Any]]
    sent: list[SentOrder]


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
    with deployed(free_port(), {}, folder, Progress(Console(stderr=True))) as first:
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


def test_orders_that_come_again_find_their_records_in_a_restored_table(successor: Successor, tmp_path: Path) -> None:
    before, dynamodb = successor.deployment, successor.deployment.clients.dynamodb
    records, parameters = by_reference(before), adoption(before)
    backup = dynamodb.create_backup(TableName=parameters["ExistingAllocationsTable"], BackupName="last")
    end(before)
    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup["BackupDetails"]["BackupArn"])

    settings = guide_script("teardown.md", "## What is left", start="## Restored from")
    printed = run_guide(f'ALLOCATIONS=restored\n{settings}\necho "$STREAM"', before, tmp_path)
    restored = {"ExistingAllocationsTable": "restored", "ExistingAllocationsStream": printed.splitlines()[-1]}
    after = redeployed(before, parameters | restored)
    send(after, [sent.message.body for sent in successor.sent])

    assert after.stack.allocations_table == "restored"
    assert by_reference(after) == records
    (new,) = send(after, readable_bodies()[ORDERS + 1 : ORDERS + 2])
    wait_until(
        lambda: published(after) >= {f"{reference}#1" for reference in new.message.consignments},
        "the restored table's stream brings events",
    )
