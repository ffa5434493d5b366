"""The guarantee, checked on a history that has come to rest: each function yields what is broken, in words."""

import json
from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.simulation.history import History

DESERIALIZE = TypeDeserializer().deserialize


def broken(history: History) -> list[str]:
    """Everything that is not as guaranteed; empty for a history as it should be."""
    checks = (allocated_once, recorded_as_allocated, written_once, published, accounted_for)
    return [violation for check in checks for violation in check(history)]


def records(history: History) -> dict[str, dict[str, Any]]:
    """The records as plain data, by consignment."""
    return {
        reference: {name: DESERIALIZE(value) for name, value in item.items()}
        for reference, item in history.table.items.items()
    }


def allocated_once(history: History) -> Iterator[str]:
    """PRO allocated no consignment twice."""
    for reference, count in history.pro.state.allocations.items():
        if count > 1:
            yield f"{reference} was allocated {count} times"


def recorded_as_allocated(history: History) -> Iterator[str]:
    """Every allocation of PRO's has a record with that very allocation, and no record claims another."""
    kept = records(history)
    for reference, consignment in history.pro.state.consignments.items():
        record = kept.get(reference)
        if consignment.state == "Allocated" and (record is None or record["state"] != "Allocated"):
            yield f"{reference} is allocated at PRO and recorded as {record and record['state']}"
        elif consignment.state == "Allocated" and record and record["carrierServiceReference"] != consignment.service:
            yield f"{reference} is on {consignment.service} and recorded on {record['carrierServiceReference']}"
    for reference, record in kept.items():
        known = history.pro.state.consignments.get(reference)
        if record["state"] == "Allocated" and (known is None or known.state != "Allocated"):
            yield f"{reference} is recorded as allocated, and is not at PRO"


def written_once(history: History) -> Iterator[str]:
    """No record was overwritten."""
    for reference, count in history.table.writes.items():
        if count > 1:
            yield f"the record of {reference} was written {count} times"


def published(history: History) -> Iterator[str]:
    """Every record has an event that says the same, or stands in the stream's failure queue."""
    events = {event["id"]: event for event in map(json.loads, history.topic.published)}
    for reference, record in records(history).items():
        event = events.get(f"{reference}#{record['version']}")
        if event is None:
            yield f"the record of {reference} has no event"
        elif event["data"]["state"] != record["state"]:
            yield f"{reference} was published as {event['data']['state']} and recorded as {record['state']}"


def accounted_for(history: History) -> Iterator[str]:
    """Every message is off the queue, and has all its outcomes or stands in the DLQ with the reason."""
    refused = {message.message_id for message in history.queue.dead if "RefusalCode" in message.attributes}
    for message in history.queue.dead:
        if not message.attributes:
            yield f"{message.message_id} ended in the DLQ after {message.receives} receives, without a reason"
    for message_id in history.queue.messages:
        yield f"{message_id} is still on the queue"
    kept = history.table.items.keys()
    for order in history.orders:
        if order.consignments and not set(order.consignments) <= kept:
            yield f"{order.name} lacks outcomes for {sorted(set(order.consignments) - kept)}"
        if not order.consignments and order.name not in refused:
            yield f"{order.name} can't be read and is not in the DLQ with a reason"
