"""Callers of the API in a history: each call is made by a process, and made again until it is answered."""

from collections.abc import Callable

from allocation.consignments.errors import RequestError
from allocation.domain.errors import RetryableError
from tests.simulation.world import World

# A request to the API may take so long.
_MAX_SECONDS = 28.0


def call_until_done(world: World, seconds: float, act: Callable[[], None]) -> None:
    """Has a process act in so many seconds, and another one after each failure."""

    def attempt() -> bool:
        try:
            act()
        except RetryableError:
            return False
        except RequestError as error:
            return error.status < 409
        return True

    def again(done: bool | None) -> None:
        if not done:
            call_until_done(world, world.random.uniform(0, 5), act)

    world.at(seconds, lambda: world.start(attempt, _MAX_SECONDS, again))
