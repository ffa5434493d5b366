"""Events that were published, as whoever looks for them knows them."""

from datetime import datetime
from typing import NamedTuple

from allocation.domain.frozen import frozen


@frozen
class Publication:
    """When an event was published, and its type. The type is empty where an earlier version logged it."""

    at: datetime
    type: str = ""


class Versions(NamedTuple):
    """The versions of a consignment's record: `last` is the number of the last one.

    `since` is when the first that is looked for was written (aware), or None where nobody knows that.
    """

    consignment: str
    last: int
    since: datetime | None = None

    def event_ids(self) -> list[str]:
        """Return the ids of the versions' events, the first version first."""
        return [f"{self.consignment}#{number}" for number in range(1, self.last + 1)]
