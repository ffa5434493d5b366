"""A mistake on the command line is one line on stderr and exit code 2, before anything is started."""

import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from allocation.domain.mode import DefaultRules
from allocation.engine.compiled_catalogue import read_compiled
from cli import main as program
from cli.commands import catalogue_files, stack
from cli.errors import StoppedError
from cli.operations.publications import Candidate
from cli.paths import SAMPLE_ORDERS
from cli.stack.local_pro import LocalPro
from cli.stack.orders import load_orders
from cli.stack.run import RunRequest
from tests.support.engines import document, service

BY_PRO = ("--allocator", "pro")


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

    def start(*_: object, **__: object) -> int:
        raise AssertionError("something was started")

    monkeypatch.setattr(stack, "run_orders", start)
    monkeypatch.setattr(stack, "leave_stack", start)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["start"], "`carrier` has no command 'start'. See `carrier --help`."),
        (["run", "--mode", "cheapest"], "'cheapest' is not one of 'default_rules', 'service_group', 'carrier_service'"),
        (["up", "--mode", "service_group"], "--mode service_group needs --group"),
        (
            ["run", "--mode", "default_rules", "--group", "economy"],
            "--group economy does not go with --mode default_rules",
        ),
        (["run", "--group", "valuableGood"], "There is no service group 'valuableGood'. Did you mean 'valuableGoods'?"),
        (["run", "--mode", "carrier_service", "--service", "a/b"], "'a/b' is malformed"),
        (
            ["run", "--mode", "service_group", "--group", "valuableGood"],
            "There is no service group 'valuableGood'. Did you mean 'valuableGoods'?",
        ),
        (
            ["up", "--mode", "carrier_service", "--service", "cx-nds"],
            "There is no carrier service 'cx-nds'. Did you mean 'CX_NDS'?",
        ),
        (["up", "--mode", "service_group", "--group", "qqq"], "There is no service group 'qqq'. The catalogue has: "),
        (["run", "--port", "http"], "--port 'http' is not a whole number from 1024 to 65535: write --port 4566."),
        (["run", "--port", "65536"], "--port '65536' is not a whole number from 1024 to 65535"),
        (["up", "--port", "1023"], "--port '1023' is not a whole number from 1024 to 65535"),
        (["up", "--port", "9" * 5000], "--port '99999999999999999999...' is not a whole number"),
        (["run", "--orders", "gone.jsonl"], "Can't read the orders file gone.jsonl: No such file"),
        (["run", "--orders", "."], "Can't read the orders file .: Is a directory"),
        (["up", "--orders", "orders.jsonl"], "`carrier up` has no option --orders."),
        (["up", "--parameter", "OrderMaping=shopify"], "Did you mean 'OrderMapping'?"),
        (["up", "--parameter", "Stage=prod"], "There is no parameter 'Stage' to set for a local stack."),
        (["up", "--parameter", "shopify"], "'shopify' is no parameter: write NAME=VALUE"),
        (["run", "--catalogue", "gone.yaml"], "Can't read the catalogue gone.yaml: No such file"),
        (
            ["up", "--catalogue", "my.yaml", "--parameter", "CatalogueConfiguration=shop1/live1/cat01"],
            "--catalogue puts the catalogue into S3: leave out --parameter CatalogueConfiguration.",
        ),
        (["down", "--port", "4566"], "`carrier down` has no option --port."),
        (["run", "--pro-key", "k"], "--pro-key means nothing without --allocator pro: add that, or leave it out."),
        (["up", "--pro-url", "https://pro.example"], "--pro-url means nothing without --allocator pro"),
        (["run", *BY_PRO, "--pro-key", "k"], "--pro-key needs --pro-url URL. Without both, a packaged imitation"),
        (["up", *BY_PRO, "--pro-url", "https://pro.example"], "--pro-url needs --pro-key KEY."),
        (
            ["run", *BY_PRO, "--pro-url", "http://pro.example", "--pro-key", "k"],
            "--pro-url 'http://pro.example' can't be used: give an https URL",
        ),
        (
            ["run", *BY_PRO, "--pro-url", "https://pro.example", "--pro-key", '{"subscriptionKey": "k"}'],
            "--pro-key is not a subscription key: give its plain letters and digits",
        ),
        (["run", *BY_PRO, "--group", "x"], "has no service group 'x'. It has economy, valuableGoods."),
        (["up", *BY_PRO, "--service", "x"], "has no carrier service 'x'. It has CX_ECO, CX_NDS, CY_48."),
        (["up", "--parameter", "Allocator=pro"], "Allocator has an option of its own: write --allocator instead of"),
        (["up", "--parameter", "ProPatienceSeconds=9"], "ProPatienceSeconds means nothing with --allocator engine"),
        (
            ["up", *BY_PRO, "--parameter", "KeepConsignments=true"],
            "KeepConsignments means nothing with --allocator pro",
        ),
    ],
)
@pytest.mark.usefixtures("eighty_columns")
def test_a_mistake_is_a_sentence_that_says_what_is_wrong(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert complaint in " ".join(told.err.split())
    assert max(map(len, told.err.splitlines())) <= 80


def test_a_wrong_option_points_at_the_help_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["run", "--port", "80"]) == 2
    assert " ".join(capsys.readouterr().err.split()).endswith(" See `carrier run --help`.")


def test_the_defaults_are_the_sample_orders_by_the_default_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[RunRequest] = []

    def run(request: RunRequest, _: object) -> int:
        asked.append(request)
        return 0

    monkeypatch.setattr(stack, "run_orders", run)
    assert program.main(["run"]) == 0
    assert asked == [RunRequest(DefaultRules(), load_orders(SAMPLE_ORDERS), 4566, as_json=False)]


@pytest.mark.parametrize("port", [1024, 65535])
def test_every_port_that_needs_no_privilege_is_taken(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(stack, "leave_stack", lambda _mode, port, _console, **_: asked.append(port))
    assert program.main(["up", "--port", str(port)]) == 0
    assert asked == [port]


def test_a_stack_is_left_running_with_the_template_s_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []
    monkeypatch.setattr(stack, "leave_stack", lambda parameters, *_, **__: asked.append(parameters))
    given = ["OrderMapping=shopify", "CatalogueObject=bucket/catalogue.json"]
    mode = ["--mode", "service_group", "--group", "ofThatCatalogue"]
    assert program.main(["up", *mode, *(word for each in given for word in ("--parameter", each))]) == 0
    assert asked == [
        {
            "AllocationMode": "service_group",
            "ServiceGroupReference": "ofThatCatalogue",
            "OrderMapping": "shopify",
            "CatalogueObject": "bucket/catalogue.json",
        }
    ]


def own_catalogue(folder: Path, **changes: object) -> str:
    """The path of a catalogue with the service OWN, perhaps changed."""
    (folder / "my.yaml").write_text(json.dumps(document({"OWN": service(**changes)}, groups={"own": ["OWN"]})))
    return str(folder / "my.yaml")


@pytest.mark.parametrize("command", ["run", "up"])
def test_an_own_catalogue_is_compiled_and_used(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    used: list[Candidate | None] = []
    monkeypatch.setattr(stack, "run_orders", lambda request, _: used.append(request.catalogue))
    monkeypatch.setattr(stack, "leave_stack", lambda *_, catalogue, **__: used.append(catalogue))
    own = ["--catalogue", own_catalogue(tmp_path)]
    assert program.main([command, *own, "--mode", "service_group", "--group", "own"]) == 0
    assert [[each.reference for each in read_compiled(own.compiled).services] for own in used if own] == [["OWN"]]


@pytest.mark.parametrize("command", ["run", "up"])
def test_an_own_catalogue_with_problems_stops_before_anything_is_started(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert program.main([command, "--catalogue", own_catalogue(tmp_path, weight="heavy")]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "carriers.ACME.services.OWN.weight" in told
    assert "'heavy': write a number and one of kg, g, lb, oz" in told


def test_an_own_catalogue_that_functions_would_refuse_is_not_deployed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(catalogue_files, "MAX_BYTES", 1000)
    assert program.main(["up", "--catalogue", own_catalogue(tmp_path)]) == 2
    assert "when compiled, more than functions take: split it." in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["run", "up"])
def test_a_group_is_looked_for_in_the_own_catalogue(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = ["--catalogue", own_catalogue(tmp_path)]
    assert program.main([command, *own, "--mode", "service_group", "--group", "valuableGoods"]) == 2
    assert "There is no service group 'valuableGoods'. The catalogue has: own." in capsys.readouterr().err


ACCOUNT = (*BY_PRO, "--pro-url", "https://apisandbox.electioapp.com/", "--pro-key", "abc123")


@pytest.mark.parametrize("command", ["run", "up"])
def test_an_account_of_sortedpro_allocates_by_its_own_groups(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[LocalPro | None] = []
    monkeypatch.setattr(stack, "run_orders", lambda request, _: used.append(request.pro))
    monkeypatch.setattr(stack, "leave_stack", lambda *_, pro, **__: used.append(pro))
    assert program.main([command, *ACCOUNT, "--group", "ofPro"]) == 0
    assert used == [LocalPro("https://apisandbox.electioapp.com", "abc123")]
    assert not any(pro.shown for pro in used if pro), "the key of an account is written nowhere"


@pytest.mark.parametrize("command", ["run", "up"])
def test_a_catalogue_without_routes_means_nothing_to_sortedpro(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert program.main([command, *BY_PRO, "--catalogue", own_catalogue(tmp_path)]) == 2
    assert "means nothing with --allocator pro" in " ".join(capsys.readouterr().err.split())


def test_a_catalogue_with_routes_leads_to_sortedpros_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    used: list[Candidate] = []
    monkeypatch.setattr(stack, "leave_stack", lambda *_, catalogue, **__: used.append(catalogue))
    routed = document({"OWN": service()}, routing={"default": {"mode": "service_group", "reference": "ofPro"}})
    (tmp_path / "my.yaml").write_text(json.dumps(routed))
    assert program.main(["up", *ACCOUNT, "--catalogue", str(tmp_path / "my.yaml")]) == 0
    [catalogue] = used
    assert read_compiled(catalogue.compiled).routing is not None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_run_in_order_with_the_shells_exit_code(
    number: signal.Signals, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    signal.signal(number, signal.SIG_DFL)  # under nohup, SIGHUP is ignored from the start
    ended: list[type[BaseException]] = []

    def run(*_: object) -> int:
        try:
            signal.raise_signal(number)
        except StoppedError:
            ended.append(StoppedError)
            raise
        return 0

    monkeypatch.setattr(stack, "run_orders", run)
    assert program.main(["run"]) == code
    assert ended == [StoppedError]
    assert "Stopped" in capsys.readouterr().err


def test_a_signal_is_not_taken_for_an_error_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> int:
        with suppress(Exception):
            signal.raise_signal(signal.SIGINT)
        return 0

    monkeypatch.setattr(stack, "run_orders", run)
    assert program.main(["run"]) == 130


def test_a_hangup_that_nohup_ignores_stays_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def run(*_: object) -> int:
        signal.raise_signal(signal.SIGHUP)
        (tmp_path / "went on").touch()
        return 0

    monkeypatch.setattr(stack, "run_orders", run)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert program.main(["run"]) == 0
    assert (tmp_path / "went on").exists()
