"""`carrier run`, `carrier up` and `carrier down`: the whole service on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Failure
from allocation.engine.compiled_catalogue import packaged_catalogue
from allocation.engine.engine import Engine
from allocation.engine.wording import closest_name
from cli.commands.options import ExampleCommand, WholeNumber, chosen_mode, json_option, mode_options
from cli.errors import UsageError
from cli.output import progress_console
from cli.paths import SAMPLE_ORDERS, shown
from cli.stack.deploy import mode_parameters, settable_parameters
from cli.stack.detached import down as end_stack
from cli.stack.detached import up as leave_stack
from cli.stack.orders import load_orders
from cli.stack.run import RunRequest
from cli.stack.run import run as run_orders


def _known_mode(mode: str, group: str, service: str) -> AllocationMode:
    """Return the mode of three options. Raises `UsageError`, also for a group or service that the stack will not know.

    A local stack has the packaged catalogue: a mistake is found before anything is deployed.
    """
    chosen = chosen_mode(mode, group, service)
    scope = Engine(packaged_catalogue()).scope(chosen)
    if isinstance(scope, Failure):
        raise UsageError(scope.message)
    return chosen


_port_option: Final = click.option(
    "--port",
    # Ports that need no privilege.
    type=WholeNumber(1024, 65535),
    default=4566,
    show_default=True,
    help="The port of the local AWS.",
)


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier run",
        "carrier run --mode service_group --group valuableGoods",
        "carrier run --orders my-orders.jsonl --json",
    ],
)
@mode_options
@_port_option
@click.option(
    "--orders",
    type=click.Path(path_type=Path),
    default=SAMPLE_ORDERS,
    metavar="FILE",
    help=f"JSON Lines, one order-created message a line.  [default: {shown(SAMPLE_ORDERS)}]",
)
@json_option
def run(mode: str, group: str, service: str, port: int, orders: Path, *, as_json: bool) -> int:
    """Start a local stack, allocate orders, report their outcomes, and end the stack.

    Exit status 1 if an order ended in the dead letter queue or has no outcome.
    """
    request = RunRequest(_known_mode(mode, group, service), load_orders(orders), port, as_json)
    return run_orders(request, progress_console())


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier up --port 4599 --mode carrier_service --service CX_NDS",
        "carrier up --parameter OrderMapping=shopify",
    ],
)
@mode_options
@click.option(
    "--parameter",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of template.yaml, as for `sam deploy`; any number of them.",
)
@_port_option
@json_option
def up(mode: str, group: str, service: str, port: int, given: Sequence[str], *, as_json: bool) -> int:
    """Start a local stack and leave it running until `carrier down`."""
    parameters = _parameters(given)
    has_catalogue = any(name.startswith("Catalogue") for name in parameters)
    chosen = chosen_mode(mode, group, service) if has_catalogue else _known_mode(mode, group, service)
    return leave_stack(mode_parameters(chosen) | parameters, port, progress_console(), as_json=as_json)


def _parameters(given: Sequence[str]) -> dict[str, str]:
    """Return the parameters of options. Raises `UsageError` for one that the template lacks or the program sets."""
    found: dict[str, str] = {}
    known = settable_parameters()
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is no parameter: write NAME=VALUE, as OrderMapping=shopify.")
        if name not in known:
            close = closest_name(name, known)
            hint = f"Did you mean {close!r}?" if close else f"There are {', '.join(sorted(known))}."
            raise UsageError(f"There is no parameter {name!r} to set for a local stack. {hint}")
        found[name] = value
    return found


@click.command(cls=ExampleCommand, examples=["carrier down"])
@json_option
def down(*, as_json: bool) -> int:
    """End the stack that `carrier up` left running."""
    return end_stack(progress_console(), as_json=as_json)
