"""The question that a consignment asks of the whole catalogue, as every rule sees it."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from allocation.domain.consignment import Direction
from allocation.domain.frozen import frozen
from allocation.domain.limit import AllocationLimit, LimitedDay, UsedLimits
from allocation.domain.preference import CHEAPEST, Preference
from allocation.engine.index import CatalogueIndex
from allocation.engine.inquiries import Inquiry
from allocation.engine.lanes import Lane
from allocation.engine.limit_index import Breach
from allocation.engine.loaded_catalogue import Service
from allocation.engine.masks import Mask
from allocation.engine.measures import Measure
from allocation.engine.price_book import PriceBook
from allocation.engine.price_cells import ExactCell, PriceCell
from allocation.engine.priced_days import Pricing
from allocation.engine.timetables import DateTable


class Scope(NamedTuple):
    """The services that an allocation mode leaves out, at most one of the two masks being set, and what it prefers."""

    outside_group: Mask = 0
    not_requested: Mask = 0
    preference: Preference = CHEAPEST

    @property
    def outside(self) -> Mask:
        """All services that the mode leaves out."""
        return self.outside_group | self.not_requested


class ServiceFilters(NamedTuple):
    """What a caller asks of services beyond the mode; a feature that is not asked for may be there or not."""

    direction: Direction | None = None
    pick_up: bool = False
    drop_off: bool = False


NO_FILTERS: Final = ServiceFilters()


@frozen
class Question:
    """A consignment at a moment, with its mode's scope and everything that the catalogue says about it."""

    index: CatalogueIndex
    book: PriceBook
    inquiry: Inquiry
    scope: Scope
    filters: ServiceFilters
    used: UsedLimits
    moment: int  # when it is asked, in seconds since 1970 UTC
    day: int  # the one to ship on where it was given, else today: its prices hold for services without dates
    lane: Lane
    table: DateTable
    pricing: Pricing
    cells: Sequence[PriceCell | ExactCell]
    breaches: Mapping[Measure, Breach]  # of the limits on measures that are the same for every service

    def service(self, position: int) -> Service:
        """Return the service at a position."""
        return self.index.services[position]

    def values(self, measure: Measure, position: int) -> list[Decimal] | None:
        """Return a measure's values for the service at a position; None where a value can't be compared.

        Values are in the currency of the service's limit.
        """
        bounds = self.service(position).limits.get(measure)
        return measure.values(self.pricing.measured(position), None if bounds is None else bounds.currency)

    def limit(self, position: int) -> AllocationLimit | None:
        """Return the limit that an allocation of a service counts on, or None where it has none."""
        service = self.service(position)
        if service.daily_limit is None or position not in self.table.dates:
            return None
        day = date.fromordinal(self.table.dates[position][1].collection_day)
        return AllocationLimit(LimitedDay(service.reference, day), service.daily_limit)
