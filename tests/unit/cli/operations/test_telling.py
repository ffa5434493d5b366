"""What `make redrive` and `make trace` print of messages that anybody may have put into the DLQ."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

from cli.operations.dead_letters import DeadLetter
from cli.operations.target import Target
from cli.operations.telling import tell_letters, tell_life
from cli.operations.trace import Life

HOSTILE = DeadLetter(
    message_id="dead-1",
    receipt_handle="handle",
    reason="\x1b[31mNotJson",
    original_message_id="live-1",
    sent_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    body='{"orderReference": "WEB\u202e1"}',
    attributes={},
)


def test_nothing_in_a_message_steers_the_terminal_when_it_is_listed() -> None:
    told: list[str] = []
    tell_letters([HOSTILE], told.append)
    assert told == [r"dead-1  2026-11-23 09:00:00Z  \x1b[31mNotJson       WEB\u202e1"]


def test_nothing_in_a_message_steers_the_terminal_when_its_order_is_traced() -> None:
    told: list[str] = []
    life = Life(records=[], dead_letters=[HOSTILE], waiting=0, in_work=0, unpublished=0)
    tell_life("WEB-1", life, cast(Target, SimpleNamespace(name="the stack")), told.append)
    assert all(line.isprintable() for line in told)
    assert any(r"\x1b[31mNotJson" in line for line in told)
