"""The last release is deployed and takes orders; this version replaces it while orders flow; and back again.

Nothing is lost, nothing is allocated twice, and every outcome has an event. Only in the long size: building the release
and three deployments take minutes.
"""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from cli.operations.records import items_since
from cli.operations.republish import republish
from cli.operations.target import described
from cli.paths import ROOT, SAM
from cli.stack.account import Account
from cli.stack.build import build, build_lock, local_platform, parameter_overrides
from cli.stack.clients import Clients, local_clients
from cli.stack.deploy import OUTPUTS, STACK_NAME, Stack, deploy, stack_outputs
from cli.stack.emulator import Emulator, running_emulator
from cli.stack.observer import Observer, follow
from cli.stack.orders import SentOrder, send_orders
from cli.stack.processes import run_logged
from tests.end_to_end.conftest import free_port, order_message
from tests.end_to_end.traffic import consignment, order
from tests.support.size import IS_LONG

RELEASE: Final = "2eeba2a8c281b242e68bdec446267e262e7156ba"
"""The commit that made version 0.2.0, the last release. It has no tag."""
BUILT: Final = ("template.yaml", "samconfig.toml", "functions", "layers", "packaging")
PATIENCE_SECONDS = 150.0
VISIBILITY_SECONDS = 65
"""How long a message is held that a function has failed on, instead of six minutes.

An update gives the release's functions their code and their layers one after the other, and what is invoked between the
two does not start. Since versions are published (docs/updating.md), they change as one.
"""
PAUSE_SECONDS = 0.5
"""Between two orders that flow."""


def history_has_the_release() -> bool:
    command = ["git", "cat-file", "-e", f"{RELEASE}^{{commit}}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0  # noqa: S603


pytestmark = [
    pytest.mark.skipif(not IS_LONG, reason="it takes minutes: make test-long"),
    pytest.mark.skipif(not history_has_the_release(), reason=f"this clone's history lacks the release {RELEASE}"),
]


class Rehearsal:
    """A local AWS on which versions replace each other, and all that was sent and seen."""

    def __init__(self, emulator: Emulator, clients: Clients, folder: Path) -> None:
        """`folder` gets the release and the logs."""
        self.emulator, self.clients, self.folder = emulator, clients, folder
        self.platform = local_platform()
        self.settings = emulator.environment() | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}
        self.sent: list[SentOrder] = []
        self.observer: Observer | None = None

    def build_release(self) -> Path:
        """Build the release from the history. Return the template that was built."""
        source, built = self.folder / "release", self.folder / "built"
        archive = subprocess.run(  # noqa: S603
            ["git", "archive", RELEASE, *BUILT],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        source.mkdir()
        subprocess.run(["tar", "-x", "-C", source], input=archive.stdout, check=True)  # noqa: S603, S607
        command = [str(SAM), "build", "--config-file", str(source / "samconfig.toml"), "--config-env", "local"]
        places = ["--template-file", str(source / "template.yaml"), "--build-dir", str(built)]
        overrides = parameter_overrides(self.platform.template_parameters())
        environment = self.settings | self.platform.build_settings()
        run_logged([*command, *places, *overrides], "sam build of the release", self.folder / "old.log", environment)
        return built / "template.yaml"

    def deploy_release(self, template: Path) -> Stack:
        """Deploy the release, as its own `sam deploy` would."""
        command = [str(SAM), "deploy", "--config-file", str(self.folder / "release" / "samconfig.toml")]
        options = ["--config-env", "local", "--template-file", str(template), "--no-progressbar"]
        overrides = parameter_overrides({"Stage": "local", **self.platform.template_parameters()})
        log = self.folder / "old-deploy.log"
        run_logged([*command, *options, *overrides], "sam deploy of the release", log, self.settings)
        outputs = stack_outputs(self.clients)
        named: dict[str, Any] = {field: outputs[output] for field, output in OUTPUTS.items()}
        return Stack(self.emulator.port, **named)

    def deploy_this(self) -> None:
        """Deploy this version."""
        deploy(self.emulator, self.clients, self.platform, {})

    def go_back(self, template: Path) -> None:
        """Deploy the release again. Its publisher sets aside what this version wrote and had not yet published."""
        began = datetime.now(UTC) - timedelta(minutes=1)
        self.deploy_release(template)
        stack = described(STACK_NAME, "the release", self.clients)
        republish(stack, items_since(stack.dynamodb, stack.allocations_table, began), dry_run=False)

    def send(self, queue: str, again: bool = False) -> None:
        """Send the next order, or an earlier one again. An update may have given the queue its own setting back."""
        held: Any = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        self.clients.sqs.set_queue_attributes(QueueUrl=queue, Attributes=held)
        number = len(self.sent)
        if again:
            message = self.sent[number // 2].message
        else:
            event = {**order(1), "eventId": f"event-{number}", "orderReference": f"UPG-{number}"}
            message = order_message(json.dumps(event | {"consignments": [consignment(f"EC-{number:03d}-UPG-000")]}))
        self.sent += send_orders(self.clients.sqs, queue, [message])

    @contextmanager
    def orders_flowing(self, queue: str) -> Iterator[None]:
        """Send orders all the while, every fifth of them a second time."""
        ended = threading.Event()

        def flow() -> None:
            while not ended.wait(PAUSE_SECONDS):
                self.send(queue, again=len(self.sent) % 5 == 4)

        sender = threading.Thread(target=flow)
        sender.start()
        try:
            yield
        finally:
            ended.set()
            sender.join()

    def settled(self) -> Account:
        """Wait until everything that was sent has its outcome and its event."""
        assert self.observer is not None
        observer = self.observer
        return follow(lambda: observer.look(self.sent), lambda _: None, PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> list[Account]:
    """What had come of all orders: under the release, after the update, and after going back."""
    folder, port = tmp_path_factory.mktemp("upgrade"), free_port()
    found = []
    with running_emulator(port, folder / "emulator") as emulator:
        rehearsal = Rehearsal(emulator, local_clients(port), folder)
        template = rehearsal.build_release()
        with build_lock():
            build(rehearsal.platform, folder / "build.log", rehearsal.settings)
            stack = rehearsal.deploy_release(template)
            rehearsal.observer = Observer(rehearsal.clients, stack)
            for _ in range(5):
                rehearsal.send(stack.order_queue_url)
            found.append(copied(rehearsal.settled()))
            for update in (rehearsal.deploy_this, lambda: rehearsal.go_back(template)):
                with rehearsal.orders_flowing(stack.order_queue_url):
                    update()
                rehearsal.send(stack.order_queue_url)
                found.append(copied(rehearsal.settled()))
    return found


def copied(account: Account) -> Account:
    return Account(list(account.sent), dict(account.records), dict(account.refusals), list(account.events))


def test_orders_flow_through_both_updates(accounts: list[Account]) -> None:
    counts = [len(account.sent) for account in accounts]

    assert counts[0] >= 5
    assert counts[1] >= counts[0] + 5
    assert counts[2] >= counts[1] + 5


def test_nothing_is_lost(accounts: list[Account]) -> None:
    for account in accounts:
        assert account.without_outcome == []
        assert account.refused == []


def test_nothing_is_allocated_twice(accounts: list[Account]) -> None:
    """A record stays as it was written, whichever version reads its order again."""
    *_, last = accounts
    for account in accounts:
        for reference, record in account.records.items():
            assert record["state"] == "Allocated"
            assert last.records[reference]["allocatedAt"] == record["allocatedAt"]
    assert {int(record["version"]) for record in last.records.values()} == {1}


def test_every_outcome_has_an_event_and_no_other(accounts: list[Account]) -> None:
    *_, last = accounts

    assert {event.event_id for event in last.events} == {f"{reference}#1" for reference in last.records}
