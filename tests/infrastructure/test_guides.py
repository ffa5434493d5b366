"""What the guides tell a user to type and to fill in exists: commands, options, parameters, outputs, files."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click import Command, Group

from cli.main import carrier
from tests.infrastructure.stack import ROOT, Stack
from tests.support.aws_cli import UnknownCommandError, parsed

GUIDES: Final = ("docs/first-order.md", "docs/teardown.md")
# The pages that show commands of the program.
PAGES: Final = (*GUIDES, "README.md", "docs/carrier.md", "docs/catalogue.md", "docs/catalogue/reference.md")
PAGES_OF_STACKS: Final = (
    "docs/first-deploy.md",
    "docs/updating.md",
    "docs/backup.md",
    "docs/regions.md",
    "docs/operations.md",
    "docs/walk.md",
    "docs/mapping.md",
    "docs/api.md",
)
# The pages with a table of parameters.
TABLES: Final = ("README.md", *GUIDES, "docs/console.md", "docs/platform.md")
# `s3 cp` is no operation of the API's.
OF_THE_CLI: Final = ("s3", "cp")


def text(guide: str) -> str:
    return (ROOT / guide).read_text("utf-8")


def commands(guide: str, program: str) -> Iterator[list[str]]:
    """Every command of a program in a guide, in blocks and in sentences, its variables as they stand."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text(guide), re.DOTALL | re.MULTILINE)
    for line in (line for block in blocks for line in block.splitlines()):
        for found in re.findall(rf"(?:^|\$\(|\{{ ){re.escape(program)} (.*?)(?:\)$|; \}}$|$)", line):
            yield shlex.split(re.split(r" {3,}", found)[0])  # an explanation may stand beside it
    for found in re.findall(rf"`{re.escape(program)} ([^`]+)`", text(guide)):
        yield shlex.split(found)


@pytest.mark.parametrize("guide", [*GUIDES, "docs/backup.md"])
def test_aws_knows_every_command_of_the_guide(guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    found = [
        words for words in commands(guide, "aws") if words[:2] != list(OF_THE_CLI) and len(words) > len(OF_THE_CLI)
    ]

    assert len(found) > 4
    for words in found:
        parsed(words)


@pytest.mark.parametrize(
    "command",
    [
        "sqs send-mesage --queue-url url --message-body body",
        "sqs send-message --queue url --message-body body",
        "sqs send-message --queue-url url",
        "sns subscribe --topic-arn arn --protocol sqs --attributes raw",
    ],
)
def test_a_command_that_aws_does_not_know_is_found(command: str) -> None:
    with pytest.raises((UnknownCommandError, ValueError)):
        parsed(shlex.split(command))


@pytest.mark.parametrize("guide", PAGES + PAGES_OF_STACKS)
def test_the_program_knows_every_command_of_the_guide(guide: str) -> None:
    for words in commands(guide, "./carrier"):
        command: Command = carrier
        rest = list(words)
        while isinstance(command, Group) and rest and rest[0] not in {"--help", "COMMAND"}:
            found = command.get_command(None, rest.pop(0))  # type: ignore[arg-type]
            assert found is not None, words
            command = found
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= options, words


@pytest.mark.parametrize("guide", [*GUIDES, "docs/backup.md"])
def test_every_output_that_the_guide_reads_is_one(stack: Stack, guide: str) -> None:
    read = set(re.findall(r"\(output (\w+)", text(guide)))

    assert read
    assert read <= stack.template["Outputs"].keys()


@pytest.mark.parametrize("guide", GUIDES)
def test_every_parameter_that_the_guide_sets_is_one(stack: Stack, guide: str) -> None:
    lines = re.findall(r"^sam deploy --parameter-overrides (.*)$", text(guide), re.MULTILINE)
    given = {word.split("=")[0] for line in lines for word in line.split()}

    assert given
    assert given <= stack.parameters.keys()


def test_every_parameter_stands_in_a_table_of_the_readme_or_of_a_guide(stack: Stack) -> None:
    """`sam deploy --guided` asks for each of them."""
    rows = [line for name in TABLES for line in text(name).splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert sorted(stack.parameters.keys() - told) == []


def test_defaults_in_the_tables_are_those_of_the_template(stack: Stack) -> None:
    for name in TABLES:
        for names, default in re.findall(r"^\| (`[^|]+) \|([^|]*)\|[^|]+\|$", text(name), re.MULTILINE):
            parameters = [word for word in re.findall(r"`(\w+)`", names) if word in stack.parameters]
            wanted = [str(stack.parameters[word].get("Default", "")) or "none" for word in parameters]
            told = default.replace("`", "").split(",") if default.strip() else ["none"] * len(wanted)
            assert [word.strip() for word in told] == wanted, names


@pytest.mark.parametrize("guide", GUIDES)
def test_every_file_that_the_guide_sends_is_there(guide: str) -> None:
    for name in re.findall(r"file://([\w./-]+)", text(guide)):
        assert (ROOT / Path(name)).is_file()
