"""What `carrier dlq list` and `carrier orders trace` print of messages that anybody may have put into the DLQ."""

from datetime import UTC, datetime

import pytest

from cli.commands import orders
from cli.commands.dead_letters import print_letters
from cli.main import main
from cli.operations.dead_letters import DeadLetter
from cli.operations.finding import FoundRecords, NamedBy
from cli.operations.trace import History
from cli.operations.waiting import Waiting

HOSTILE = DeadLetter(
    message_id="dead-1",
    receipt_handle="handle",
    reason="\x1b[31mNotJson",
    explanation="not\nJSON",
    original_message_id="live-1",
    sent_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    body='{"orderReference": "WEB\u202e1"}',
    attributes={},
)


def test_nothing_in_a_message_steers_the_terminal_when_it_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    print_letters([HOSTILE])
    assert capsys.readouterr().out.splitlines() == [
        r"dead-1  2026-11-23 09:00:00Z  WEB\u202e1",
        r"  \x1b[31mNotJson: not\nJSON",
    ]


def test_nothing_in_a_message_steers_the_terminal_when_its_order_is_traced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(FoundRecords(NamedBy.NOTHING), [], [HOSTILE], Waiting(on_queue=0, in_work=0, unpublished=0))
    monkeypatch.setattr(orders, "target", lambda _: type("Found", (), {"name": "the stack", "option": ""}))
    monkeypatch.setattr(orders, "history_of", lambda *_: history)
    monkeypatch.setattr("cli.main._stop_on", lambda _: None)
    assert main(["orders", "trace", "WEB-1"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in told)
    assert any(r"\x1b[31mNotJson" in line for line in told)
