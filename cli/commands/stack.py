"""`carrier run`, `carrier up` and `carrier down`: the whole service on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Failure
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.engine import Engine
from allocation.engine.wording import closest_name
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.consistency import AllocatorName
from cli.commands.catalogue_files import (
    candidate_of,
    in_words,
    read_with_warnings,
    report_problems,
    warn,
    written_text,
)
from cli.commands.options import ExampleCommand, WholeNumber, chosen_mode, json_option, mode_options
from cli.commands.pro_options import allocator_options, chosen_pro
from cli.errors import UsageError
from cli.input_files import shown_name
from cli.operations.publications import Candidate
from cli.output import print_text, printable, progress_console
from cli.paths import SAMPLE_ORDERS, SAMPLE_ORDERS_TO_CREATE, shown
from cli.stack.deploy import CATALOGUE_OBJECT, CATALOGUE_PROFILE, OPTIONS, mode_parameters, settable_parameters
from cli.stack.detached import down as end_stack
from cli.stack.detached import up as leave_stack
from cli.stack.orders import load_orders
from cli.stack.run import RunRequest
from cli.stack.run import run as run_orders


def _known_mode(mode: AllocationMode, own: Candidate | None) -> AllocationMode:
    """Return a mode that the stack's catalogue knows: one of one's own or, for None, the packaged one.

    Raises `UsageError` for another, so that a mistake is found before it is deployed.
    """
    scope = Engine(packaged_catalogue() if own is None else read_compiled(own.compiled)).scope(mode)
    if isinstance(scope, Failure):
        raise UsageError(scope.message)
    return mode


def _own_catalogue(file: str, allocator: AllocatorName) -> Candidate | None:
    """Return the catalogue of a file, and say what is in it; None where no file is given.

    Raises `UsageError` and `CatalogueProblemsError`.
    """
    if not file:
        return None
    text = written_text(file)
    found, warnings = read_with_warnings(file, allocator, text)
    if allocator == "pro" and found.routing is None:
        raise UsageError(
            f"--catalogue {shown_name(file)} means nothing with --allocator pro, which has carrier services of its "
            "own: leave it out, or give it a routing table (docs/catalogue.md)."
        )
    warn(file, warnings, progress_console())
    print_text(f"{printable(shown_name(file))}: {in_words(found)}.", progress_console())
    return candidate_of(file, text, found, warnings)


# Parameters that mean something to one allocator only.
_OWNERS: Final[Mapping[str, AllocatorName]] = {
    "KeepConsignments": "engine",
    "ProPatienceSeconds": "pro",
    "FollowPro": "pro",
    "CreateInPro": "pro",
    "ProDetails": "pro",
}
_catalogue_option: Final = click.option(
    "--catalogue",
    "catalogue_file",
    default="",
    metavar="FILE",
    help="A catalogue of your own, as docs/catalogue.md has it.  [default: the sample]",
)
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
        "carrier run --group valuableGoods",
        "carrier run --orders my-orders.jsonl --json",
        "carrier run --catalogue my-catalogue.yaml",
        "carrier run --allocator pro",
        "carrier run --allocator pro --create-in-pro",
    ],
)
@mode_options
@_catalogue_option
@allocator_options
@_port_option
@click.option(
    "--orders",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help=f"JSON Lines, one order-created message a line.  [default: {shown(SAMPLE_ORDERS)}]",
)
@json_option
def run(
    mode: str | None,
    group: str,
    service: str,
    catalogue_file: str,
    port: int,
    orders: Path | None,
    *,
    allocator: AllocatorName,
    pro_url: str,
    pro_key: str,
    creates: bool,
    as_json: bool,
) -> int:
    """Start a local stack, allocate orders, report their outcomes, and end the stack.

    Exit status 1 if an order ended in the dead letter queue or has no outcome,
    or if the catalogue has problems. Then nothing is started.
    """
    messages = load_orders(orders or (SAMPLE_ORDERS_TO_CREATE if creates else SAMPLE_ORDERS))
    try:
        own = _own_catalogue(catalogue_file, allocator)
    except CatalogueProblemsError as error:
        return report_problems(catalogue_file, error, as_json=as_json)
    chosen = chosen_mode(mode, group, service)
    pro = chosen_pro(allocator, pro_url, pro_key, chosen, creates=creates)
    request = RunRequest(chosen if pro else _known_mode(chosen, own), messages, port, as_json, own, pro)
    return run_orders(request, progress_console())


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier up --port 4599 --service CX_NDS",
        "carrier up --parameter OrderMapping=shopify",
        "carrier up --catalogue my-catalogue.yaml",
        "carrier up --console",
        "carrier up --allocator pro",
    ],
)
@mode_options
@_catalogue_option
@allocator_options
@click.option("--console", is_flag=True, help="With the console (docs/console.md), as --parameter Console=on.")
@click.option(
    "--parameter",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of template.yaml, as for `sam deploy`; any number of them.",
)
@_port_option
@json_option
def up(
    mode: str | None,
    group: str,
    service: str,
    catalogue_file: str,
    port: int,
    given: Sequence[str],
    *,
    allocator: AllocatorName,
    pro_url: str,
    pro_key: str,
    creates: bool,
    console: bool,
    as_json: bool,
) -> int:
    """Start a local stack and leave it running until `carrier down`.

    Exit status 1 if the catalogue has problems. Then nothing is started.
    """
    parameters = _parameters(given, allocator) | ({"Console": "on"} if console else {})
    if catalogue_file and CATALOGUE_PROFILE in parameters:
        raise UsageError(f"--catalogue puts the catalogue into S3: leave out --parameter {CATALOGUE_PROFILE}.")
    try:
        own = _own_catalogue(catalogue_file, allocator)
    except CatalogueProblemsError as error:
        return report_problems(catalogue_file, error, as_json=as_json)
    chosen = chosen_mode(mode, group, service)
    pro = chosen_pro(allocator, pro_url, pro_key, chosen, creates=creates)
    is_elsewhere = own is None and not {CATALOGUE_OBJECT, CATALOGUE_PROFILE}.isdisjoint(parameters)
    wanted = mode_parameters(chosen if pro or is_elsewhere else _known_mode(chosen, own)) | parameters
    return leave_stack(wanted, port, progress_console(), as_json=as_json, catalogue=own, pro=pro)


def _parameters(given: Sequence[str], allocator: AllocatorName) -> dict[str, str]:
    """Return the parameters of options.

    Raises `UsageError` for one that the template lacks, that the program sets, or that means nothing to the allocator.
    """
    found: dict[str, str] = {}
    known = settable_parameters()
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is no parameter: write NAME=VALUE, as OrderMapping=shopify.")
        if OPTIONS.get(name):
            raise UsageError(f"{name} has an option of its own: write {OPTIONS[name]} instead of --parameter {name}.")
        if _OWNERS.get(name, allocator) != allocator:
            raise UsageError(f"--parameter {name} means nothing with --allocator {allocator}: leave it out.")
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
