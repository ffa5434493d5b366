"""`carrier catalogue check`, `compile` and `diff`, and all that the guide and the reference show of a catalogue."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from allocation.engine.compiled_catalogue import read_compiled
from cli.main import main
from cli.paths import ROOT
from tests.support.engines import rate, service, written

GUIDE = (ROOT / "docs" / "catalogue.md").read_text("utf-8")
PAGES = GUIDE + (ROOT / "docs" / "catalogue" / "reference.md").read_text("utf-8")
CATALOGUES = re.findall(r"```yaml\n(.*?)```", PAGES, re.DOTALL)
(CONSIGNMENT,) = re.findall(r"```json\n(.*?)```", PAGES, re.DOTALL)
# But those that ask a stack.
COMMANDS = re.findall(r"^\./carrier ((?!.*--stack).*)$", PAGES, re.MULTILINE)


@pytest.fixture
def right(tmp_path: Path) -> str:
    return written(tmp_path / "right.yaml", {"A": service()})


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    return written(tmp_path / "wrong.yaml", {"A": service(weight="heavy", tags=7)})


def line_of(path: str, text: str) -> int:
    (number,) = [n for n, line in enumerate(Path(path).read_text().splitlines(), start=1) if text in line]
    return number


def test_a_right_catalogue_is_summed_up(right: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", right]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "1 carrier, 1 service (1 enabled), 0 groups, 1 location, calendars to the end of 2029." in told


def test_json_of_a_right_catalogue_has_its_numbers(right: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", right, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": right,
        "valid": True,
        "catalogue": {
            "version": "test",
            "carriers": 1,
            "services": 1,
            "enabledServices": 1,
            "groups": 0,
            "locations": 1,
            "lastYear": 2029,
        },
        "problems": [],
        "warnings": [],
    }


def test_each_problem_has_its_line_its_value_and_what_to_write(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", wrong]) == 1
    told = " ".join(capsys.readouterr().out.split())
    place = f"{wrong}:{line_of(wrong, 'heavy')}: carriers.ACME.services.A.weight.to"
    assert f"{place} 'heavy': write a number and one of kg, g, lb, oz, such as 30 kg" in told
    assert told.endswith("2 problems found.")


def test_one_problem_is_counted_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", written(tmp_path / "wrong.yaml", {"A": service(tags=7)})]) == 1
    assert capsys.readouterr().out.endswith("\n1 problem found.\n")


def test_json_of_a_wrong_catalogue_has_every_problem(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "check", wrong, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["catalogue"], len(told["problems"])) == (False, None, 2)
    assert {
        "line": line_of(wrong, "heavy"),
        "column": 6,
        "path": "carriers.ACME.services.A.weight.to",
        "value": "heavy",
        "fix": "write a number and one of kg, g, lb, oz, such as 30 kg",
    } in told["problems"]


@pytest.mark.parametrize("command", [["check"], ["compile"], ["diff", "RIGHT"]])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        (b'{"format": 1, "digest": "x"}\n{}', "is a compiled catalogue"),
    ],
)
def test_a_file_that_is_no_written_catalogue_is_wrong_usage(
    command: list[str],
    content: bytes | None,
    told: str,
    right: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "given"
    if content is not None:
        path.write_bytes(content)
    arguments = [right if word == "RIGHT" else word for word in command]
    assert main(["catalogue", *arguments, str(path)]) == 2
    output = capsys.readouterr()
    assert told in " ".join(output.err.split())
    assert str(path) in output.err
    assert output.out == ""


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "\x07\n", "a: b: c", "&a [*a, *a]", "[" * 1500])
def test_text_that_is_no_catalogue_is_one_with_problems(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "given.yaml"
    path.write_text(content)
    assert main(["catalogue", "check", str(path)]) == 1
    assert "found." in capsys.readouterr().out


def test_a_catalogue_is_compiled_into_a_file_or_to_the_standard_output(
    right: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "compiled.json"
    assert main(["catalogue", "compile", right]) == 0
    piped = capsys.readouterr().out
    assert main(["catalogue", "compile", right, "--output", str(out)]) == 0
    assert [item.reference for item in read_compiled(piped).services] == ["A"]
    assert out.read_text() == piped
    assert main(["catalogue", "compile", right, "--output", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))["output"] == str(out)


def test_a_wrong_catalogue_is_not_compiled(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "compiled.json"
    assert main(["catalogue", "compile", wrong, "--output", str(out)]) == 1
    assert "2 problems found." in capsys.readouterr().out
    assert not out.exists()
    assert main(["catalogue", "compile", wrong]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "2 problems found." in output.err


def test_what_can_not_be_written_is_wrong_usage(right: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "compile", right, "--output", "/nowhere/compiled.json"]) == 2
    assert "Can't write /nowhere/compiled.json" in capsys.readouterr().err
    assert main(["catalogue", "compile", right, "--json"]) == 2
    assert "add --output" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("new", "counted"),
    [
        ({"A": service()}, "0 changes."),
        ({"A": service(), "B": service(name="Brand New")}, "1 change."),
        ({"A": service(rates=[rate("GB", 6)]), "B": service(name="Brand New")}, "2 changes."),
    ],
)
def test_changes_are_listed_and_counted(
    new: dict[str, Any], counted: str, right: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalogue", "diff", right, written(tmp_path / "new.yaml", new)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == counted
    assert ("added: service B (Brand New)" in told) == ("B" in new)


def test_json_of_changes_has_the_values_before_and_after(
    right: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = written(tmp_path / "new.yaml", {"A": service(rates=[rate("GB", 6)])})
    assert main(["catalogue", "diff", right, new, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "old": right,
        "new": new,
        "changes": [
            {
                "change": "changed",
                "path": "carriers.ACME.services.A.rates.0.bands.0.price",
                "old": "5",
                "new": "6",
            }
        ],
    }


@pytest.mark.parametrize("wrong_first", [True, False])
def test_a_version_with_problems_is_reported_by_its_name(
    wrong_first: bool, right: str, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalogue", "diff", *([wrong, right] if wrong_first else [right, wrong])]) == 1
    told = capsys.readouterr().out
    assert f"{wrong}:" in told
    assert "2 problems found." in told


def test_what_would_steer_a_terminal_is_shown_as_an_escape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text('version: 1\n"\\e[31mred": 1\n')
    assert main(["catalogue", "check", str(path)]) == 1
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\\x1b[31mred" in told


@pytest.mark.parametrize("command", ["check", "compile", "diff"])
@pytest.mark.usefixtures("eighty_columns")
def test_help_has_an_example_and_fits_80_columns(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", command, "--help"]) == 0
    told = capsys.readouterr().out
    assert f"carrier catalogue {command} " in told.partition("Example")[2]
    assert max(map(len, told.splitlines())) <= 80


def test_the_pages_have_a_smallest_and_a_bigger_catalogue() -> None:
    assert len(CATALOGUES) == 2


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=["smallest", "bigger"])
def test_every_command_of_the_pages_does_its_work_with_both_of_their_catalogues(
    catalogue: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("docs", "events"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "my-catalogue.yaml").write_text(catalogue)
    (tmp_path / "current.yaml").write_text(CATALOGUES[0])
    (tmp_path / "consignment.json").write_text(CONSIGNMENT)
    ran = [main(shlex.split(command)) for command in COMMANDS]
    assert ran == [0] * 9
    assert read_compiled((tmp_path / "compiled.json").read_text()).services


def test_the_problems_of_the_guide_are_reported_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "        name: Next Day\n"
    assert CATALOGUES[0].count(name) == 1
    wrong = CATALOGUES[0].replace(name, f"{name}        weight: 30 stone\n        enabled: perhaps\n")
    (tmp_path / "wrong.yaml").write_text(wrong)
    assert main(["catalogue", "check", "wrong.yaml"]) == 1
    assert capsys.readouterr().out in GUIDE
