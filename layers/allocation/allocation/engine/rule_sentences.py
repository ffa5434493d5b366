"""How each rule says, in a sentence about the services that come closest, why they can't take a consignment.

A sentence has the numbers of the consignment and of the service. Of an address it has no more than the country and the
outward part of a UK postcode.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from allocation.engine.calendars import MAX_SEARCH_DAYS
from allocation.engine.deliveries import DeliveryTerms
from allocation.engine.exchange import exchange_rate
from allocation.engine.inquiries import Inquiry
from allocation.engine.loaded_catalogue import Service
from allocation.engine.loaded_prices import OF_VALUE, Rate
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.measures import Measure
from allocation.engine.promises import Promise
from allocation.engine.question import Question
from allocation.engine.wording import (
    grouped,
    list_text,
    outward_text,
    plain,
    span_text,
    unknown_tags_text,
    weekdays_text,
)

# Takes the services that fail a rule; returns the sentence, and those of them that it is about. The sentence is empty
# where another rule's says the same.
Sentence = Callable[[Question, Mask], tuple[str, Mask]]


def sentence(
    tell: Callable[[Question, int], str],
    distance: Callable[[Question, int], Any] | None = None,
    key: Callable[[Question, int], Any] | None = None,
) -> Sentence:
    """Return the sentence that `tell` writes about the service at a position.

    `distance` says how far a service is from taking the consignment; the sentence is about the nearest ones. `key` says
    cheaply what `tell` writes about, where thousands of services may be alike.
    """
    same = key or tell

    def about(question: Question, failing: Mask) -> tuple[str, Mask]:
        positions = list(positions_of(failing))
        if distance is not None:
            distances = [distance(question, position) for position in positions]
            shortest = min(distances)
            positions = [position for position, far in zip(positions, distances, strict=True) if far == shortest]
        first = same(question, positions[0])
        alike = (position for position in positions if same(question, position) == first)
        return tell(question, positions[0]), mask_of(alike, question.index.size)

    return about


def fixed(text: str) -> Sentence:
    """Return a sentence that is the same for every consignment and service."""
    return sentence(lambda _, __: text)


def _missing_tags(question: Question, position: int) -> frozenset[str]:
    return question.inquiry.tags - question.service(position).tags


def _tags(question: Question, position: int) -> str:
    """Name only tags that the catalogue knows: anything may stand in the others."""
    missing = _missing_tags(question, position)
    known = [tag for tag in missing if tag in question.index.by_tag]
    unknown = len(missing) - len(known)
    tags = f"the service does not carry the allocation {'tag' if len(known) == 1 else 'tags'} {list_text(known)}"
    others = f"the consignment has {unknown_tags_text(unknown, 'allocation tag')}"
    return ", and ".join([*([tags] if known else []), *([others] if unknown else [])])


def asked_dates(inquiry: Inquiry) -> str:
    """Return the dates that the consignment wants."""
    return ", ".join(_asked(inquiry.promise)) or "any"


def _asked(promise: Promise) -> list[str]:
    parts = [] if promise.ship_on is None else [f"ship on {date.fromordinal(promise.ship_on)}"]
    if promise.deliver_on is not None:
        parts.append(f"deliver {'on' if promise.exactly else 'by'} {date.fromordinal(promise.deliver_on)}")
    return parts


def earliest_dates(question: Question, position: int) -> str:
    """Return the first collection and its delivery if nothing were promised, and the weekdays of delivery."""
    terms, earliest = _terms(question, position), _earliest(question, position)
    if terms and terms.transit_days is None:
        return "transit days between the addresses"
    if earliest is None:
        last = date.fromordinal(question.index.catalogue.last_day)
        return f"a collection within {MAX_SEARCH_DAYS} days and a delivery up to {last}, the catalogue's last day"
    collected, delivered = earliest
    return f"collected {collected}, delivered {delivered} at the earliest ({_weekdays(terms)})"


def _earliest(question: Question, position: int) -> tuple[date, date] | None:
    """Return the days of the first collection and of its delivery if nothing were promised, or None."""
    entry = question.lane.dates(Promise(), question.moment).dates.get(position)
    if entry is None:
        return None
    return date.fromordinal(entry[1].collection_day), date.fromordinal(entry[1].delivery_day)


def _weekdays(terms: DeliveryTerms | None) -> str:
    return weekdays_text(terms.hours.weekdays) if terms else "any"


def _terms(question: Question, position: int) -> DeliveryTerms | None:
    return question.lane.delivery_terms(position)


def _dates(question: Question, position: int) -> str:
    terms, earliest = _terms(question, position), _earliest(question, position)
    if terms and terms.transit_days is None:
        return f"the service has no transit days from {_from(question, position)} to {_to(question, position)}"
    if earliest is None:
        return f"the service has no collection within {MAX_SEARCH_DAYS} days that the catalogue's calendars reach"
    wanted = " and ".join(_asked(question.inquiry.promise)) or "travel"
    return (
        f"it is to {wanted}, and the service collects on {earliest[0]} and delivers on {earliest[1]} at the earliest "
        f"({_weekdays(terms)})"
    )


def _days_to_delivery(question: Question, position: int) -> int:
    entry = question.lane.dates(Promise(), question.moment).dates.get(position)
    return entry[1].delivery_day if entry else date.max.toordinal()


def priced(question: Question, position: int) -> str:
    """Return the zones that have rates or, where one is right, where that rate ends and what it was asked for."""
    first = question.lane.rates.get(position)
    if first is None:
        return f"a rate among {list_text({rate.zone for rate in question.service(position).rates})}"
    rate = question.book.rate(question.pricing, position)
    if rate is None:
        return f"a rate of zone {first.zone} for such a consignment on {_day_of(question, position)}"
    unit = rate.by.unit or question.service(position).currency
    asked = question.book.looked_up(question.pricing, position) or ()
    name = _NAMES.get(rate.by, rate.by)
    return f"zone {rate.zone} up to {_plain(_last(rate))} {unit}; {name} {_span(tuple(asked), unit)}"


# Many services are asked for the same weight, and end at the same.
_plain = lru_cache(1024)(plain)
_span = lru_cache(1024)(span_text)
_NAMES: Final = {Measure.CHARGEABLE_WEIGHT: "chargeable weight", Measure.PACKAGES: "number"}


def _day_of(question: Question, position: int) -> date:
    """Return the day whose prices hold for a service."""
    return date.fromordinal(question.pricing.day_of(position))


def _last(rate: Rate) -> Decimal:
    """Return the greatest value that has a price."""
    return rate.up_to[-1] if rate.above is None else max(rate.up_to[-1], rate.above.last_weight)


def _last_weight(question: Question, position: int) -> Decimal:
    """Return the greatest weight that has a price; 0 where the service has no rate for the destination."""
    rate = question.book.rate(question.pricing, position)
    return Decimal(0) if rate is None else _last(rate)


def _unpriced(question: Question, position: int) -> str:
    """Say nothing of a weight that the service does not take anyway."""
    last, limit = _last_weight(question, position), question.service(position).limits.get(Measure.WEIGHT)
    if last and limit and limit.maximum and max(question.values(Measure.WEIGHT, position) or ()) > limit.maximum:
        return ""
    rate = question.book.rate(question.pricing, position)
    if rate is None:
        when = "" if position not in question.lane.rates else f" on {_day_of(question, position)}"
        return f"the service has no rate for {_to(question, position)}{when}"
    unit = rate.by.unit.lower() or question.service(position).currency
    asked = question.book.looked_up(question.pricing, position) or ()
    told = f"the {_NAMES.get(rate.by, rate.by)} is {span_text(asked, unit)} and the service's prices "
    if asked and max(asked) <= last:
        return f"{told}leave that out"
    return f"{told}end at {grouped(last)} {unit}"


def missing_currencies(question: Question, position: int) -> str:
    """Return the currencies of the price, of limits of values and of the value that have no exchange rate that day."""
    service, catalogue = question.service(position), question.index.catalogue
    limits = {bounds.currency for bounds in service.limits.values() if bounds.currency}
    limits |= _priced_currencies(service)
    worth = {currency for currency, amount in question.inquiry.values.items() if amount} if limits else set()
    compared = (limits | worth) if len(limits | worth) > 1 else set()
    day = _day_of(question, position)
    missing = [key for key in compared | {service.currency} if exchange_rate(catalogue, key, day) is None]
    return list_text(missing)


def _priced_currencies(service: Service) -> set[str]:
    """Return the currencies in which a service's prices ask for the value of a consignment."""
    found = {item.units.currency for item in service.surcharges if item.units}
    found |= {service.currency for item in service.surcharges if OF_VALUE in item.of}
    conditions = [condition for item in service.surcharges for condition in (item.over, item.when) if condition]
    for first in service.rates:
        for rate in (first, *first.others):
            found |= {service.currency} if rate.by.is_money else set()
            conditions += [rate.when] if rate.when else []
    found |= {bounds.currency for condition in conditions for bounds in condition.values()}
    return {currency for currency in found if currency}


def _to(question: Question, _: int) -> str:
    return outward_text(question.inquiry.destination)


def _from(question: Question, _: int) -> str:
    return question.inquiry.location or outward_text(question.inquiry.origin)


def _limit(question: Question, position: int) -> str:
    limit = question.limit(position)
    return (
        f"the service has reached its limit of {limit.most} on {limit.on.day}" if limit else "the service takes no more"
    )


DIRECTION: Final = sentence(
    lambda question, position: (
        f"the consignment is {question.inquiry.direction} and the service is {question.service(position).direction}"
    )
)
TAGS: Final = sentence(_tags, lambda question, position: len(_missing_tags(question, position)))
ORIGIN: Final = sentence(lambda question, position: f"the service does not leave from {_from(question, position)}")
DESTINATION: Final = sentence(lambda question, position: f"the service does not go to {_to(question, position)}")
EXCLUDED: Final = sentence(
    lambda question, position: f"the service excludes the destination, in {_to(question, position)}"
)
NO_CALENDAR: Final = sentence(
    lambda question, position: f"the service has no collection calendar at {_from(question, position)}"
)
DATES: Final = sentence(_dates, _days_to_delivery)
LIMIT: Final = sentence(_limit)
NO_PRICE: Final = sentence(_unpriced, lambda question, position: -_last_weight(question, position))
CURRENCY: Final = sentence(
    lambda question, position: (
        f"the catalogue has no exchange rate for {missing_currencies(question, position)} on "
        f"{_day_of(question, position)}"
    )
)
