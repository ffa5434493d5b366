"""`carrier rollback`: the functions of a stack as they were before its last update."""

from dataclasses import asdict
from typing import Final

import click

from cli.commands.catalogue_publish import is_confirmed
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import NOT_SO
from cli.operations.rollback import functions_of
from cli.operations.target import target
from cli.output import Column, counted, print_json_lines, print_table, print_text, progress_console, result_console

_COLUMNS: Final = (Column("Function"), Column("Version", is_number=True), Column("Goes to", is_number=True))


@click.command(
    "rollback",
    cls=ExampleCommand,
    examples=["carrier rollback --stack carrier-allocation-prod", "carrier rollback --undo --stack shop-dev"],
    short_help="Take a stack's functions back to before its last update.",
)
@stack_option
@click.option("--undo", is_flag=True, help="Take them to their newest versions again.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@json_option
def rollback_command(stack: str, *, undo: bool, yes: bool, as_json: bool) -> int:
    """Give each function the code and the settings from before the last update.

    It takes seconds. Tables, queues and the rest of the stack stay as they are.
    The next `sam deploy` brings what it has.

    Exit status 1 if there is nothing to go back to, or the answer is no.
    """
    found = target(stack)
    functions = functions_of(found)
    moves = functions.forward() if undo else functions.back()
    if not moves:
        print_text(f"The functions of {found.name} have these versions already.", progress_console())
        return NOT_SO
    if as_json:
        print_json_lines(map(asdict, moves))
    else:
        rows = [(move.logical_id, move.present, move.wanted) for move in moves]
        print_table(_COLUMNS, rows, result_console())
    if not is_confirmed("Change them?", yes=yes):
        return NOT_SO
    for move in moves:
        functions.move(move)
    print_text(f"{counted(len(moves), 'function')} of {found.name} changed.", progress_console())
    return 0
