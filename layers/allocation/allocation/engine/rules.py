"""The rules that a carrier service must pass to take a consignment: each is one object in `RULES`.

To add a rule, add its code and its `Rule` here; a limit on a measure is one `_limit(...)`. PRO's texts are used where
PRO has one (`pro-api.md`, How a carrier service is chosen).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from allocation.engine.conditions import Range
from allocation.engine.index import Mask, mask_of, positions_of
from allocation.engine.inquiries import Inquiry
from allocation.engine.loaded_catalogue import Feature, Service
from allocation.engine.measures import Measure, Measured
from allocation.engine.pricing import total_in
from allocation.engine.question import Question
from allocation.engine.rule_sentences import (
    CURRENCY,
    DATES,
    DESTINATION,
    DIRECTION,
    EXCLUDED,
    LIMIT,
    NO_CALENDAR,
    NO_PRICE,
    ORIGIN,
    TAGS,
    VALUE,
    Sentence,
    asked_dates,
    earliest_dates,
    fixed,
    measure_sentence,
    priced,
)
from allocation.engine.wording import (
    area_text,
    exclusions_text,
    list_text,
    maximum_text,
    places_text,
    plain,
    range_text,
    span_text,
    tags_text,
)

_ADDRESSES: Final = "This service is not available between the selected addresses."
_SIZE: Final = "This service is not available for the given package dimensions/weight."


class RuleCode(StrEnum):
    """The stable codes of the rules, as explanations and documents write them."""

    NOT_IN_GROUP = "NotInServiceGroup"
    NOT_REQUESTED = "NotTheRequestedService"
    DISABLED = "ServiceDisabled"
    DIRECTION = "DirectionNotServed"
    PICK_UP = "NoPickUp"
    DROP_OFF = "NoDropOff"
    TAGS = "TagsNotAllowed"
    ORIGIN = "OriginNotServed"
    DESTINATION = "DestinationNotServed"
    EXCLUDED_COUNTRY = "CountryExcluded"
    EXCLUDED_POSTCODE = "PostcodeExcluded"
    NO_CALENDAR = "CollectionNotConfigured"
    WEIGHT = "WeightOutOfRange"
    LENGTH = "LengthOutOfRange"
    GIRTH = "GirthOutOfRange"
    VALUE = "ValueTooHigh"
    DATES = "DatesNotMet"
    LIMIT = "LimitReached"
    NO_PRICE = "PriceNotConfigured"
    CURRENCY = "CurrencyNotComparable"


# The rules by which an allocation mode leaves services out.
SCOPE_CODES: Final = frozenset({RuleCode.NOT_IN_GROUP, RuleCode.NOT_REQUESTED})


class _ExclusionCode(StrEnum):
    """The codes of PRO's successor product for why a service is excluded."""

    OTHER = "ex_other"
    INACTIVE = "ex_inactive"
    AVAILABILITY = "ex_availability"
    RULES = "ex_rules"
    WEIGHT = "ex_weight"
    DIMENSIONS = "ex_dims"
    TAG = "ex_tag"
    RATES = "ex_rates"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One thing that can keep a service from taking a consignment.

    `fails` returns the services that fail, from the question and the services that passed all rules before this one.
    `expected` says what the service at a position wants; `actual` says what the consignment is, and of an address no
    more than its country and postcode area. `miss` says, in a sentence, why the services that fail can't take it.
    """

    code: RuleCode
    exclusion: _ExclusionCode
    text: str
    fails: Callable[[Question, Mask], Mask]
    expected: Callable[[Question, int], str]
    actual: Callable[[Inquiry], str]
    miss: Sentence


def _of(told: Callable[[Service], str]) -> Callable[[Question, int], str]:
    """Return an `expected` that depends only on the service; its texts are kept."""

    def expected(question: Question, position: int) -> str:
        texts = question.index.texts
        return texts.get((told, position)) or texts.keep((told, position), told(question.service(position)))

    return expected


def _limit(code: RuleCode, exclusion: _ExclusionCode, measure: Measure, clause: str) -> Rule:
    """Return the rule that every value of a measure lies in the service's range; `clause` says what is measured."""

    def fails(question: Question, _: Mask) -> Mask:
        values = measure.values(Measured(question.inquiry.packages), None) or ()
        return question.index.limits[measure].failing(min(values), max(values))

    return Rule(
        code,
        exclusion,
        _SIZE,
        fails,
        expected=_of(lambda service: range_text(service.limits.get(measure, Range()), measure.unit)),
        actual=lambda inquiry: span_text(measure.values(Measured(inquiry.packages), None) or (), measure.unit),
        miss=measure_sentence(measure, clause),
    )


def _is_disabled(service: Service) -> bool:
    return not service.enabled


def _has_daily_limit(service: Service) -> bool:
    return service.daily_limit is not None


def _wrong_direction(question: Question, _: Mask) -> Mask:
    masks, wanted = question.index.not_in_direction, question.filters.direction
    return masks[question.inquiry.direction] | (0 if wanted is None else masks[wanted])


def _not_carrying_tags(question: Question, _: Mask) -> Mask:
    index = question.index
    carrying = index.everything
    for tag in question.inquiry.tags:
        carrying &= index.by_tag.get(tag, 0)
    return index.everything & ~carrying


def _too_valuable(question: Question, _: Mask) -> Mask:
    """Return the services whose maximum is exceeded, or can't be compared with the value without an exchange rate."""
    values, failing = question.inquiry.values, 0
    if not values:
        return 0
    for currency, maxima in question.index.maximum_values.items():
        total = total_in(question.index.catalogue, values, currency, date.fromordinal(question.day))
        failing |= maxima.with_maximum if total is None else maxima.failing(total, total)
    return failing


def _limit_reached(question: Question, passing: Mask) -> Mask:
    """Return the services that take no more on the day they would collect; only the use of their limits is read."""
    positions = positions_of(passing & question.index.where(_has_daily_limit))
    limits = {position: limit for position in positions if (limit := question.limit(position))}
    if not limits:
        return 0
    counts = question.used([limit.on for limit in limits.values()])
    reached = (position for position, limit in limits.items() if counts.get(limit.on, 0) >= limit.most)
    return mask_of(reached, question.index.size)


def _unpriced(question: Question, _: Mask) -> Mask:
    """Return the services that reach the destination and have no price for it."""
    mask = 0
    for cell in question.cells:
        mask |= cell.unpriced
    return mask & ~question.lane.not_reaching


def _incomparable(question: Question, _: Mask) -> Mask:
    """Return the services that reach the destination and whose currency can't be compared."""
    mask = 0
    for cell in question.cells:
        mask |= cell.incomparable
    return mask & ~question.lane.not_reaching


def _room(question: Question, position: int) -> str:
    limit = question.limit(position)
    return f"at most {limit.most} collected on {limit.on.day}" if limit else "any number"


def _excluded(question: Question, position: int) -> str:
    return exclusions_text(question.service(position).excluded, question.inquiry.destination)


def _origin(inquiry: Inquiry) -> str:
    return inquiry.location or area_text(inquiry.origin)


def _destination(inquiry: Inquiry) -> str:
    return area_text(inquiry.destination)


def _destination_and_weight(inquiry: Inquiry) -> str:
    return f"{_destination(inquiry)}, {plain(sum((package.weight for package in inquiry.packages), Decimal(0)))} Kg"


# In the order in which reasons are listed. Only the services that pass all rules before it are asked for their limit.
RULES: Final = (
    Rule(
        RuleCode.NOT_IN_GROUP,
        _ExclusionCode.OTHER,
        "This service is not in the requested service group.",
        fails=lambda question, _: question.scope.outside_group,
        expected=_of(lambda _: "in the group"),
        actual=lambda _: "not in the group",
        miss=fixed("the service is not in the group"),
    ),
    Rule(
        RuleCode.NOT_REQUESTED,
        _ExclusionCode.OTHER,
        "Another carrier service was requested.",
        fails=lambda question, _: question.scope.not_requested,
        expected=_of(lambda service: service.reference),
        actual=lambda _: "another service",
        miss=fixed("another service was asked for"),
    ),
    Rule(
        RuleCode.DISABLED,
        _ExclusionCode.INACTIVE,
        "This service is disabled.",
        fails=lambda question, _: question.index.where(_is_disabled),
        expected=_of(lambda _: "enabled"),
        actual=lambda _: "disabled",
        miss=fixed("the service is disabled"),
    ),
    Rule(
        RuleCode.DIRECTION,
        _ExclusionCode.AVAILABILITY,
        "This service does not ship in the consignment's direction.",
        fails=_wrong_direction,
        expected=_of(lambda service: service.direction),
        actual=lambda inquiry: inquiry.direction,
        miss=DIRECTION,
    ),
    Rule(
        RuleCode.PICK_UP,
        _ExclusionCode.OTHER,
        "This service does not pick up.",
        fails=lambda question, _: question.index.without_feature[Feature.PICK_UP] if question.filters.pick_up else 0,
        expected=_of(lambda service: list_text(service.features)),
        actual=lambda _: Feature.PICK_UP,
        miss=fixed("the service does not pick up"),
    ),
    Rule(
        RuleCode.DROP_OFF,
        _ExclusionCode.OTHER,
        "This service does not take drop-offs.",
        fails=lambda question, _: question.index.without_feature[Feature.DROP_OFF] if question.filters.drop_off else 0,
        expected=_of(lambda service: list_text(service.features)),
        actual=lambda _: Feature.DROP_OFF,
        miss=fixed("the service does not take drop-offs"),
    ),
    Rule(
        RuleCode.TAGS,
        _ExclusionCode.TAG,
        "This service does not carry every allocation tag of the consignment.",
        fails=_not_carrying_tags,
        expected=_of(lambda service: list_text(service.tags)),
        actual=lambda inquiry: tags_text(inquiry.tags, inquiry.known_tags),
        miss=TAGS,
    ),
    Rule(
        RuleCode.ORIGIN,
        _ExclusionCode.AVAILABILITY,
        _ADDRESSES,
        fails=lambda question, _: question.lane.not_leaving,
        expected=_of(lambda service: places_text((*service.origins, *(service.locations or ())))),
        actual=_origin,
        miss=ORIGIN,
    ),
    Rule(
        RuleCode.DESTINATION,
        _ExclusionCode.AVAILABILITY,
        _ADDRESSES,
        fails=lambda question, _: question.lane.not_reaching,
        expected=_of(lambda service: places_text(service.destinations)),
        actual=_destination,
        miss=DESTINATION,
    ),
    Rule(
        RuleCode.EXCLUDED_COUNTRY,
        _ExclusionCode.RULES,
        "This service excludes the destination country.",
        fails=lambda question, _: question.lane.excluding_country,
        expected=_excluded,
        actual=_destination,
        miss=EXCLUDED,
    ),
    Rule(
        RuleCode.EXCLUDED_POSTCODE,
        _ExclusionCode.RULES,
        "This service excludes the destination postcode.",
        fails=lambda question, _: question.lane.excluding_postcode,
        expected=_excluded,
        actual=_destination,
        miss=EXCLUDED,
    ),
    Rule(
        RuleCode.NO_CALENDAR,
        _ExclusionCode.AVAILABILITY,
        "Service availability data not configured",
        fails=lambda question, _: question.lane.uncollected,
        expected=_of(lambda service: f"a collection calendar for {service.legs[0].carrier.reference}"),
        actual=_origin,
        miss=NO_CALENDAR,
    ),
    _limit(RuleCode.WEIGHT, _ExclusionCode.WEIGHT, Measure.WEIGHT, "{package} weighs {value}"),
    _limit(RuleCode.LENGTH, _ExclusionCode.DIMENSIONS, Measure.LENGTH, "{package} is {value} long"),
    _limit(RuleCode.GIRTH, _ExclusionCode.DIMENSIONS, Measure.GIRTH, "{package} has a girth of {value}"),
    Rule(
        RuleCode.VALUE,
        _ExclusionCode.RULES,
        "The consignment is worth more than this service carries.",
        fails=_too_valuable,
        expected=_of(lambda service: maximum_text(service.maximum_value)),
        actual=lambda inquiry: " + ".join(f"{plain(value)} {key}" for key, value in inquiry.values.items()),
        miss=VALUE,
    ),
    Rule(
        RuleCode.DATES,
        _ExclusionCode.AVAILABILITY,
        "This service is not available for the selected collection/delivery dates.",
        fails=lambda question, _: question.table.late,
        expected=earliest_dates,
        actual=asked_dates,
        miss=DATES,
    ),
    Rule(
        RuleCode.LIMIT,
        _ExclusionCode.RULES,
        "This service has reached its allocation limit for the day.",
        fails=_limit_reached,
        expected=_room,
        actual=lambda _: "one more",
        miss=LIMIT,
    ),
    Rule(
        RuleCode.NO_PRICE,
        _ExclusionCode.RATES,
        "No cost and/or pricing data configured",
        fails=_unpriced,
        expected=priced,
        actual=_destination_and_weight,
        miss=NO_PRICE,
    ),
    Rule(
        RuleCode.CURRENCY,
        _ExclusionCode.RATES,
        "The catalogue has no exchange rate for this service's currency on that day.",
        fails=_incomparable,
        expected=_of(lambda service: f"an exchange rate for {service.currency}"),
        actual=lambda _: "none for the day",
        miss=CURRENCY,
    ),
)
