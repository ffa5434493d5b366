"""What an offer has over the next best one, in words: by which criterion it comes first."""

from collections.abc import Sequence
from typing import assert_never

from allocation.domain.currencies import minor_unit, rounded
from allocation.engine.offers import Criterion, Offer, Ranking
from allocation.engine.wording import plain


def advantage(rank: Ranking, offers: Sequence[Offer], currency: str) -> str:
    """Return why the first of at least two offers comes before the second, such as `it is delivered a day before B`."""
    best, second = offers[:2]
    criterion = rank.deciding(best, second)
    name = rank.services[second.position].reference
    match criterion:
        case Criterion.PRIORITY:
            first, other = (rank.services[offer.position].priority for offer in (best, second))
            return f"it has the priority {first} and {name} {'none' if other is None else other}"
        case Criterion.WITHIN:
            return f"it costs no more than that above the cheapest, and {name} does"
        case Criterion.DELIVERY_DAY | Criterion.DELIVERY:
            return f"{_earlier(best, second)} {name}"
        case Criterion.COST:
            return _saved(rank, best, second, currency)
        case Criterion.COLLECTION:
            return f"it is collected before {name}"
        case Criterion.REFERENCE:
            return f"it is equal to {name}, and its reference comes first"
        case _:
            assert_never(criterion)


def _earlier(best: Offer, second: Offer) -> str:
    days = second.dates.delivery_day - best.dates.delivery_day
    if not days:
        return "its delivery window ends before that of"
    return f"it is delivered {'a day' if days == 1 else f'{days} days'} before"


def _saved(rank: Ranking, best: Offer, second: Offer, currency: str) -> str:
    difference, unit = rank.compared_cost(second) - rank.compared_cost(best), minor_unit(currency)
    saved = rounded(difference, unit)
    told = f"{saved} {currency}" if saved else f"less than {unit} {currency}"
    services = [rank.services[offer.position] for offer in (best, second)]
    handicaps = [f"{service.reference} {plain(service.handicap)}" for service in services if service.handicap]
    counted = f", with the handicaps of {' and '.join(handicaps)}" if handicaps else ""
    return f"it costs {told} less than {services[1].reference}{counted}"
