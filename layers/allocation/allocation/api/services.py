"""What the operations work with, wired in `composition.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from allocation.consignments.allocations import Allocations
from allocation.consignments.market import Choices, Market
from allocation.consignments.register import Register
from allocation.consignments.store import Changes
from allocation.engine.engine import Engine
from allocation.ports import LimitUsage


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases and the engine behind the API."""

    changes: Changes
    register: Register
    allocations: Allocations
    engines: Callable[[], Engine]
    """Answers with the engine to use now."""
    now: Callable[[], datetime]
    limits: LimitUsage

    @property
    def engine(self) -> Engine:
        """The engine to use now."""
        return self.engines()

    @property
    def market(self) -> Market:
        """The engine to use now, asked for all it has."""
        return Market(self.engine, self.limits)

    def choices(self, api_base_url: str) -> Choices:
        """Return the ways to choose a carrier service; `api_base_url` starts the links in replies."""
        return Choices(self.engines, self.limits, self.now, api_base_url)
