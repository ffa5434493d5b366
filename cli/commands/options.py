"""The options that several commands have, and how they are read."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import isnan
from typing import Any, Final, assert_never

import click

from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.mode import REFERENCED_MODES, AllocationMode, ModeName, ReferencedMode, allocation_mode
from cli.errors import UsageError


class _WithExamples:
    """What ends the help of commands and groups with examples."""

    def __init__(self, *arguments: Any, examples: Sequence[str], **named: Any) -> None:
        """`examples` are command lines as a person types them."""
        super().__init__(*arguments, **named)
        self._examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the examples, each on a line of its own."""
        with formatter.section("Examples" if len(self._examples) > 1 else "Example"):
            for example in self._examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


class ExampleCommand(_WithExamples, click.Command):
    """A command whose help ends with examples."""


class ExampleGroup(_WithExamples, click.Group):
    """A group of commands whose help ends with examples."""


# How much of a number that is none is shown.
_LONGEST_NUMBER: Final = 20


class WholeNumber(click.IntRange):
    """A whole number from `min` to `max`, for an option with a default."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises `click.UsageError`."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise _out_of_bounds("whole number", self, value, param, ctx) from error


class Number(click.FloatRange):
    """A number from `min` to `max`, for an option with a default."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number. Raises `click.UsageError`, also for `nan`, which no comparison holds back."""
        try:
            number = super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise _out_of_bounds("number", self, value, param, ctx) from error
        if isnan(number):
            raise _out_of_bounds("number", self, value, param, ctx)
        return number


class Word(click.Choice[str]):
    """One of some words, in capitals or small letters; shown as they are written."""

    def __init__(self, words: Sequence[str]) -> None:
        """`words` are those that the option takes."""
        super().__init__(words, case_sensitive=False)

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's
        """Return what is wrong with another word."""
        return f"{value!r} is not one of {', '.join(self.choices)}."


def _out_of_bounds(
    kind: str, bounds: WholeNumber | Number, value: Any, param: click.Parameter | None, ctx: click.Context | None
) -> click.UsageError:
    if param is None:
        raise TypeError("only an option has bounds")
    option, text = param.opts[0], str(value)
    shown = text if len(text) <= _LONGEST_NUMBER else f"{text[:_LONGEST_NUMBER]}..."
    wanted = f"a {kind} from {bounds.min} to {bounds.max}"
    return click.UsageError(f"{option} {shown!r} is not {wanted}: write {option} {param.default}.", ctx)


json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
stack_option: Final = click.option(
    "--stack", default="", metavar="NAME", help="A stack on AWS.  [default: the stack on this machine]"
)

per_second_option: Final = click.option(
    "--per-second",
    type=WholeNumber(1, 10_000),
    default=100,
    show_default=True,
    help="How many records to read in a second, at most.",
)


def _reference_option(name: ReferencedMode) -> tuple[str, str]:
    """Return the option that gives a mode's reference, and an example."""
    match name:
        case ModeName.SERVICE_GROUP:
            return "--group", "valuableGoods"
        case ModeName.CARRIER_SERVICE:
            return "--service", "CX_NDS"
        case _:
            assert_never(name)


_REFERENCES: Final = {name: _reference_option(name) for name in REFERENCED_MODES}


def mode_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--mode`, `--group` and `--service`. `chosen_mode` reads their values."""
    options = (
        click.option(
            "--mode",
            type=click.Choice([name.value for name in ModeName]),
            help="Which carrier services may be chosen.  [default: default_rules, or as --group or --service say]",
        ),
        click.option("--group", default="", metavar="REF", help="The service group of the mode service_group."),
        click.option("--service", default="", metavar="REF", help="The carrier service of the mode carrier_service."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def chosen_mode(mode: str | None, group: str, service: str, prefix: str = "--") -> AllocationMode:
    """Return the mode of three options, whose names begin with `prefix`; an empty one is not given.

    A group or a service says which mode is meant. Raises `UsageError`.
    """
    mode = mode or _meant(group, service).value
    given = {"--group": group, "--service": service}
    for name, (option, example) in _REFERENCES.items():
        shown = option.replace("--", prefix)
        if name == mode and not given[option]:
            raise UsageError(f"{prefix}mode {mode} needs {shown}, for example {shown} {example}.")
        if name != mode and given[option]:
            raise UsageError(
                f"{shown} {given[option]} does not go with {prefix}mode {mode}: leave it out, or say "
                f"{prefix}mode {name}."
            )
    try:
        return allocation_mode(mode, group or service)
    except (InvalidReferenceError, UnknownModeError) as error:
        text = str(error)
        raise UsageError(f"{text[:1].upper()}{text[1:]}.") from error


def _meant(group: str, service: str) -> ModeName:
    if group:
        return ModeName.SERVICE_GROUP
    return ModeName.CARRIER_SERVICE if service else ModeName.DEFAULT_RULES


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def timestamp(option: str, text: str) -> datetime:
    """Return an option's value as an aware time in UTC; a day alone begins at 00:00 UTC. Raises `UsageError`."""
    try:
        found = datetime.fromisoformat(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)
        # A time in the years 1 or 9999 may have no equivalent in UTC.
        aware = None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        aware = None
    if aware is None:
        raise UsageError(
            f"{text!r} is neither a day nor a timestamp with a UTC offset: write {option} 2026-11-25, or "
            f"{option} 2026-11-25T10:00:00Z."
        )
    return aware
