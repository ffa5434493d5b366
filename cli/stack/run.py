"""`run`: a stack of its own, the orders through it, the report, and nothing left behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from allocation.domain.mode import AllocationMode
from cli.environments import install
from cli.paths import folder_of
from cli.progress import Progress, Step
from cli.report import report
from cli.stack.account import Account
from cli.stack.deployment import Deployment, deployed
from cli.stack.following import PATIENCE_SECONDS, follow, send_orders
from cli.stack.observer import Observer
from cli.stack.orders import OrderMessage
from cli.stack.preconditions import require_port
from cli.stack.processes import TROUBLE, end_of_log
from cli.stack.stack import mode_parameters


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the user asked `run` for."""

    mode: AllocationMode
    messages: tuple[OrderMessage, ...]
    port: int
    as_json: bool


def run(request: RunRequest, console: Console) -> int:
    """Does a whole run; returns the exit code: 0 if every order has its outcomes and events, else 1."""
    require_port(request.port)
    install("emulator", "sam")
    progress = Progress(console)
    with deployed(request.port, mode_parameters(request.mode), folder_of(request.port), progress) as deployment:
        account = send_and_follow(deployment, request.messages, progress)
    report(account, console, as_json=request.as_json)
    if not account.is_settled:
        progress.tell(f"Gave up after {PATIENCE_SECONDS:.0f} s without progress.")
        progress.tell(end_of_log(deployment.emulator.log, TROUBLE))
    return 0 if account.is_settled and not account.refusals else 1


def send_and_follow(deployment: Deployment, messages: Sequence[OrderMessage], progress: Progress) -> Account:
    """Sends the orders and watches until each is accounted for or patience runs out."""
    clients, stack = deployment.clients, deployment.stack
    observer = Observer(clients, stack)
    with progress.step(f"Sending {len(messages)} orders to the queue"):
        sent = list(send_orders(clients.sqs, stack.order_queue_url, messages))
    with progress.step(f"Waiting for outcomes, at most {PATIENCE_SECONDS:.0f} s without progress") as step:
        return follow(lambda: observer.look(sent), lambda account: tell_progress(account, step))


def tell_progress(account: Account, step: Step) -> None:
    """How far the orders are, in a line."""
    settled = len(account.done) + len(account.refused)
    step.says(
        f"{settled} of {len(account.sent)} orders settled: {len(account.records)} of {len(account.consignments)}"
        f" consignments recorded, {len(account.events)} events, {len(account.refusals)} messages in the DLQ"
    )
