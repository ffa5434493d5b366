"""A bounded memory of what was worked out before."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Memo(Generic[Key, Value]):
    """Keeps at most `capacity` values; a new one then takes the place of the oldest."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """What is kept under the key."""
        return self._kept.get(key)

    def keep(self, key: Key, value: Value) -> Value:
        """Keeps the value and returns it."""
        if len(self._kept) >= self._capacity:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = value
        return value
