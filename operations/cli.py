"""The command line: `redrive` and `trace`, as the Makefile calls them."""

import argparse
import os
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.cli import STANDARD_OUTPUT, complain, stop_on
from local.errors import LocalRunError, StoppedError, UsageError
from local.processes import STOPPING_SIGNALS
from operations.redrive import Selection, redrive
from operations.target import target, told
from operations.telling import Tell, tell_letters, tell_life, tell_redriven
from operations.trace import life_of


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, as all others here."""

    def error(self, message: str) -> NoReturn:
        """Raises `UsageError` instead of ending the process."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}. docs/operations.md shows how it is used.")


def main(arguments: Sequence[str]) -> int:
    """Does what the arguments say; returns the exit code: 0 done, 1 not all done, 2 wrong usage, 128 + a signal."""
    errors = Console(stderr=True)
    tell = partial(Console(highlight=False).print, markup=False, soft_wrap=True)
    for number in STOPPING_SIGNALS:
        stop_on(number)
    try:
        return carry_out(parser().parse_args(arguments), tell)
    except LocalRunError as error:
        return complain(errors, str(error), error.exit_code)
    except (BotoCoreError, ClientError) as error:
        return complain(errors, f"AWS answered: {told(error)}", LocalRunError.exit_code)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)  # what is left to tell has no reader
        return complain(errors, f"Can't go on: {error}", LocalRunError.exit_code)
    except StoppedError as stopped:
        return complain(errors, "Stopped. What was sent is sent; all else is in the DLQ still.", stopped.exit_code)


def carry_out(options: argparse.Namespace, tell: Tell) -> int:
    """Runs the command that the options name."""
    if options.command == "trace":
        return carry_out_trace(options.order, options.stack, tell)
    return carry_out_redrive(
        Selection(options.reason, options.message, options.all), options.stack, tell, dry_run=options.dry_run
    )


def carry_out_redrive(selection: Selection, stack: str, tell: Tell, *, dry_run: bool) -> int:
    """Lists the DLQ, or sends what is selected again."""
    found = target(stack)
    result = redrive(found, selection, partial(tell_letters, tell=tell), dry_run=dry_run)
    tell_redriven(result, selection, found, tell, dry_run=dry_run)
    return int(bool(result.failed) or (bool(selection) and not result.selected))


def carry_out_trace(order: str, stack: str, tell: Tell) -> int:
    """Tells what is known of an order; 1 where that is nothing."""
    if not order:
        raise UsageError("Which order? Give its reference, as ORDER=WEB-100045.")
    found = target(stack)
    life = life_of(found, order)
    tell_life(order, life, found, tell)
    return int(not life.records and not life.dead_letters)


def parser() -> argparse.ArgumentParser:
    """The commands and their options. An empty value means the same as none, as the Makefile passes it."""
    top = Parser(prog="python -m operations", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="redrive|trace")
    redriving = commands.add_parser("redrive", help="list the DLQ, or send messages of it to the order queue again")
    tracing = commands.add_parser("trace", help="tell what is known of one order")
    for command in (redriving, tracing):
        command.add_argument("--stack", default="", help="a stack on AWS; without it, the one on this machine")
    redriving.add_argument("--reason", default="", help="only messages with this reason, as it is listed")
    redriving.add_argument("--message", default="", help="only this message: its id in the DLQ or on the order queue")
    for name, help_text in (("--all", "every message"), ("--dry-run", "move nothing, and say what would be moved")):
        redriving.add_argument(name, type=switch, default=False, nargs="?", const=True, metavar="0|1", help=help_text)
    tracing.add_argument("--order", default="", help="an order reference")
    return top


def switch(text: str) -> bool:
    """1 or 0; an empty text is 0. Raises `ArgumentTypeError`, so that no ALL=no moves everything."""
    if text not in {"", "0", "1"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")
    return text == "1"
