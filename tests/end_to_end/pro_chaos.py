"""The deployed stack against a SortedPRO that misbehaves: orders through it, and how their counts add up.

`python -m tests.end_to_end.pro_chaos --orders 1000 --fault-chance 0.2`. Nothing is shortened for it: what a fault sends
back to the queue waits as long as it would on AWS.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from cli.output import Progress
from cli.stack.account import Account
from cli.stack.deploy import Deployment, deployed
from cli.stack.observer import Observer, follow, read_record
from cli.stack.orders import send_orders
from tests.end_to_end.conftest import free_port, order_message
from tests.end_to_end.traffic import malformed_bodies
from tests.support.pro_faults import KINDS, LAST_DATE, STATUSES, YEARS, Fault, Faults
from tests.support.pro_server import KEY, ProServer

SECRET = "pro-subscription-key"
ROTATED_KEY = "another-subscription-key"
PATIENCE_SECONDS = 300.0
"""Longer than any message waits that has failed five times."""
ABSURD_WISHES = (YEARS, LAST_DATE)
MAX_WISH = "30"
"""PRO asks to be left alone for half a minute where its faults would ask for years: that would be honoured for 15
minutes, by each message that meets it."""
HANG_SECONDS = 2.0
REPEATED = 20
"""Every so manieth order is sent twice."""
KINDS_OF_FAULT = tuple(kind for kind in (*STATUSES, "redirect", *KINDS) if kind != "401")
"""A rejected key holds everything back for a minute, as it should; the key is rotated once instead."""


@dataclass
class CountedFaults(Faults):
    """Faults by chance, counted by kind."""

    struck: Counter[str] = field(default_factory=Counter)

    def next(self, path: str) -> Fault | None:
        fault = super().next(path)
        if fault is None:
            return None
        self.struck[f"{fault.kind} {'before' if fault.before else 'after'}"] += 1
        return replace(fault, retry_after=MAX_WISH) if fault.retry_after in ABSURD_WISHES else fault


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What there is when all has come to rest."""

    account: Account
    malformed: dict[str, str]
    """By body: the code that it is refused with."""
    records: list[dict[str, object]]
    """Every item of the table."""
    left_on_queue: int
    pro: ProServer
    faults: CountedFaults
    seconds: float


def pro_parameters(url: str) -> dict[str, str]:
    """The parameters of `template.yaml` for an allocator that is a PRO at `url`."""
    return {"Allocator": "pro", "ProBaseUrl": url, "ProSecretName": SECRET}


def storm(orders: int, fault_chance: float, seed: int, folder: Path, console: Console) -> Aftermath:
    """Deploys a stack in front of a faulty PRO, sends orders, rotates the key amid them, and waits for rest."""
    faults = CountedFaults(fault_chance, seed, kinds=KINDS_OF_FAULT, hang_seconds=HANG_SECONDS)
    with (
        ProServer(faults=faults) as pro,
        deployed(free_port(), pro_parameters(pro.url), folder, Progress(console)) as stack,
    ):
        secrets = stack.clients.secretsmanager
        secrets.create_secret(Name=SECRET, SecretString=KEY)
        observer = Observer(stack.clients, stack.stack)
        started, malformed = time.monotonic(), unreadable_bodies()
        bodies = list(order_bodies(orders))
        half = len(bodies) // 2
        queue_url = stack.stack.order_queue_url
        sent = list(send_orders(stack.clients.sqs, queue_url, list(map(order_message, [*malformed, *bodies[:half]]))))
        secrets.put_secret_value(SecretId=SECRET, SecretString=ROTATED_KEY)
        pro.key = ROTATED_KEY
        sent += send_orders(stack.clients.sqs, queue_url, list(map(order_message, bodies[half:])))
        account = follow(lambda: observer.look(sent), lambda _: None, PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        left = wait_for_empty(stack)
        return Aftermath(account, malformed, table(stack), left, pro, faults, seconds)


def unreadable_bodies() -> dict[str, str]:
    """Bodies that can never be read, with their codes. Of a consignment only its reference is read for PRO."""
    return {body: code for body, code in malformed_bodies().items() if '"Packages": "one"' not in body}


def order_bodies(orders: int) -> Iterator[str]:
    """Orders of one to three consignments, every twentieth sent twice; some fit no service.

    PRO knows them all: one that it does not know would be waited for, for five minutes.
    """
    for number in range(orders):
        kind = "NOF" if number % 13 == 5 else "STM"
        references = [f"EC-{kind}-{number:03d}-{place:03d}" for place in range(1 + number % 3)]
        event = {
            "eventType": "order-created",
            "eventVersion": 1,
            "eventId": f"event-{number}",
            "occurredAt": "2026-11-23T09:15:00Z",
            "orderReference": f"STORM-{number}",
            "consignments": [{"Reference": reference} for reference in references],
        }
        yield from [json.dumps(event)] * (2 if number % REPEATED == 0 else 1)


def wait_for_empty(stack: Deployment) -> int:
    """The messages left on the order queue when nothing changes any more."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := depth(stack)) and time.monotonic() < deadline:
        time.sleep(0.5)
    return left


def depth(stack: Deployment) -> int:
    """The messages of the order queue, those in flight and those that wait included."""
    answer = stack.clients.sqs.get_queue_attributes(QueueUrl=stack.stack.order_queue_url, AttributeNames=["All"])
    return sum(int(value) for name, value in answer["Attributes"].items() if name.startswith("ApproximateNumberOf"))


def table(stack: Deployment) -> list[dict[str, object]]:
    """Every item of the allocations table."""
    pages = stack.clients.dynamodb.get_paginator("scan").paginate(TableName=stack.stack.allocations_table)
    return [read_record(item) for page in pages for item in page["Items"]]


def broken(aftermath: Aftermath) -> list[str]:
    """Everything that does not add up."""
    checks = (allocated_once, recorded_as_pro_says, published, accounted_for)
    return [problem for check in checks for problem in check(aftermath)]


def allocated_once(aftermath: Aftermath) -> Iterator[str]:
    """PRO allocated nothing twice, and was not asked to.

    This PRO does the work of a call when it comes, whatever becomes of the reply: what a lost reply leaves in doubt is
    settled when it is read back, long before the local stack's patience of 5 s is over. Only a call that lay unread for
    its 15 s and that patience could come to what somebody else has got allocated meanwhile.
    """
    for reference, count in aftermath.pro.state.allocations.items():
        if count != 1:
            yield f"{reference} was allocated {count} times"
    for reference, count in aftermath.pro.state.asked_again.items():
        yield f"{reference} was asked for {count} times when it was allocated"


def recorded_as_pro_says(aftermath: Aftermath) -> Iterator[str]:
    """Every consignment has one record, and it equals PRO's own state."""
    records = {str(record["consignmentReference"]): record for record in aftermath.records}
    wanted = {reference for order in aftermath.account.done for reference in order.message.consignments}
    if set(records) != wanted:
        yield f"{len(records)} records of {len(wanted)} consignments"
    for reference, record in records.items():
        known = aftermath.pro.state.consignments.get(reference)
        state = known.state if known else "unknown"
        outcome = "AllocationFailed" if reference.startswith("EC-NOF") else "Allocated"
        service = record.get("carrierServiceReference")
        if record["state"] != outcome or (known and (state, known.service) != (outcome, service)):
            yield f"{reference} should be {outcome}, is {state} at PRO and recorded as {record['state']} on {service}"


def published(aftermath: Aftermath) -> Iterator[str]:
    """Every version of a record has its event, the last one of the record's own kind; there is no other event.

    Of what a version was before the next one only its event tells.
    """
    kinds = {"Allocated": "consignment.allocated", "AllocationFailed": "consignment.allocation_failed"}
    wanted: dict[str, set[str]] = {}
    for record in aftermath.records:
        reference, version = record["consignmentReference"], int(str(record["version"]))
        wanted |= {f"{reference}#{earlier}": set(kinds.values()) for earlier in range(1, version)}
        wanted[f"{reference}#{version}"] = {kinds[str(record["state"])]}
    got = {(event.event_id, event.kind) for event in aftermath.account.events}
    for version_without in sorted(wanted.keys() - {event_id for event_id, _ in got}):
        yield f"{version_without} has no event"
    for event_id, kind in sorted(got):
        if kind not in wanted.get(event_id, set()):
            yield f"the event {kind} of {event_id} is of no record"


def accounted_for(aftermath: Aftermath) -> Iterator[str]:
    """Every message is off the queue, and the DLQ holds what can't be read, with the reasons, and nothing else."""
    account = aftermath.account
    if aftermath.left_on_queue:
        yield f"{aftermath.left_on_queue} messages are left on the queue"
    refused = Counter(refusal.code for refusal in account.refusals.values())
    if refused != Counter(aftermath.malformed.values()):
        yield f"in the DLQ are {dict(refused)}"
    if account.without_outcome:
        yield f"{len(account.without_outcome)} orders have no outcome"


def told(aftermath: Aftermath) -> str:
    """What ran, in two lines."""
    account, pro = aftermath.account, aftermath.pro
    counts = {
        "messages": len(account.sent),
        "requests to PRO": len(pro.requests),
        "faults": aftermath.faults.struck.total(),
        "allocations at PRO": pro.state.allocations.total(),
        "records": len(aftermath.records),
        "events": len(account.events),
        "in the DLQ": len(account.refusals),
    }
    faults = ", ".join(f"{count} {kind}" for kind, count in sorted(aftermath.faults.struck.items()))
    line = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"{line} in {aftermath.seconds:.0f} s\nfaults: {faults}"


def main() -> int:
    """Raises the storm and tells what became of it; exit code 1 where something does not add up."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.pro_chaos", description=__doc__)
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--fault-chance", type=float, default=0.2, metavar="0..1")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        aftermath = storm(options.orders, options.fault_chance, options.seed, Path(folder), Console(stderr=True))
    problems = broken(aftermath)
    print("\n".join([told(aftermath), *(f"BROKEN: {problem}" for problem in problems)]))  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
