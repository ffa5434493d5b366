"""What the tests of the program share: its signal handlers last no longer than a test."""

import signal
from collections.abc import Iterator

import pytest

from cli.stack.processes import STOPPING_SIGNALS


@pytest.fixture(autouse=True)
def _signal_handlers_as_before() -> Iterator[None]:
    """Undo what `cli.main.main` installs."""
    before = {number: signal.getsignal(number) for number in STOPPING_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
