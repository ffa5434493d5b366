"""`carrier generate` writes what is stale and nothing else; `--check` writes nothing and says what is stale."""

import json
from pathlib import Path

import pytest

from cli.commands import generate
from cli.main import main


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two generated files: one is up to date, one is not there yet."""
    current, missing = tmp_path / "current.json", tmp_path / "folder" / "missing.json"
    current.write_text("new", "utf-8")
    monkeypatch.setattr(generate, "_FILES", {current: lambda: "new", missing: lambda: "new"})
    monkeypatch.setattr("cli.main._stop_on", lambda _: None)
    return current, missing


def test_a_check_names_the_stale_file_and_writes_nothing(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    current, missing = files
    assert main(["generate", "--check"]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert str(missing) in told
    assert str(current) not in told
    assert not missing.exists()


def test_stale_files_are_written_and_named(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    current, missing = files
    current.write_text("old", "utf-8")
    assert main(["generate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == [str(current), str(missing)]
    assert (current.read_text("utf-8"), missing.read_text("utf-8")) == ("new", "new")
    assert main(["generate", "--check"]) == 0


def test_a_file_that_is_no_text_is_stale(files: tuple[Path, Path]) -> None:
    current, _ = files
    current.write_bytes(b"\xff")
    assert main(["generate"]) == 0
    assert current.read_text("utf-8") == "new"


def test_the_files_of_this_project_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--check"]) == 0, capsys.readouterr().out
