"""A stack deployed as `carrier run` deploys it, from an environment as hostile as a user's may be, with 200 orders."""

import re
import socket
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from cli.output import Progress
from cli.paths import ROOT
from cli.stack.account import Account
from cli.stack.clients import REGION
from cli.stack.deploy import Deployment, deployed
from cli.stack.observer import Observer, follow, read_record
from cli.stack.orders import OrderMessage, SentOrder, as_object, consignment_references, innermost, send_orders
from cli.stack.processes import TROUBLE, end_of_log
from tests.end_to_end.traffic import malformed_bodies, readable_bodies, repeated

PATIENCE_SECONDS = 60.0
HOSTILE_ENVIRONMENT = {
    "AWS_PROFILE": "someone-elses",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_ACCESS_KEY_ID": "the-users-own",
    "AWS_SECRET_ACCESS_KEY": "the-users-own",
    "AWS_SESSION_TOKEN": "the-users-own",
    "AWS_REGION": "ap-south-1",
    "AWS_CA_BUNDLE": "/nonexistent/bundle.pem",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}
"""Settings of the user's own, which must not reach the local AWS: the deployment would fail with any of them."""

SHOP_TOPIC = f"arn:aws:sns:{REGION}:000000000000:shop-orders"
SHOP_RULE = f"arn:aws:events:{REGION}:000000000000:rule/shop-orders"
WALK = ROOT / "docs" / "walk.md"
DOCUMENTS = dict(re.findall(r"--parameter (\w+)=(\S+)", WALK.read_text("utf-8")))
"""The parameters with which the walk's stack reads orders of a shop, and its catalogue from S3."""
ALARM_TOPIC = f"arn:aws:sns:{REGION}:000000000000:on-call"
SENDERS = {"OrderTopicArns": SHOP_TOPIC, "OrderRuleArns": SHOP_RULE, "AlarmTopicArn": ALARM_TOPIC}
"""Who may deliver orders to the stack and who hears its alarms, as its parameters name them. Tests make them."""

TELLING = rf"{TROUBLE}|worker spawned|ESM: Lambda \S+ processed"
"""What lines of the emulator's log have that may say why a test waited for nothing: trouble, or which functions ran."""
FOLDERS = pytest.StashKey[Path]()
"""Where the tests of this run, or of this worker of it, make their folders."""


@dataclass(frozen=True)
class Traffic:
    """The messages that were sent, by kind, and what became of all of them."""

    readable: list[SentOrder]
    repeated: list[SentOrder]
    malformed: list[SentOrder]
    account: Account
    records: list[dict[str, object]]
    """Every item of the allocations table."""


@pytest.fixture(scope="session", autouse=True)
def _folders(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Remember where stacks log, for the report of a failure."""
    request.config.stash[FOLDERS] = tmp_path_factory.getbasetemp()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure the end of the log that was written last."""
    report = yield
    folders = item.config.stash.get(FOLDERS, None)
    logs = list(folders.glob("*/emulator.log")) if folders and report.failed else []
    if logs:
        log = max(logs, key=lambda path: path.stat().st_mtime)
        report.sections.append(("The local AWS", end_of_log(log, TELLING)))
    return report


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def order_message(body: str) -> OrderMessage:
    """A message with what it says of itself."""
    event = innermost(as_object(body) or {})
    return OrderMessage(body, event.get("orderReference"), consignment_references(event))


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployed stack, in the default mode. Only while it comes up is the environment hostile."""
    folder = tmp_path_factory.mktemp("stack")
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in HOSTILE_ENVIRONMENT.items():
                environment.setenv(name, value)
            ready = stack.enter_context(
                deployed(free_port(), SENDERS | DOCUMENTS, folder, Progress(Console(stderr=True)))
            )
        yield ready


@pytest.fixture(scope="session")
def observer(deployment: Deployment) -> Observer:
    """Watches the stack from before the first order."""
    return Observer(deployment.clients, deployment.stack)


@pytest.fixture(scope="session")
def traffic(deployment: Deployment, observer: Observer) -> Traffic:
    """200 orders and some of them twice, sent and followed until the stack has no more to do."""
    readable = readable_bodies()
    bodies = [*readable, *malformed_bodies(), *repeated(readable)]
    queue_url = deployment.stack.order_queue_url
    sent = list(send_orders(deployment.clients.sqs, queue_url, [order_message(body) for body in bodies]))
    account = follow(lambda: observer.look(sent), lambda _: None, PATIENCE_SECONDS)
    # The observer goes on collecting what other tests send.
    account = Account(sent, dict(account.records), dict(account.refusals), list(account.events))
    malformed_end = len(readable) + len(malformed_bodies())
    return Traffic(
        sent[: len(readable)], sent[malformed_end:], sent[len(readable) : malformed_end], account, table(deployment)
    )


def table(deployment: Deployment) -> list[dict[str, object]]:
    """Every item of the allocations table."""
    pages = deployment.clients.dynamodb.get_paginator("scan").paginate(TableName=deployment.stack.allocations_table)
    return [read_record(item) for page in pages for item in page["Items"]]
