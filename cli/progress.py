"""Tells on stderr what is going on: a moving line on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console

PLAIN_SECONDS: Final = 1.0
"""The least time between two plain lines of one step."""


class Progress:
    """The steps of a run, each with the time it took."""

    def __init__(self, console: Console) -> None:
        """`console` writes to stderr."""
        self._console = console

    def tell(self, text: str) -> None:
        """Prints a text as it is."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, doing: str) -> Iterator["Step"]:
        """A step that shows that it is going on; a line remains when it has succeeded."""
        started = time.monotonic()
        step = Step(self._console, doing)
        with step.showing():
            yield step
        self.tell(f"{step.text} ({time.monotonic() - started:.1f} s)")


class Step:
    """One step; `says` replaces its line."""

    def __init__(self, console: Console, doing: str) -> None:
        """`doing` is what the line says at first."""
        self.text = doing
        self._console = console
        self._status = console.status(doing)
        self._told = time.monotonic()

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Shows the step on a terminal while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with self._status:
            yield

    def says(self, text: str) -> None:
        """Tells how far the step is."""
        changed = text != self.text
        self.text = text
        if self._console.is_terminal:
            self._status.update(text)
        elif changed and time.monotonic() - self._told >= PLAIN_SECONDS:
            self._told = time.monotonic()
            self._console.print(f"  {text}", markup=False, highlight=False, soft_wrap=True)
