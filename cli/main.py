"""The program `carrier`: its commands, and what all of them do at their start and their end.

A command's module is imported when the command is called, so that `carrier --help` and completion stay fast.
"""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from types import FrameType
from typing import Any, Final, NoReturn

import click
from click.exceptions import NoArgsIsHelpError
from click.shell_completion import CompletionItem

from cli.errors import (
    NOT_SO,
    CommandError,
    StoppedError,
    abandon_output,
    aws_complaint,
    aws_errors,
    complain,
)
from cli.stack.processes import STOPPING_SIGNALS
from cli.usage_errors import usage_text


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is, and what it does, in words that `carrier --help` can show without importing it."""

    place: str
    """The module and the name in it, as `cli.commands.stack:run`."""
    summary: str

    def load(self) -> click.Command:
        """Import the command."""
        module, name = self.place.split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


COMMANDS: Final[Mapping[str, Command]] = {
    "run": Command("cli.commands.stack:run", "Start a local stack, allocate orders, report, end it."),
    "up": Command("cli.commands.stack:up", "Start a local stack and leave it running."),
    "down": Command("cli.commands.stack:down", "End the stack that `up` left running."),
    "explain": Command("cli.commands.explain:explain", "Explain which carrier service takes a consignment."),
    "replay": Command("cli.commands.replay:replay", "Show what another catalogue or mode would change."),
    "catalogue": Command("cli.commands.catalogue:catalogue", "Check, compile, publish and compare catalogues."),
    "orders": Command("cli.commands.orders:orders", "Show, check and retry orders."),
    "dlq": Command("cli.commands.dlq:dlq", "Inspect the dead letter queue; correct and send orders."),
    "republish": Command("cli.commands.republish:republish", "Publish the events of records again."),
    "console": Command("cli.commands.console:console", "Keep the index of the console."),
    "smoke": Command("cli.commands.smoke:smoke_command", "Try a deployed stack, from an order to an alarm."),
    "rollback": Command("cli.commands.rollback:rollback_command", "Take an update of a stack's functions back."),
    "cost": Command("cli.commands.cost:cost", "Say what a stack costs a month."),
    "generate": Command("cli.commands.generate:generate", "Write the files that are generated from code."),
    "bench": Command("cli.commands.bench:bench", "Measure cost, waits and cold starts."),
}


class Program(click.Group):
    """A group that knows its commands' names and summaries, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        return COMMANDS[cmd_name].load() if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name. Raises `click.UsageError` with the one that was meant."""
        name = args[0]
        close = get_close_matches(name, COMMANDS, n=1)
        if name not in COMMANDS and close:
            raise click.UsageError(f"No such command {name!r}. Did you mean {close[0]!r}?", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands in the help text."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.summary) for name, command in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Complete a command's name."""
        return [
            CompletionItem(name, help=command.summary)
            for name, command in COMMANDS.items()
            if name.startswith(incomplete)
        ]


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit status: 0 done; 1 failed, or found a problem; 2 wrong usage.",
)
def carrier() -> None:
    """Allocate each consignment of an order to a carrier service.

    The commands run the whole service on this machine, or work on a stack on AWS.

    Start with: carrier run
    """


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say. Return the exit code: 0, 1 or 2 (see `cli.errors`), or 128 + a signal's number."""
    for number in STOPPING_SIGNALS:
        _stop_on(number)
    try:
        return int(_outcome(arguments) or 0)
    except NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        complain(usage_text(error))
        return error.exit_code
    except CommandError as error:
        complain(str(error))
        return error.exit_code
    except aws_errors() as error:
        complain(aws_complaint(error))
        return NOT_SO
    except OSError as error:
        abandon_output()
        complain(f"Can't go on: {error}")
        return NOT_SO
    except SystemExit:  # from click or rich: nobody reads the standard output any more, as after `| head -1`
        abandon_output()
        return 128 + signal.SIGPIPE
    except StoppedError as stopped:
        for number in STOPPING_SIGNALS:  # a second Ctrl-C would find the interpreter half gone
            signal.signal(number, signal.SIG_IGN)
        complain("Stopped. Nothing that was started here is left running; what was sent is sent.")
        return stopped.exit_code


def _outcome(arguments: Sequence[str]) -> Any:
    return carrier.main(list(arguments), prog_name="carrier", standalone_mode=False)


def _stop_on(number: signal.Signals) -> None:
    """Make a signal end the program in order. A signal that `nohup` ignores stays ignored."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise StoppedError(number)

    if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, stop)
