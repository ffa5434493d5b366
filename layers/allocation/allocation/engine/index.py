"""The catalogue indexed once: from what can be asked to the services it concerns."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from allocation.domain.consignment import Direction
from allocation.engine.brackets import DayBrackets, FactBrackets, PriceClasses, is_continuous
from allocation.engine.calendars import Calendar
from allocation.engine.limit_index import LimitIndex
from allocation.engine.loaded_catalogue import Catalogue, Feature, Service
from allocation.engine.loaded_prices import ALWAYS, Rate
from allocation.engine.masks import Mask, mask_of
from allocation.engine.memo import Memo
from allocation.engine.zones import ZoneIndex

_MAX_TEXTS: Final = 20_000
_MAX_LOCATIONS: Final = 64

_Value = TypeVar("_Value")
_ByPair = dict[str, dict[str | None, dict[int, _Value]]]
"""Values of services by destination, then by origin, which is None where the value holds from everywhere."""


class Collecting(NamedTuple):
    """How the services collect at one location, in kinds: a calendar or None, handling days, and a delivery plan."""

    kinds: Sequence[tuple[Calendar | None, int, int]]
    kind_of: Sequence[int]
    uncollected: Mask  # the services without a calendar


def of_pair(table: _ByPair[_Value], origin: Sequence[str], destination: Sequence[str]) -> dict[int, _Value]:
    """Return each service's value. The most specific destination wins; for the same, the most specific origin."""
    found: dict[int, _Value] = {}
    for place in reversed(destination):
        by_origin = table.get(place, {})
        for start in (None, *reversed(origin)):
            found.update(by_origin.get(start, {}))
    return found


def _net_price_terms(service: Service) -> tuple[object, ...]:
    return service.currency, service.round_to, service.prices_include_tax, service.tax_exempt


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
        # By the currencies' names in order, the services whose prices are in them.
        self.currencies = {
            currency: self._mask(at for at, service in enumerate(self.services) if service.currency == currency)
            for currency in sorted({service.currency for service in self.services})
        }
        self._masks: dict[Callable[[Service], bool], Mask] = {}
        self._index_flags()
        self.limits = LimitIndex(self.services)
        self._index_places()
        self._index_prices()
        # Services share delivery plans: each plan is worked out once for a lane.
        self.delivery_plans = list(dict.fromkeys(service.delivery for service in self.services))
        plans = {plan: number for number, plan in enumerate(self.delivery_plans)}
        self.delivery_plan = [plans[service.delivery] for service in self.services]
        # By location, as lanes from there share it.
        self.collecting: Memo[str, Collecting] = Memo(_MAX_LOCATIONS)
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
        self.by_carrier = self._group(lambda service: (service.carrier.reference,))
        self.by_content = self._group(lambda service: service.contents)
        self.by_excluded_content = self._group(lambda service: service.excluded_contents)
        # A catalogue that never says what is carried says nothing about contents.
        self.asks_contents = bool(self.by_content or self.by_excluded_content)
        located = self._group(lambda service: service.locations or ())
        self.any_location = self.where(lambda service: service.locations is None)
        self.by_location = {reference: mask | self.any_location for reference, mask in located.items()}

    def _index_places(self) -> None:
        self.origins = self._group(lambda service: service.origins)
        self.destinations = self._group(lambda service: service.destinations)
        self.excluded = self._group(lambda service: service.excluded)
        self._index_rates()
        catalogue = self.catalogue
        surcharges = [surcharge for service in self.services for surcharge in service.surcharges]
        known_origins = frozenset(self.origins).union(
            *(rate.origins or () for service in self.services for rate in service.rates),
            *(surcharge.origins or () for surcharge in surcharges),
            *(transit.origins or () for service in self.services for transit in service.transit),
        )
        known_destinations = frozenset(self.destinations).union(
            self.excluded,
            self.rates,
            self.transit_days,
            *(exception.places for service in self.services for exception in service.delivery.exceptions),
            catalogue.delivery_holidays,
            *(tax.places for tax in catalogue.taxes),
            *(surcharge.places or () for surcharge in surcharges),
        )
        self.zones = ZoneIndex(catalogue.zones, known_origins, known_destinations)

    def _index_rates(self) -> None:
        """Index the rates and transit days."""
        self.rates: _ByPair[Rate] = {}
        self.transit_days: _ByPair[int] = {}
        for position, service in enumerate(self.services):
            for transit in service.transit:
                for place in transit.places:
                    for origin in transit.origins or (None,):
                        self.transit_days.setdefault(place, {}).setdefault(origin, {})[position] = transit.days
            for rate in service.rates:
                for place in rate.places:
                    for origin in rate.origins or (None,):
                        self.rates.setdefault(place, {}).setdefault(origin, {})[position] = rate

    def _index_prices(self) -> None:
        services = self.services
        sets = {tuple(map(id, service.surcharges)): service.surcharges for service in services}
        numbers = {key: number for number, key in enumerate(sets)}
        self.surcharge_sets = list(sets.values())
        self.surcharge_set = [numbers[tuple(map(id, service.surcharges))] for service in services]
        self.is_continuous = [any(map(is_continuous, surcharges)) for surcharges in self.surcharge_sets]
        # Services of one kind make the same net price of the same rate.
        kinds: dict[tuple[object, ...], int] = {}
        self.price_kind = [
            kinds.setdefault((self.surcharge_set[position], *_net_price_terms(service)), len(kinds))
            for position, service in enumerate(services)
        ]
        # How services weigh: the divisor, and the rest.
        self.scales = list(dict.fromkeys((service.divisor, service.weighing) for service in services))
        scales = {scale: number for number, scale in enumerate(self.scales)}
        self.scale_of = [scales[service.divisor, service.weighing] for service in services]
        self.price_classes = PriceClasses(services, self.scale_of)
        surcharges = list({id(item): item for group in self.surcharge_sets for item in group}.values())
        self.fact_brackets = FactBrackets(surcharges)
        self.day_brackets = DayBrackets(self.catalogue, surcharges)
        # The services that can be used only on some days of collection.
        self.dated = [position for position, service in enumerate(services) if service.validity is not ALWAYS]

    def out_of_days(self, day: int) -> Mask:
        """Return the services that can't be used on a day of collection, an ordinal."""
        collected = date.fromordinal(day)
        return self._mask(each for each in self.dated if not self.services[each].validity.covers(collected))

    def _mask(self, positions: Iterable[int]) -> Mask:
        return mask_of(positions, self.size)

    def _group(self, keys: Callable[[Service], Iterable[str]]) -> Mapping[str, Mask]:
        positions: dict[str, list[int]] = defaultdict(list)
        for position, service in enumerate(self.services):
            for key in keys(service):
                positions[key].append(position)
        return {key: self._mask(found) for key, found in positions.items()}
