"""Collects what is missing while data is read, so that a user hears of everything at once."""

from typing import TypeVar

from allocation.documents.errors import Problem

Value = TypeVar("Value")


class Requirements:
    """Hands values on and notes the missing ones; whoever made it raises if `problems` is not empty at the end."""

    def __init__(self) -> None:
        """Nothing is missing yet."""
        self.problems: list[Problem] = []

    def lack(self, target: str, message: str = "is needed for customs") -> None:
        """Notes a problem."""
        self.problems.append(Problem(target, message))

    def text(self, value: str | None, target: str) -> str:
        """A text that is not blank; an empty one stands in for it."""
        stripped = (value or "").strip()
        if not stripped:
            self.lack(target)
        return stripped

    def number(self, value: Value | None, target: str, stand_in: Value) -> Value:
        """A value that is there; `stand_in` takes its place."""
        if value is None:
            self.lack(target)
            return stand_in
        return value
