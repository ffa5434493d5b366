"""A lane: one kind of origin and one kind of destination, with everything that does not depend on the packages."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from allocation.engine.deliveries import DeliveryTerms
from allocation.engine.index import CatalogueIndex, of_pair
from allocation.engine.loaded_catalogue import Tax
from allocation.engine.masks import Mask
from allocation.engine.place_keys import ANYWHERE
from allocation.engine.promises import Promise
from allocation.engine.timetables import DateTable, Timetables


class LaneKey(NamedTuple):
    """The fields that distinguish lanes, without the place keys that no catalogue entry mentions."""

    location: str | None
    origin: tuple[str, ...]
    destination: tuple[str, ...]
    parts: int  # how many of the destination's keys, from the first on, lie within a country


class Lane:
    """Which services go this way, at which rate, and when."""

    def __init__(self, index: CatalogueIndex, key: LaneKey, number: int) -> None:
        self.index = index
        self.key = key
        self.number = number
        self.places = frozenset(key.destination)
        self.origins = frozenset(key.origin)
        self.rates = of_pair(index.rates, key.origin, key.destination)
        self.tax = _tax(index.catalogue.taxes, key.destination)
        self._timetables = Timetables(index, key.location, key.origin, key.destination, self.rates)

    @property
    def uncollected(self) -> Mask:
        """The services without a collection calendar for the origin."""
        return self._timetables.uncollected

    @cached_property
    def not_leaving(self) -> Mask:
        """The services that do not leave from the origin."""
        leaving = _union(self.index.origins, self.key.origin)
        located = self.index.by_location.get(self.key.location or "", self.index.any_location)
        return self.index.everything & ~(leaving & located)

    @cached_property
    def not_reaching(self) -> Mask:
        """The services that do not go to the destination."""
        return self.index.everything & ~_union(self.index.destinations, self.key.destination)

    @cached_property
    def excluding_country(self) -> Mask:
        """The services that exclude the destination's country."""
        return _union(self.index.excluded, self.key.destination[self.key.parts :])

    @cached_property
    def excluding_postcode(self) -> Mask:
        """The services that exclude a part of the country that the destination lies in."""
        return _union(self.index.excluded, self.key.destination[: self.key.parts])

    def delivery_terms(self, position: int) -> DeliveryTerms | None:
        """Return how the service at a position delivers to the destination; None where it has no rate or calendar."""
        return self._timetables.terms(position)

    def dates(self, promise: Promise, now: int) -> DateTable:
        """Return when each service would collect and deliver."""
        return self._timetables.dates(promise, now)


def _union(masks: Mapping[str, Mask], places: Sequence[str]) -> Mask:
    union = 0
    for place in places:
        union |= masks.get(place, 0)
    return union


def _tax(taxes: Sequence[Tax], destination: Sequence[str]) -> Tax:
    """Return the tax of the most specific place; the compiler makes sure that `*` has one."""
    return next(tax for place in (*destination, ANYWHERE) for tax in taxes if place in tax.places)
