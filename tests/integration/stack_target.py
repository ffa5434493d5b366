"""The stack that the commands work on, as moto has it, and records in its table."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from allocation.aws.clients import client
from allocation.domain.record import AllocationRecord
from allocation.records.explanations import Explanations
from allocation.records.items import record_item
from cli import main
from cli.operations import dead_letters
from cli.operations.target import Target
from tests.support.ports import InMemoryCatalogues
from tests.support.tables import create_table

LOG = "/aws/lambda/stack-publish-allocations"
ALLOCATOR_LOG = "/aws/lambda/stack-allocate-orders"
Trace = Callable[..., int]
# The catalogues that decided.
ARCHIVE = InMemoryCatalogues()


def stack_target(order_dlq_url: str) -> Target:
    """Makes the tables, queues and logs of a stack, and returns where the commands find them."""
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
        "the stack", sqs, dynamodb, sns, orders, order_dlq_url, failures, "records", "topic", logs, LOG, explanations
    )
    return replace(
        found,
        allocator_log=ALLOCATOR_LOG,
        option=" --stack shop",
        consignments_table="kept",
        claims_table="claims",
    )


def add(target: Target, *records: AllocationRecord) -> None:
    for record in records:
        target.dynamodb.put_item(TableName="records", Item=record_item(record, by_order=True))


def trace_command(target: Target, monkeypatch: pytest.MonkeyPatch) -> Trace:
    """Returns `carrier orders trace`, over the stack and without a pause."""
    monkeypatch.setattr("cli.commands.orders.target", lambda _name: target)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    return lambda *arguments: main.main(["orders", "trace", *arguments])
