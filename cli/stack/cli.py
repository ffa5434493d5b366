"""The command line: `run`, `up` and `down`, as the Makefile calls them."""

import argparse
import os
import re
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from cli.errors import LocalRunError, StoppedError, UsageError
from cli.paths import SAMPLE_ORDERS
from cli.stack.detached import down, up
from cli.stack.modes import read_mode
from cli.stack.orders import load_orders
from cli.stack.preconditions import require_tools
from cli.stack.processes import STOPPING_SIGNALS
from cli.stack.run import RunRequest, run

DEFAULT_PORT: Final = 4566
PORTS: Final = range(1024, 65536)
"""Those that need no privilege."""
STANDARD_OUTPUT: Final = 1


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, as all others here."""

    def error(self, message: str) -> NoReturn:
        """Raises `UsageError` instead of ending the process."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See `make help`.")


def main(arguments: Sequence[str]) -> int:
    """Does what the arguments say; returns the exit code: 0 done, 1 not all done, 2 wrong usage, 128 + a signal."""
    console = Console(stderr=True)
    for number in STOPPING_SIGNALS:
        stop_on(number)
    try:
        return carry_out(parser().parse_args(arguments), console)
    except LocalRunError as error:
        return complain(console, str(error), error.exit_code)
    except (BotoCoreError, ClientError) as error:
        return complain(console, f"The local AWS answered: {error}", LocalRunError.exit_code)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)  # what is left of the report has no reader
        return complain(console, f"Can't go on: {error}", LocalRunError.exit_code)
    except StoppedError as stopped:
        for number in STOPPING_SIGNALS:  # a second Ctrl-C would find the interpreter half gone
            signal.signal(number, signal.SIG_IGN)
        return complain(console, "Stopped, and everything that was started with it.", stopped.exit_code)


def complain(console: Console, text: str, exit_code: int) -> int:
    """Tells why it ends, and returns the exit code; a terminal that is gone is no trouble."""
    with suppress(OSError):
        console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
    return exit_code


def stop_on(number: signal.Signals) -> None:
    """Makes a signal end the run in order; one that `nohup` has ignored stays ignored."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise StoppedError(number)

    if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, stop)


def carry_out(options: argparse.Namespace, console: Console) -> int:
    """Runs the command that the options name."""
    if options.command == "down":
        return down(console)
    mode = read_mode(options.mode, options.group, options.service)
    if options.command == "up":
        require_tools()
        return up(mode, options.port, console)
    return run(RunRequest(mode, load_orders(options.orders), options.port, options.json), console)


def parser() -> argparse.ArgumentParser:
    """The commands and their options. An empty value means the same as none, as the Makefile passes it."""
    top = Parser(prog="python -m local", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True, metavar="run|up|down")
    running = commands.add_parser("run", help="send orders through a stack of its own and report")
    staying = commands.add_parser("up", help="leave a stack running")
    commands.add_parser("down", help="end the stack that `up` left running")
    for command in (running, staying):
        command.add_argument("--mode", default="", help="default_rules, service_group or carrier_service")
        command.add_argument("--group", default="", help="the service group of the mode service_group")
        command.add_argument("--service", default="", help="the carrier service of the mode carrier_service")
        command.add_argument("--port", type=port_number, default=DEFAULT_PORT, help="where the local AWS listens")
    running.add_argument("--orders", type=orders_path, default=SAMPLE_ORDERS, help="a JSON Lines file")
    running.add_argument("--json", action="store_true", help="print one JSON object a consignment on stdout")
    return top


def port_number(text: str) -> int:
    """A port, or the default for an empty text. Raises `ArgumentTypeError`."""
    if not text:
        return DEFAULT_PORT
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: use a number from {PORTS[0]} to {PORTS[-1]}")
    return int(text)


def orders_path(text: str) -> Path:
    """A path, or the sample orders for an empty text."""
    return Path(text) if text else SAMPLE_ORDERS
