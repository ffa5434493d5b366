"""The catalogue indexed once: from what can be asked to the services it concerns.

Sets of services are masks: the bits of an integer, one per service, so that one operation tests all services at once.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from allocation.domain.consignment import Direction
from allocation.engine.brackets import DayBrackets, SizeBrackets, WeightClasses
from allocation.engine.conditions import Range
from allocation.engine.loaded_catalogue import Catalogue, Feature, Service
from allocation.engine.loaded_prices import Rate
from allocation.engine.measures import Measure
from allocation.engine.memo import Memo

_MAX_TEXTS: Final = 20_000
_NO_LIMIT: Final = Range()

Mask = int


def mask_of(positions: Iterable[int], size: int) -> Mask:
    """Return the mask with these bits set, each less than `size`."""
    octets = bytearray(size // 8 + 1)
    for position in positions:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")


def bits_of(mask: Mask, size: int) -> str:
    """Return the mask as text: one `0` or `1` per service, the first service first."""
    return f"{mask:0{size}b}"[::-1]


def positions_of(mask: Mask) -> Iterator[int]:
    """Yield the set bits, lowest first.

    >>> list(positions_of(0b10110))
    [1, 2, 4]
    """
    bits = f"{mask:b}"[::-1]
    position = bits.find("1")
    while position >= 0:
        yield position
        position = bits.find("1", position + 1)


class RangeMasks:
    """The closed ranges of many services, sorted: two searches find the services whose range a value is out of."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._minimums, self._too_low = _cumulative([item.minimum for item in ranges], above=True)
        self._maximums, self._too_high = _cumulative([item.maximum for item in ranges], above=False)

        self.members: Mask = self._too_low[0] | self._too_high[-1]  # the services that have a range

    def above(self, lowest: Decimal) -> Mask:
        """Return the services whose range begins above a value."""
        return self._too_low[bisect_right(self._minimums, lowest)]

    def below(self, highest: Decimal) -> Mask:
        """Return the services whose range ends below a value."""
        return self._too_high[bisect_left(self._maximums, highest)]


def _cumulative(bounds: Sequence[Decimal | None], *, above: bool) -> tuple[list[Decimal], list[Mask]]:
    """Return the distinct bounds in order, and for each gap the services whose bound lies above it, or below it."""
    by_bound: dict[Decimal, list[int]] = {}
    for position, bound in enumerate(bounds):
        if bound is not None:
            by_bound.setdefault(bound, []).append(position)
    ordered = sorted(by_bound)
    masks = [0]
    for bound in reversed(ordered) if above else ordered:
        masks.append(masks[-1] | mask_of(by_bound[bound], len(bounds)))
    return ordered, masks[::-1] if above else masks


class CatalogueIndex:
    """Masks, ranges and brackets of a catalogue's services; a service is its position in `catalogue.services`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.services = catalogue.services
        self.size = len(self.services)
        self.everything: Mask = (1 << self.size) - 1
        self.positions = {service.reference: position for position, service in enumerate(self.services)}
        self.groups = {
            key: self._mask(self.positions[service] for service in members) for key, members in catalogue.groups.items()
        }
        self._masks: dict[Callable[[Service], bool], Mask] = {}
        self._index_flags()
        self._index_limits()
        self._index_places()
        self.weight_classes = WeightClasses(self.services)
        self.currencies = frozenset(service.currency for service in self.services)
        self.surcharge_sets = list(dict.fromkeys(service.surcharges for service in self.services))
        numbers = {surcharges: number for number, surcharges in enumerate(self.surcharge_sets)}
        self.surcharge_set = [numbers[service.surcharges] for service in self.services]
        self.size_brackets = SizeBrackets(self.services)
        self.day_brackets = DayBrackets(catalogue)
        # What services want of consignments, in words: most explanations repeat the same.
        self.texts: Memo[tuple[Callable[[Service], str], int], str] = Memo(_MAX_TEXTS)

    def where(self, holds: Callable[[Service], bool]) -> Mask:
        """Return the services for which a function of a module holds, worked out once."""
        mask = self._masks.get(holds)
        if mask is None:
            positions = (position for position, service in enumerate(self.services) if holds(service))
            mask = self._masks[holds] = self._mask(positions)
        return mask

    def _index_flags(self) -> None:
        self.not_in_direction: dict[str, Mask] = dict.fromkeys(Direction, self.everything) | {
            direction: self.everything & ~mask
            for direction, mask in self._group(lambda service: (service.direction,)).items()
        }
        featured = self._group(lambda service: service.features)
        self.without_feature = {feature: self.everything & ~featured.get(feature, 0) for feature in Feature}
        self.by_tag = self._group(lambda service: service.tags)
        located = self._group(lambda service: service.locations or ())
        self.any_location = self.where(lambda service: service.locations is None)
        self.by_location = {reference: mask | self.any_location for reference, mask in located.items()}

    def _index_limits(self) -> None:
        """Index only the measures that a service limits, the ranges of each currency by themselves."""
        limits = (limit for service in self.services for limit in service.limits.items())
        self.limits: dict[Measure, dict[str | None, RangeMasks]] = {}
        for measure, currency in dict.fromkeys((measure, bounds.currency) for measure, bounds in limits):
            self.limits.setdefault(measure, {})[currency] = self._ranges(measure, currency)

    def _index_places(self) -> None:
        self.origins = self._group(lambda service: service.origins)
        self.destinations = self._group(lambda service: service.destinations)
        self.excluded = self._group(lambda service: service.excluded)
        self.rates: dict[str, dict[int, Rate]] = defaultdict(dict)
        for position, service in enumerate(self.services):
            for rate in service.rates:
                for place in rate.places:
                    self.rates[place][position] = rate
        catalogue = self.catalogue
        self.known_destinations = frozenset(self.destinations).union(
            self.excluded,
            self.rates,
            catalogue.delivery_holidays,
            *(tax.places for tax in catalogue.taxes),
            *(surcharge.places or () for service in self.services for surcharge in service.surcharges),
        )

    def _mask(self, positions: Iterable[int]) -> Mask:
        return mask_of(positions, self.size)

    def _group(self, keys: Callable[[Service], Iterable[str]]) -> Mapping[str, Mask]:
        positions: dict[str, list[int]] = defaultdict(list)
        for position, service in enumerate(self.services):
            for key in keys(service):
                positions[key].append(position)
        return {key: self._mask(found) for key, found in positions.items()}

    def _ranges(self, measure: Measure, currency: str | None) -> RangeMasks:
        ranges = [service.limits.get(measure, _NO_LIMIT) for service in self.services]
        return RangeMasks([bounds if bounds.currency == currency else _NO_LIMIT for bounds in ranges])
