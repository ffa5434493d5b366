"""`carrier smoke`: whether a deployed stack does what it is for, tried from outside."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from cli.commands.options import ExampleCommand, WholeNumber, json_option, stack_option
from cli.errors import UsageError
from cli.operations.smoke import Plan, smoke
from cli.operations.smoke_checks import Check, Result
from cli.operations.target import target
from cli.output import counted, print_json_lines, print_text, printable, result_console
from cli.paths import EXAMPLE_CONSIGNMENT, EXAMPLE_ORDER, shown

_STYLES: Final = {Result.PASSED: "green", Result.FAILED: "bold red", Result.SKIPPED: "yellow"}


@click.command(
    "smoke",
    cls=ExampleCommand,
    examples=[
        "carrier smoke --stack carrier-allocation-dev",
        "API_KEY=... carrier smoke --stack carrier-allocation-prod --all --json",
        "carrier smoke --stack pro-dev --consignment EC-000-05B-MMA",
    ],
    short_help="Try a deployed stack: an order each way in, event, label, alarm.",
)
@stack_option
@click.option(
    "--order",
    "order_file",
    type=click.Path(path_type=Path),
    default=EXAMPLE_ORDER,
    metavar="FILE",
    help=f"An order that your catalogue takes.  [default: {shown(EXAMPLE_ORDER)}]",
)
@click.option(
    "--consignment",
    "at_pro",
    multiple=True,
    metavar="REF",
    help="A consignment in SortedPRO, where that allocates; one for each way in.",
)
@click.option("--all", "is_heard", is_flag=True, help="Also what others notice: shops' topics and rules, an alarm.")
@click.option("--patience", type=WholeNumber(1, 600), default=60, show_default=True, help="Seconds to wait for each.")
@json_option
def smoke_command(
    stack: str, order_file: Path, at_pro: Sequence[str], patience: int, *, is_heard: bool, as_json: bool
) -> int:
    """Send an order by each way in, and look for its record, its event and a label.

    Its references begin with SMOKE, and it is cancelled in the end. A queue that
    hears events is made for the time. API_KEY in the environment is the API's key.

    Exit status 1 if a check failed.
    """
    plan = Plan(_order(order_file), json.loads(EXAMPLE_CONSIGNMENT.read_text("utf-8")), at_pro, is_heard, patience)
    checks = list(_shown(smoke(target(stack), plan), as_json=as_json))
    counts = Counter(check.result for check in checks)
    if not as_json:
        told = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
        print_text(f"\n{counted(len(checks), 'check')}: {told}.")
    return int(counts[Result.FAILED] > 0)


def _order(path: Path) -> dict[str, Any]:
    """Return an order-created message. Raises `UsageError`."""
    try:
        order = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"Can't read the order {shown(path)}: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"The order {shown(path)} is not JSON ({error}).") from error
    consignments = order.get("consignments") if isinstance(order, dict) else None
    if (
        not isinstance(consignments, list)
        or not all(isinstance(each, dict) for each in consignments)
        or not consignments
    ):
        raise UsageError(f"{shown(path)} is no bare order-created message: write one as {shown(EXAMPLE_ORDER)}.")
    return dict(order)


def _shown(checks: Iterable[Check], *, as_json: bool) -> Iterator[Check]:
    """Show each check when it is done."""
    console = result_console()
    for check in checks:
        if as_json:
            print_json_lines([asdict(check)])
        else:
            console.print(f"{check.result:<8}", style=_STYLES[check.result], end="")
            print_text(f"{printable(check.name)} ({check.seconds:.1f} s)", console)
            print_text(f"        {printable(check.text)}", console)
        yield check
