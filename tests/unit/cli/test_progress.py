"""How a command is going: a step without a terminal is one line, at its end."""

import io

from rich.console import Console

from cli.output import Progress


def test_a_step_is_printed_once_where_there_is_no_terminal() -> None:
    printed = io.StringIO()
    with Progress(Console(file=printed)).step("Waiting for outcomes") as step:
        for number in range(1, 4):
            step.update(f"{number} of 3 orders settled")
    (line,) = printed.getvalue().splitlines()
    assert line.startswith("3 of 3 orders settled (")
