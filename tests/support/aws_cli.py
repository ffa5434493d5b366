"""The AWS CLI as far as the guides use it, to test their commands without one: `python -m tests.support.aws_cli`.

It knows a command by the API's own description in botocore, and refuses what the API does not have.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import boto3
import botocore.session
import jmespath
from botocore import xform_name
from botocore.validate import ParamValidator

_GLOBAL: Final = {"query", "output"}
_FILE: Final = "file://"
# The CLI's own names of options, since `--endpoint-url` begins as `--endpoint` does.
_RENAMED: Final = {("sns", "subscribe"): {"notification-endpoint": "Endpoint"}}
_SCALARS: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": lambda text: text == "true",
    "integer": int,
    "string": str,
    # A guide that is read, and not run, has its variables as they stand.
    "timestamp": lambda text: "2026-11-26" if text.startswith("$") else text,
}


class UnknownCommandError(Exception):
    """A command that the AWS CLI would refuse."""


def parsed(words: Sequence[str]) -> tuple[str, str, dict[str, Any], dict[str, str]]:
    """Return service, operation, arguments and the options of the CLI itself. `words` are those after `aws`.

    Raises `UnknownCommandError`.
    """
    service, command, *rest = words
    operations = {xform_name(name, "-"): name for name in _model(service).operation_names}
    if command not in operations:
        raise UnknownCommandError(f"aws {service} has no command {command}")
    shape = _model(service).operation_model(operations[command]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members} | _RENAMED.get((service, command), {})
    arguments: dict[str, Any] = {}
    own: dict[str, str] = {}
    for option, values in _options(rest):
        if option in _GLOBAL:
            own[option] = values[0]
        elif option in members:
            arguments[members[option]] = _value(shape.members[members[option]], values or ["true"])
        elif not values and option.removeprefix("no-") in members:  # a switch, turned off
            arguments[members[option.removeprefix("no-")]] = False
        else:
            raise UnknownCommandError(f"aws {service} {command} has no option --{option}")
    report = ParamValidator().validate(arguments, shape)
    if report.has_errors():
        raise UnknownCommandError(f"aws {service} {command}: {report.generate_report()}")
    return service, operations[command], arguments, own


def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _options(words: Sequence[str]) -> list[tuple[str, list[str]]]:
    options: list[tuple[str, list[str]]] = []
    for word in words:
        if word.startswith("--"):
            options.append((word[2:], []))
        else:
            options[-1][1].append(word)
    return options


def _value(shape: Any, values: list[str]) -> Any:
    """Read an option's values: scalars as they are, lists and structures as JSON or as `Key=value,Key=value`."""
    text = values[0]
    if text.startswith(_FILE):
        text = Path(text.removeprefix(_FILE)).read_text("utf-8")
    if shape.type_name in _SCALARS:
        return _SCALARS[shape.type_name](text)
    if text.startswith(("{", "[")):
        return json.loads(text)
    if shape.type_name == "list":
        return [_value(shape.member, [value]) for value in values]
    pairs = dict(pair.split("=", 1) for pair in text.split(","))
    return {name: _value(shape.members[name], [value]) for name, value in pairs.items()}


def main(words: Sequence[str]) -> None:
    """Carry out a command where the environment says, and print what the AWS CLI prints of it."""
    service, operation, arguments, own = parsed(words)
    client = cast("Any", boto3).client(service)
    answer = getattr(client, xform_name(operation))(**arguments)
    found = jmespath.search(own["query"], answer) if "query" in own else answer
    as_text = own.get("output") == "text"
    sys.stdout.write(f"{_text(found) if as_text else json.dumps(found, default=str)}\n")


def _text(found: Any) -> str:
    return "\t".join(map(str, found)) if isinstance(found, list) else str(found)


if __name__ == "__main__":
    main(sys.argv[1:])
