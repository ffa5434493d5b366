"""Offers of carrier services, and their order: by the preference of the catalogue or of a routing row."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, assert_never

from allocation.domain.frozen import frozen
from allocation.domain.preference import Preference, PreferenceName
from allocation.engine.loaded_catalogue import Service
from allocation.engine.promises import Dates


class Offer(NamedTuple):
    """A service that can take the consignment.

    Offers sort as PRO prefers them: cost, earliest collection, earliest delivery, service reference (services are
    numbered in the order of their references).
    """

    cost: Decimal  # net, in the catalogue's currency: what is compared
    earliest: tuple[int, int, int]
    position: int
    net: Decimal
    dates: Dates


class Criterion(StrEnum):
    """What is compared of two offers: the less is the better."""

    PRIORITY = "priority"
    WITHIN = "within"  # whether it costs little enough more than the cheapest
    DELIVERY_DAY = "deliveryDay"
    DELIVERY = "delivery"  # day, then end of the window
    COST = "cost"  # with the handicap
    COLLECTION = "collection"
    REFERENCE = "reference"


def _criteria(preference: Preference) -> tuple[Criterion, ...]:
    """Return what a preference compares, the most important first. The last is never equal, so the order is total."""
    match preference.name:
        case PreferenceName.CHEAPEST:
            first: tuple[Criterion, ...] = ()
        case PreferenceName.FASTEST:
            first = (Criterion.DELIVERY_DAY,)
        case PreferenceName.EARLIEST_DELIVERY:
            first = (Criterion.DELIVERY,)
        case PreferenceName.PRIORITISED:
            first = (Criterion.PRIORITY,)
        case PreferenceName.FASTEST_WITHIN:
            first = (Criterion.WITHIN, Criterion.DELIVERY_DAY)
        case _:
            assert_never(preference.name)
    return (*first, Criterion.COST, Criterion.COLLECTION, Criterion.DELIVERY, Criterion.REFERENCE)


@frozen
class Ranking:
    """A preference among some services, for the offers of one question."""

    preference: Preference
    services: Sequence[Service]
    limit: Decimal | None = None  # the most that an offer may cost to be within the preference's amount

    def compared_cost(self, offer: Offer) -> Decimal:
        """Return what is compared instead of the price: with the service's handicap."""
        return offer.cost + self.services[offer.position].handicap

    def value(self, criterion: Criterion, offer: Offer) -> Any:
        """Return what is compared of an offer."""
        match criterion:
            case Criterion.PRIORITY:
                priority = self.services[offer.position].priority
                return (priority is None, priority or 0)
            case Criterion.WITHIN:
                return self.limit is not None and self.compared_cost(offer) > self.limit
            case Criterion.DELIVERY_DAY:
                return offer.dates.delivery_day
            case Criterion.DELIVERY:
                return offer.earliest[1:]
            case Criterion.COST:
                return self.compared_cost(offer)
            case Criterion.COLLECTION:
                return offer.earliest[0]
            case Criterion.REFERENCE:
                return offer.position
            case _:
                assert_never(criterion)

    def deciding(self, best: Offer, second: Offer) -> Criterion:
        """Return the criterion by which one offer comes before another."""
        order = _criteria(self.preference)
        return next(each for each in order if self.value(each, best) != self.value(each, second))


def ranking(preference: Preference, services: Sequence[Service], offers: Sequence[Offer]) -> Ranking:
    """Return the ranking of offers."""
    found = Ranking(preference, services)
    if preference.within is None or not offers:
        return found
    return Ranking(preference, services, min(map(found.compared_cost, offers)) + preference.within.amount)


def ranked(preference: Preference, services: Sequence[Service], offers: list[Offer], *, by_price: bool) -> list[Offer]:
    """Return the offers, best first. `by_price` where the cheapest is preferred and no service has a handicap."""
    if by_price:
        return sorted(offers)
    order, rank = _criteria(preference), ranking(preference, services, offers)
    return sorted(offers, key=lambda offer: [rank.value(criterion, offer) for criterion in order])
