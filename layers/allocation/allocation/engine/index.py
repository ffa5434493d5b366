"""The catalogue indexed once: from what can be asked to the services it concerns."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from allocation.domain.consignment import Direction
from allocation.engine.brackets import DayBrackets, SizeBrackets, WeightClasses
from allocation.engine.loaded_catalogue import Catalogue, Feature, Range, Rate, Service
from allocation.engine.masks import Mask, RangeMasks, mask_of
from allocation.engine.measures import Measure
from allocation.engine.memo import Memo

_MAX_TEXTS: Final = 20_000


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

    def _index_flags(self) -> None:
        self.disabled = self._where(lambda service: not service.enabled)
        self.not_in_direction: dict[str, Mask] = dict.fromkeys(Direction, self.everything) | {
            direction: self.everything & ~mask
            for direction, mask in self._group(lambda service: (service.direction,)).items()
        }
        self.with_daily_limit = self._where(lambda service: service.daily_limit is not None)
        featured = self._group(lambda service: service.features)
        self.without_feature = {feature: self.everything & ~featured.get(feature, 0) for feature in Feature}
        self.by_tag = self._group(lambda service: service.tags)
        located = self._group(lambda service: service.locations or ())
        self.any_location = self._where(lambda service: service.locations is None)
        self.by_location = {reference: mask | self.any_location for reference, mask in located.items()}

    def _index_limits(self) -> None:
        no_limit = Range()
        self.limits = {
            measure: RangeMasks([service.limits.get(measure, no_limit) for service in self.services])
            for measure in Measure
        }
        currencies = {service.maximum_value.currency for service in self.services if service.maximum_value}
        self.maximum_values = {currency: self._maximum_values(currency) for currency in sorted(currencies)}

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

    def _where(self, holds: Callable[[Service], bool]) -> Mask:
        return self._mask(position for position, service in enumerate(self.services) if holds(service))

    def _group(self, keys: Callable[[Service], Iterable[str]]) -> Mapping[str, Mask]:
        positions: dict[str, list[int]] = defaultdict(list)
        for position, service in enumerate(self.services):
            for key in keys(service):
                positions[key].append(position)
        return {key: self._mask(found) for key, found in positions.items()}

    def _maximum_values(self, currency: str) -> RangeMasks:
        values = [service.maximum_value for service in self.services]
        amounts = [value.amount if value and value.currency == currency else None for value in values]
        return RangeMasks([Range(None, amount) for amount in amounts])
