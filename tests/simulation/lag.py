"""What an eventually consistent read of DynamoDB gives: each item as it was some seconds before, or as it is."""

from random import Random
from typing import Any

from tests.simulation.world import World

USUAL_LAG_SECONDS = 1.0

Item = dict[str, Any]


class Past:
    """The versions of items, by their keys, with the moments at which they were written."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = Random()
        self._together: float | None = None
        self._versions: dict[str, list[tuple[float, Item]]] = {}

    def keep(self, key: str, item: Item) -> None:
        """Keeps what was written now."""
        self._versions.setdefault(key, []).append((self._world.now, item))

    def begin_read(self) -> None:
        """A read has drawings of its own, which move no other seed. Half of them are as far behind with every item."""
        plan, draw = self._world.plan, self._draw
        draw.seed(f"{plan.seed}/{plan.schedule}/lag/{self._world.calls}")
        self._together = self._lag() if draw.random() < 0.5 else None

    def read(self, key: str) -> Item | None:
        """An item as it was then. What was there before the history is seen."""
        lag = self._lag() if self._together is None else self._together
        moment = max(0.0, self._world.now - lag)
        return next((item for at, item in reversed(self._versions.get(key, ())) if at <= moment), None)

    def _lag(self) -> float:
        draw = self._draw
        return draw.choice((0.0, draw.uniform(0, USUAL_LAG_SECONDS), draw.uniform(0, self._world.plan.read_lag)))
