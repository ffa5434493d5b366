"""The report fits where it is shown, cuts no reference, and leaves stdout to JSON where that was asked for."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from cli.stack.report import Row, print_rows, report, rows_of
from tests.unit.cli.stack.accounts import account, event, record, sent

ONE, TWO = "EC-000-000-001", "EC-000-000-002"
LEGS = [
    {"Leg": 1, "TrackingReferences": ["TRK00009823"], "CarrierReference": "CARRIER_X"},
    {"Leg": 2, "TrackingReferences": ["HUB-7", "HUB-8"], "CarrierReference": "CARRIER_Y"},
    {"Leg": 3, "TrackingReferences": None},
]
PRICE = {"net": "4.95", "vat": "0.99", "gross": "5.94", "currency": "GBP"}
FAILURE = {"code": "NoCarrierServiceAvailable", "message": "No carrier service takes it."}
ALLOCATED: dict[str, Any] = {
    "allocationSummary": {"ConsignmentLegs": LEGS},
    "carrierReference": "CARRIER_X",
    "carrierServiceReference": "CX_NDS",
    "price": PRICE,
}
RECORDS: dict[str, dict[str, Any]] = {
    **record(ONE, **ALLOCATED),
    **record(TWO, state="AllocationFailed", failure=FAILURE),
}
ACCOUNT = account([sent("m1", "WEB-1", ONE, TWO, "EC-000-000-003")], RECORDS, [event(ONE)])
WORDS = ("WEB-1", ONE, TWO, "Allocated", "AllocationFailed", "no outcome", "CARRIER_X", "CX_NDS", "5.94 GBP")


def printed(*, width: int, terminal: bool) -> list[str]:
    stream = io.StringIO()
    print_rows(
        Console(file=stream, width=width, force_terminal=terminal, color_system=None, highlight=False), rows_of(ACCOUNT)
    )
    return stream.getvalue().splitlines()


def test_a_row_has_what_its_record_has() -> None:
    allocated, failed, none = rows_of(ACCOUNT)
    assert allocated == Row(
        "WEB-1", ONE, "default_rules", "Allocated", "CARRIER_X", "CX_NDS", PRICE, 3, ("TRK00009823", "HUB-7", "HUB-8")
    )
    assert (failed.state, failed.failure, failed.legs) == ("AllocationFailed", FAILURE, 0)
    assert none == Row("WEB-1", "EC-000-000-003")


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_a_terminal_shows_every_reference_whole_within_its_width(width: int) -> None:
    lines = printed(width=width, terminal=True)
    text = "\n".join(lines)
    assert all(word in text for word in WORDS)
    assert "…" not in text


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.usefixtures("eighty_columns")
def test_eighty_columns_have_one_line_a_consignment(terminal: bool) -> None:
    lines = printed(width=80, terminal=terminal)
    assert len(lines) == 1 + 3
    assert max(map(len, lines)) <= 80


@pytest.mark.usefixtures("eighty_columns")
def test_a_terminal_folds_a_reference_that_is_too_long_for_it() -> None:
    stream = io.StringIO()
    long = "R" * 64
    console = Console(file=stream, width=80, force_terminal=True, color_system=None, highlight=False)
    print_rows(console, rows_of(account([sent("m1", long, long)], record(long, long, **ALLOCATED), [])))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    names = "CARRIER_X"
    assert stream.getvalue().count("R") == 2 * len(long) + names.count("R")


@pytest.mark.usefixtures("eighty_columns")
def test_failures_are_folded_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    failure = {"code": "NoCarrierServiceAvailable", "message": "No carrier service takes it. " * 9}
    report(
        account([sent("m1", "WEB-1", ONE)], record(ONE, failure=failure), []),
        Console(stderr=True),
        as_json=False,
    )
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    told = [line for line in lines if "carrier service" in line]
    assert " ".join(" ".join(told).split()) == failure["message"].strip()
    assert all(line.startswith("    ") for line in told)


def test_what_is_piped_is_one_uncut_line_a_consignment_however_narrow_the_window() -> None:
    lines = printed(width=20, terminal=False)
    assert len(lines) == 1 + 3
    assert lines[1].split() == ["WEB-1", ONE, "Allocated", "CARRIER_X", "CX_NDS", "5.94", "GBP"]


def test_what_is_piped_has_no_trailing_blanks() -> None:
    lines = printed(width=80, terminal=False)
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[0].endswith("Gross")


def test_a_reference_in_brackets_is_no_markup() -> None:
    stream = io.StringIO()
    print_rows(Console(file=stream), rows_of(account([sent("m1", "[red]WEB[/red]", ONE)], {}, [])))
    assert "[red]WEB[/red]" in stream.getvalue()


def test_json_leaves_stdout_to_one_object_a_consignment(capsys: pytest.CaptureFixture[str]) -> None:
    stderr = io.StringIO()
    report(ACCOUNT, Console(file=stderr, width=80), as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == {
        "orderReference": "WEB-1",
        "consignmentReference": ONE,
        "mode": "default_rules",
        "state": "Allocated",
        "carrierReference": "CARRIER_X",
        "carrierServiceReference": "CX_NDS",
        "price": PRICE,
        "legs": 3,
        "trackingReferences": ["TRK00009823", "HUB-7", "HUB-8"],
        "failure": None,
    }
    assert [row["state"] for row in rows] == ["Allocated", "AllocationFailed", None]
    assert "Orders:        1 sent = 0 done + 0 in the DLQ + 1 without outcome" in stderr.getvalue()
