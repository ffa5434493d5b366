"""The program as a whole: its help teaches, costs no imports, and its completion knows every command."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from cli.main import COMMANDS, carrier, main
from cli.paths import ROOT

IMPORTED = """
import sys
from cli.main import main
main(sys.argv[1:])
print({name.split(".")[0] for name in sys.modules} & {"boto3", "botocore", "pydantic", "allocation", "rich"})
"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    for name, place in COMMANDS.items():
        command = place.load()
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


def help_of(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([*words.split(), "--help"]) == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def _no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.main._stop_on", lambda _: None)


@pytest.mark.parametrize("words", [words for words, _ in commands()])
@pytest.mark.usefixtures("eighty_columns")
def test_every_command_s_help_has_an_example_and_fits_eighty_columns(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = help_of(words, capsys)
    _, _, examples = told.partition("\nExample")
    assert f"  carrier {words}" in examples
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("words", [words for words, _ in commands()])
def test_no_help_names_a_type_of_python_s(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not re.search(r"INTEGER|FLOAT|RANGE", help_of(words, capsys))


@pytest.mark.parametrize("group", [name for name, place in COMMANDS.items() if isinstance(place.load(), click.Group)])
def test_the_help_of_a_group_has_an_example_and_cuts_no_summary(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    told, _, examples = help_of(group, capsys).partition("\nExample")
    assert f"  carrier {group} " in examples
    assert "..." not in told.partition("Commands:")[2]


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_every_command_speaks_json(words: str, command: click.Command) -> None:
    assert "--json" in [name for option in command.params for name in option.opts], words


def test_the_program_s_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    told = help_of("", capsys)
    assert [name for name in COMMANDS if f"\n  {name} " not in told] == []


@pytest.mark.parametrize("words", ["--help", "nothing"])
def test_help_and_mistakes_import_no_command(words: str) -> None:
    result = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", IMPORTED, words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "allocation")])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "set()"


NUMBERS = [
    (words, option.opts[0], option.type)
    for words, command in commands()
    for option in command.params
    if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
]


@pytest.mark.parametrize("given", ["many", "1e9", "-1", "nan", ""])
@pytest.mark.parametrize(("words", "option", "bounds"), NUMBERS, ids=lambda value: str(value).replace("--", ""))
def test_a_number_that_does_not_fit_is_told_with_its_bounds(
    words: str, option: str, bounds: click.IntRange | click.FloatRange, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words.split(), option, given]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith(f"{option} {given!r} is not a ")
    assert f"number from {bounds.min} to {bounds.max}: write {option} " in told
    assert told.endswith(f"See `carrier {words} --help`.")


def test_completion_knows_the_commands() -> None:
    context = click.Context(carrier, info_name="carrier")
    assert [item.value for item in carrier.shell_complete(context, "o")] == ["orders"]


@pytest.mark.parametrize("words", ["", "dlq", "orders", "catalogue"])
def test_half_a_command_shows_what_may_follow(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Commands:" in told.err
