"""`carrier console`: what a console needs once it is switched on."""

import click

from cli.commands.options import ExampleCommand, ExampleGroup, json_option, per_second_option, stack_option
from cli.operations.search_index import reindex
from cli.operations.target import target
from cli.output import Progress, counted, print_json, print_text, progress_console


@click.group(cls=ExampleGroup, examples=["carrier console index --stack carrier-allocation-dev"])
def console() -> None:
    """Keep the console's index (docs/console.md)."""


@console.command(
    cls=ExampleCommand,
    examples=["carrier console index", "carrier console index --stack carrier-allocation-dev --per-second 500"],
)
@per_second_option
@stack_option
@json_option
def index(per_second: int, stack: str, *, as_json: bool) -> int:
    """Make the entries of records that are older than the console.

    It may run beside the stack, and again: no record is counted twice.
    """
    found = target(stack)
    with Progress(progress_console()).step(f"Indexing the records of {found.name}") as step:
        result = reindex(found, per_second, lambda done: step.update(f"{counted(done, 'record')} done"))
    if as_json:
        print_json({"records": result.found, "written": result.written, "unreadable": result.unreadable})
        return 0
    others = f", {result.unreadable} unreadable" if result.unreadable else ""
    print_text(
        f"{counted(result.found, 'record')} in {found.name}: "
        f"{result.written} indexed, {result.found - result.unreadable - result.written} up to date already{others}."
    )
    return 0
