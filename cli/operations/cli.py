"""The command line: `redrive`, `trace` and `republish`, as the Makefile calls them."""

import argparse
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.errors import LocalRunError, StoppedError, UsageError
from cli.operations.redrive import Selection, redrive
from cli.operations.target import target, told
from cli.operations.telling import Tell, tell_letters, tell_life, tell_redriven
from cli.operations.trace import life_of
from cli.stack.cli import STANDARD_OUTPUT, complain, stop_on
from cli.stack.processes import STOPPING_SIGNALS


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
    if options.command == "republish":
        return carry_out_republish(options.order, options.since, options.stack, tell, dry_run=options.dry_run)
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


def carry_out_republish(order: str, since: str, stack: str, tell: Tell, *, dry_run: bool) -> int:
    """Sends events again; 1 where one of them could not be sent, or there is none."""
    from cli.operations import republish

    if bool(order) == bool(since):
        raise UsageError("Whose events? Give ORDER=WEB-100045, or SINCE=2026-11-25T10:00:00Z; not both.")
    found = target(stack)
    read = republish.of_order(order) if order else republish.since(moment(since))
    result = republish.republish(found, read, dry_run=dry_run)
    what = "would be sent" if dry_run else "sent"
    count = result.found - result.unreadable if dry_run else result.sent
    tell(f"{result.found} records in {found.name}: {count} events {what} again, {result.unreadable} are no events.")
    return int(not count or (not dry_run and result.sent + result.unreadable < result.found))


def moment(text: str) -> datetime:
    """An aware moment. Raises `UsageError`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"{text!r} is no moment: write it with its offset, as SINCE=2026-11-25T10:00:00Z.")
    return found.astimezone(UTC)


def parser() -> argparse.ArgumentParser:
    """The commands and their options. An empty value means the same as none, as the Makefile passes it."""
    top = Parser(prog="python -m operations", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="redrive|trace|republish")
    redriving = commands.add_parser("redrive", help="list the DLQ, or send messages of it to the order queue again")
    tracing = commands.add_parser("trace", help="tell what is known of one order")
    publishing = commands.add_parser("republish", help="send the events of records to the topic again")
    for command in (redriving, tracing, publishing):
        command.add_argument("--stack", default="", help="a stack on AWS; without it, the one on this machine")
    redriving.add_argument("--reason", default="", help="only messages with this reason, as it is listed")
    redriving.add_argument("--message", default="", help="only this message: its id in the DLQ or on the order queue")
    for name, help_text in (("--all", "every message"), ("--dry-run", "move nothing, and say what would be moved")):
        redriving.add_argument(name, type=switch, default=False, nargs="?", const=True, metavar="0|1", help=help_text)
    for command in (tracing, publishing):
        command.add_argument("--order", default="", help="an order reference")
    publishing.add_argument("--since", default="", help="a moment: all records written then or later")
    publishing.add_argument(
        "--dry-run", type=switch, default=False, nargs="?", const=True, metavar="0|1", help="send nothing, and count"
    )
    return top


def switch(text: str) -> bool:
    """1 or 0; an empty text is 0. Raises `ArgumentTypeError`, so that no ALL=no moves everything."""
    if text not in {"", "0", "1"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")
    return text == "1"
