"""A mistake on the command line is one line on stderr and exit code 2, before anything is started."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cli.errors import StoppedError
from cli.stack import cli
from cli.stack.run import RunRequest


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Puts the signal handlers back that `main` sets."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    handlers = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, handlers, strict=True):
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes it an error to start a run or a stack."""

    def start(*_: object) -> int:
        raise AssertionError("something was started")

    monkeypatch.setattr(cli, "run", start)
    monkeypatch.setattr(cli, "up", start)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "run|up|down"),
        (["start"], "invalid choice: 'start'"),
        (["run", "--mode", "cheapest"], "There is no mode 'cheapest'"),
        (["up", "--mode", "service_group"], "MODE=service_group needs GROUP"),
        (["run", "--group", "economy"], "GROUP=economy does not go with MODE=default_rules"),
        (["run", "--mode", "carrier_service", "--service", "a/b"], "SERVICE='a/b' is malformed"),
        (["run", "--port", "http"], "'http' is no port: use a number from 1024 to 65535"),
        (["run", "--port", "70000"], "'70000' is no port"),
        (["run", "--port", "80"], "'80' is no port: use a number from 1024 to 65535"),
        (["up", "--port", "1023"], "'1023' is no port"),
        (["up", "--port", "9" * 5000], "is no port: use a number from 1024 to 65535"),
        (["run", "--orders", "gone.jsonl"], "Can't read the orders file gone.jsonl: No such file"),
        (["run", "--orders", "."], "Can't read the orders file .: Is a directory"),
        (["up", "--orders", "orders.jsonl"], "nrecognized arguments: --orders"),
        (["down", "--port", "4566"], "nrecognized arguments: --port"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_is_wrong(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert complaint in told.err


def test_a_wrong_option_points_at_the_help_that_a_user_of_make_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--port", "80"]) == 2
    told = capsys.readouterr().err
    assert told.endswith(" See `make help`.\n")
    assert "python -m" not in told


@pytest.mark.parametrize("port", [1024, 65535])
def test_every_port_that_needs_no_privilege_is_taken(port: int) -> None:
    assert cli.port_number(str(port)) == port


def test_empty_values_mean_the_defaults_as_a_makefile_passes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunRequest] = []

    def run(request: RunRequest, _: object) -> int:
        asked.append(request)
        return 0

    monkeypatch.setattr(cli, "run", run)
    empty = ["--mode", "", "--group", "", "--service", "", "--orders", "", "--port", ""]
    assert (cli.main(["run", *empty]), cli.main(["run"])) == (0, 0)
    assert asked[0] == asked[1]
    assert (asked[0].mode.name, asked[0].port, asked[0].as_json) == ("default_rules", 4566, False)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_in_order_with_the_shells_exit_code(
    number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[type[BaseException]] = []

    def run(*_: object) -> int:
        try:
            signal.raise_signal(number)
        except StoppedError:
            ended.append(StoppedError)
            raise
        return 0

    monkeypatch.setattr(cli, "run", run)
    assert cli.main(["run"]) == code
    assert ended == [StoppedError]
    assert "Stopped" in capsys.readouterr().err


def test_a_signal_is_not_taken_for_an_error_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> int:
        with suppress(Exception):
            signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setattr(cli, "run", run)
    assert cli.main(["run"]) == 130


def test_a_hangup_that_nohup_ignores_stays_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(*_: object) -> int:
        signal.raise_signal(signal.SIGHUP)
        (tmp_path / "went on").touch()
        return 0

    monkeypatch.setattr(cli, "run", run)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert cli.main(["run"]) == 0
    assert (tmp_path / "went on").exists()
