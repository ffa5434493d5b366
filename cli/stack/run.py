"""`carrier run`: a stack of its own, the orders through it, the report, and nothing left behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console

from allocation.domain.mode import AllocationMode
from cli.environments import install
from cli.errors import UsageError
from cli.operations.publications import Candidate
from cli.output import Progress, counted
from cli.paths import folder_of
from cli.stack.account import Account
from cli.stack.deploy import Deployment, deployed, mode_parameters
from cli.stack.detached import ENVIRONMENTS, stack_port
from cli.stack.emulator import require_free_port
from cli.stack.local_pro import LocalPro
from cli.stack.observer import PATIENCE_SECONDS, Observer, follow
from cli.stack.orders import OrderMessage, send_orders
from cli.stack.processes import TROUBLE, end_of_log
from cli.stack.report import report


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the user asked `run` for."""

    mode: AllocationMode
    messages: tuple[OrderMessage, ...]
    port: int
    as_json: bool
    catalogue: Candidate | None = None
    """The catalogue to use; None for the packaged one."""
    pro: LocalPro | None = None
    """What allocates instead of the engine."""


def run(request: RunRequest, console: Console) -> int:
    """Do a whole run. Return the exit code: 0 if every order has its outcomes and events, else 1."""
    _require_port(request.port)
    install(*ENVIRONMENTS)
    progress = Progress(console)
    parameters = mode_parameters(request.mode)
    folder = folder_of(request.port)
    own = request.catalogue
    with deployed(request.port, parameters, folder, progress, catalogue=own, pro=request.pro) as deployment:
        account = _send_and_follow(deployment, request.messages, progress)
    report(account, console, as_json=request.as_json)
    if not account.is_settled:
        progress.print(f"Gave up after {PATIENCE_SECONDS:.0f} s without progress.")
        progress.print(end_of_log(deployment.emulator.log, TROUBLE))
    return 0 if account.is_settled and not account.refusals else 1


def _require_port(port: int) -> None:
    """Raise `UsageError` if the port is busy, with the stack that `carrier up` started or anything else."""
    if stack_port() == port:
        raise UsageError(
            f"Port {port} is busy with the stack that `carrier up` started: end it with `carrier down`, "
            f"or choose another port, as --port {port + 1}."
        )
    require_free_port(port)


def _send_and_follow(deployment: Deployment, messages: Sequence[OrderMessage], progress: Progress) -> Account:
    """Send the orders and watch until each is accounted for or patience runs out."""
    clients, stack = deployment.clients, deployment.stack
    observer = Observer(clients, stack)
    with progress.step(f"Sending {counted(len(messages), 'order')} to the queue"):
        sent = list(send_orders(clients.sqs, stack.order_queue_url, messages))
    with progress.step(f"Waiting for outcomes, at most {PATIENCE_SECONDS:.0f} s without progress") as step:
        return follow(lambda: observer.look(sent), lambda account: step.update(_how_far(account)))


def _how_far(account: Account) -> str:
    """Return how far the orders are, in a line of less than 80 characters."""
    settled = len(account.done) + len(account.refused)
    return (
        f"{settled} of {counted(len(account.sent), 'order')} settled: {len(account.records)} of"
        f" {counted(len(account.consignments), 'record')}, {counted(len(account.events), 'event')},"
        f" {len(account.refusals)} in the DLQ"
    )
