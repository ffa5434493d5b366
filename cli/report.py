"""Tells what became of the orders: the rows on stdout, as a table or as JSON Lines, and the counts."""

import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console

from cli.stack.account import Account
from cli.stack.rows import Row, rows_of
from cli.stack.summary import summary_lines
from cli.table import print_table


def report(account: Account, progress: Console, *, as_json: bool) -> None:
    """Prints the rows on stdout. The counts follow them, or go where the progress went if stdout is for JSON alone."""
    rows = rows_of(account)
    if as_json:
        print_json_lines(rows)
        print_lines(progress, summary_lines(account, rows))
        return
    output = Console()
    print_table(output, rows)
    print_lines(output, summary_lines(account, rows))


def print_json_lines(rows: Sequence[Row]) -> None:
    """One JSON object a consignment on stdout."""
    for row in rows:
        sys.stdout.write(json.dumps(row.to_json()) + "\n")
    sys.stdout.flush()


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Prints lines as they are; a terminal breaks those that are too long."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
