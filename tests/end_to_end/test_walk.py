"""The commands of docs/walk.md: from a shop's order to a scanned label, a failure, a retry, a cancellation."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.operations.records import records_of
from cli.paths import ROOT
from cli.stack.clients import local_environment
from cli.stack.deploy import ALIAS, STACK_NAME, Deployment, stack_outputs
from cli.stack.observer import Observer
from tests.end_to_end.conftest import WALK, Traffic
from tests.end_to_end.test_deployed_stack import wait_until
from tests.support.document_reading import printed, scanned

# What each trace of the page is to show, in its order.
TRACED = (("#1042", "Allocated"), ("#1043", "AllocationFailed"), ("#1043", "Allocated"), ("#1042", "Cancelled"))
PUBLISH = "catalogue publish"
END = "-- the line has ended --"


def commands() -> list[str]:
    """The page's command lines, for a stack that is named as one on AWS."""
    blocks = re.findall(r"^```sh\n(.*?)^```", WALK.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    on_a_stack = re.compile(r"\./carrier (dlq send|orders (?:trace|list|retry)|catalogue publish)")
    lines = on_a_stack.sub(rf"./carrier \1 --stack {STACK_NAME}", "".join(blocks)).splitlines()
    return [line.replace("./carrier", f"{sys.executable} {ROOT / 'cli'}") for line in lines]


@dataclass
class Shell:
    """A shell that keeps its variables from line to line, as a reader's does, and ends with the first failure."""

    process: subprocess.Popen[str]

    def run(self, line: str) -> str:
        """Run a line, and return what it prints."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{{ {line}\n}} < /dev/null\necho; echo '{END}'\n")
        self.process.stdin.flush()
        told: list[str] = []
        for text in self.process.stdout:
            if text == f"{END}\n":
                return "".join(told)
            told.append(text)
        raise AssertionError(f"{line}\n{''.join(told)}")


@contextmanager
def shell(deployment: Deployment, folder: Path) -> Iterator[Shell]:
    """A shell in a folder that has the project's files, after `. .local/stack.env`."""
    for name in ("cli", "events"):
        (folder / name).symlink_to(ROOT / name)
    environment = local_environment(os.environ, deployment.stack.port) | deployment.stack.environment()
    with subprocess.Popen(
        ["bash", "-eu", "-o", "pipefail"],  # noqa: S607
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield Shell(process)
        finally:
            process.kill()


def record_of(deployment: Deployment, order: str) -> dict[str, Any]:
    """The record of an order's only consignment, or nothing."""
    table = deployment.stack.allocations_table
    return dict(next(iter(records_of(deployment.clients.dynamodb, table, order)), {}))


def restart(deployment: Deployment) -> None:
    """Let a new version of the function answer, so that it reads its catalogue again."""
    functions = deployment.clients.functions
    name = stack_outputs(deployment.clients)["AllocateOrdersFunctionName"]
    functions.update_function_configuration(FunctionName=name, Description="Reads the catalogue again.")
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=ALIAS, FunctionVersion=version)


def walked(deployment: Deployment, folder: Path) -> str:
    """Run the page's commands one after another, each when what it shows is there. Return what they print."""
    expected = iter(TRACED)
    told: list[str] = []
    with shell(deployment, folder) as reader:
        for line in commands():
            if PUBLISH in line:  # a restarted function reads it at once
                told.append(reader.run(f"{line} --no-wait"))
                restart(deployment)
                continue
            if "orders trace" in line:
                order, state = next(expected)
                assert f"'{order}'" in line
                wait_until(lambda: record_of(deployment, order).get("state") == state, f"{order} is {state}")  # noqa: B023
            told.append(reader.run(line))
    assert list(expected) == []
    return " ".join("".join(told).split())


def test_the_walk_leads_from_a_shop_s_order_to_a_label_a_retry_and_a_cancellation(
    deployment: Deployment,
    observer: Observer,
    traffic: Traffic,  # noqa: ARG001 - the walk adds nothing to its counts
    tmp_path: Path,
) -> None:
    told = walked(deployment, tmp_path)

    allocated, failed = (record_of(deployment, order)["consignmentReference"] for order in ("#1042", "#1043"))
    kinds = {
        f"{allocated}#1": "consignment.allocated",
        f"{allocated}#2": "consignment.cancelled",
        f"{failed}#1": "consignment.allocation_failed",
        f"{failed}#2": "consignment.allocated",
    }

    def published() -> dict[str, str]:
        return {event.event_id: event.kind for event in observer.look([]).events if event.event_id in kinds}

    wait_until(lambda: published() == kinds, "every version is published")
    [label] = printed(b64encode((tmp_path / "label.pdf").read_bytes()).decode())
    [tracking] = scanned(label)
    assert tracking in told
    assert (
        "the package weighs 1,600.3 kg and the most any service to GB M1 takes is 1,000 kg (HF_PAL, HF_PAL24)" in told
    )
    assert f"{failed} goes with HF_PAL" in told
    assert "Failed before, " in told
    assert '"Code":"InvalidConsignmentStateException"' in told
