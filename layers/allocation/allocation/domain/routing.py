"""Routing by checkout: which allocation mode a consignment's delivery option leads to."""

from collections.abc import Mapping
from typing import Final

from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, CarrierService
from allocation.domain.outcome import Failure, FailureCode

# The rows of every routing table, for consignments without an option and for options without a row.
DEFAULT_ROW: Final = "default"
UNKNOWN_ROW: Final = "unknown"


@frozen
class Route:
    """The row of the routing table that decided. `option` is the row's own; what has no row is not repeated."""

    row: str
    option: str | None = None
    preference: str | None = None  # what the row prefers, where it says so


@frozen
class Way:
    """How a consignment is to be allocated, and the row that says so; `mode` is a failure where no row does."""

    mode: AllocationMode | Failure
    route: Route | None = None


@frozen
class RoutingTable:
    """The mode of each delivery option, and the default. `fails_unknown` is False where the default takes the rest."""

    default: AllocationMode
    options: Mapping[str, AllocationMode]
    fails_unknown: bool = True

    def way(self, option: str | None) -> Way:
        """Return the way of a consignment with this delivery option."""
        if option is None:
            return Way(self.default, Route(DEFAULT_ROW, preference=_preferred(self.default)))
        if option in self.options:
            mode = self.options[option]
            return Way(mode, Route(option, option, _preferred(mode)))
        # The option may be anything, a person's name too: it is not repeated.
        text = "The delivery option has no row in the routing table: send one that has, or add a row."
        failure = Failure(FailureCode.DELIVERY_OPTION_UNKNOWN, text)
        if self.fails_unknown:
            return Way(failure, Route(UNKNOWN_ROW))
        return Way(self.default, Route(UNKNOWN_ROW, preference=_preferred(self.default)))


def _preferred(mode: AllocationMode) -> str | None:
    preference = None if isinstance(mode, CarrierService) else mode.preference
    return None if preference is None else str(preference)


def way_of(table: RoutingTable | None, configured: AllocationMode, option: str | None) -> Way:
    """Return a consignment's way: the table's, or the configured mode where there is no table."""
    return Way(configured) if table is None else table.way(option)
