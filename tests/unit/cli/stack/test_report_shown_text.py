"""What an order's references hold is shown, whatever it is, and does nothing to the terminal that shows it."""

import io
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.output import printable
from cli.stack.report import print_rows, report, rows_of
from tests.unit.cli.stack.accounts import account, record, refusal, sent

HOSTILE = "X\u202e\x1b[31m\n\ud800"
SHOWN = r"X\u202e\x1b[31m\n\ud800"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("WEB-1 [red]Zoë 🚚 \\n", "WEB-1 [red]Zoë 🚚 \\n"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\u2028\u200b", r"\u2028\u200b"),
        ("\ud800", r"\ud800"),
    ],
)
def test_only_what_can_not_be_shown_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_no_text_keeps_a_control_character_or_half_a_character(text: str) -> None:
    assert not {category(letter) for letter in printable(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_report_shows_hostile_references_escaped(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    failed, refused, lost = f"1{HOSTILE}", f"2{HOSTILE}", f"3{HOSTILE}"
    orders = [sent("m1", failed, failed), sent("m2", refused, refused), sent("m3", lost, lost)]
    legs = {"ConsignmentLegs": [{"TrackingReferences": [f"TRK{HOSTILE}"]}]}
    failure = {"code": "NoCarrierServiceAvailable", "message": f"Nothing takes {HOSTILE}."}
    records = record(failed, failed, state="AllocationFailed", failure=failure, allocationSummary=legs)
    found = account(orders, records, [], refusal("m2", "Invalid", f"wrong: {HOSTILE}"))

    report(found, Console(stderr=True, width=200), as_json=as_json)

    told = capsys.readouterr()
    lines = (told.err if as_json else told.out).split("\n")
    assert all(line.isprintable() for line in [*lines, *told.out.split("\n")])
    assert f"  1{SHOWN}  NoCarrierServiceAvailable" in lines
    assert f"    Nothing takes {SHOWN}." in lines
    assert f"  2{SHOWN}  Invalid" in lines
    assert f"    wrong: {SHOWN}" in lines
    assert f"Orders without an outcome: 3{SHOWN}" in lines
    assert f"Consignments without an event: 1{SHOWN}" in lines


@pytest.mark.parametrize("width", [90, 200])
def test_a_row_stays_a_row_on_a_terminal(width: int) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    print_rows(console, rows_of(account([sent("m1", HOSTILE, HOSTILE)], {}, [])))
    stream.seek(0)
    table = stream.read()
    assert SHOWN in table
    assert all(line.isprintable() for line in table.split("\n"))
