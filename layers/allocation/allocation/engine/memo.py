"""A bounded memory of results."""

from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Memo(Generic[_Key, _Value]):
    """At most `capacity` values; when it is full, a new value replaces the oldest."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: dict[_Key, _Value] = {}

    def get(self, key: _Key) -> _Value | None:
        """Return the value of a key, or None."""
        return self._kept.get(key)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def keep(self, key: _Key, value: _Value) -> _Value:
        """Keep the value and return it."""
        if len(self._kept) >= self._capacity:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = value
        return value
