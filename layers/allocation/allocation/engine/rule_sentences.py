"""How each rule says, in a sentence about the services that come closest, why they can't take a consignment.

A sentence has the numbers of the consignment and of the service. Of an address it has no more than the country and the
outward part of a UK postcode.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from allocation.engine.calendars import MAX_SEARCH_DAYS
from allocation.engine.deliveries import DeliveryTerms
from allocation.engine.inquiries import Inquiry
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.promises import Promise
from allocation.engine.question import Question
from allocation.engine.wording import (
    list_text,
    outward_text,
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


def _to(question: Question, _: int) -> str:
    return outward_text(question.inquiry.destination)


def _from(question: Question, _: int) -> str:
    return question.inquiry.location or outward_text(question.inquiry.origin)


def _limit(question: Question, position: int) -> str:
    limit = question.limit(position)
    return (
        f"the service has reached its limit of {limit.most} on {limit.on.day}" if limit else "the service takes no more"
    )


def _direction(question: Question, position: int) -> str:
    ours, theirs = question.inquiry.direction, question.service(position).direction
    if question.index.not_in_direction[ours] >> position & 1:
        return f"the consignment is {ours} and the service is {theirs}"
    return f"a service that is {question.filters.direction} was asked for and this one is {theirs}"


DIRECTION: Final = sentence(_direction)
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
