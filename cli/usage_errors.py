"""click's complaints about a command line, in the words of this program."""

import re
from typing import Final

import click

_EXTRA: Final = re.compile(r"Got unexpected extra arguments? \((?P<named>.*)\)")
_UNKNOWN_COMMAND: Final = re.compile(r"No such command '(?P<name>.*)'\.?(?P<hint> Did you mean .*)?")


def usage_text(error: click.ClickException) -> str:
    """Return a complaint as a sentence that says what is wrong, and where to read on."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "carrier"
    said = " ".join(_said(error, command).split())
    return f"{said} See `{command} --help`." if context else said


def _said(error: click.ClickException, command: str) -> str:
    """Return what is wrong. click has a class for some mistakes, and only a text for others."""
    match error:
        case click.NoSuchOption(option_name=name, possibilities=close):
            meant = f" Did you mean {close[0]}?" if close else ""
            return f"`{command}` has no option {name}.{meant}"
        case click.MissingParameter(param=click.Parameter() as parameter):
            return f"`{command}` needs {_name(parameter)}."
        case click.BadOptionUsage(option_name=name, message=message):
            return f"{name} needs a value." if "requires" in message else f"{name} takes no value: write only {name}."
        case click.BadParameter(param=click.Parameter() as parameter, message=message):
            return f"{_name(parameter)} {message}"
        case _:
            return _said_in_text(error.format_message(), command)


def _said_in_text(message: str, command: str) -> str:
    if extra := _EXTRA.fullmatch(message):
        return f"`{command}` takes fewer arguments: leave out {extra['named']}."
    if unknown := _UNKNOWN_COMMAND.fullmatch(message):
        return f"`{command}` has no command {unknown['name']!r}.{unknown['hint'] or ''}"
    return message if message.endswith((".", "?", ")")) else f"{message}."


def _name(parameter: click.Parameter) -> str:
    """Return an option as it is typed, an argument as the help shows it."""
    return parameter.opts[0] if isinstance(parameter, click.Option) else parameter.human_readable_name
