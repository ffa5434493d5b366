"""The rules that a carrier service must pass to take a consignment: each is one object in `RULES`.

To add a rule, add its code (`rule.py`) and its `Rule` here; limits on measures are in `limit_rules.py`. PRO's texts are
used where PRO has one (`pro-api.md`, How a carrier service is chosen).
"""

from typing import Final

from allocation.engine.flag_rules import FLAG_RULES
from allocation.engine.inquiries import Inquiry
from allocation.engine.limit_rules import LIMIT_RULES
from allocation.engine.loaded_catalogue import Feature, Service
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.price_rules import PRICE_RULES
from allocation.engine.question import Question
from allocation.engine.rule import ExclusionCode, Rule, RuleCode, of_service
from allocation.engine.rule_sentences import (
    DATES,
    DESTINATION,
    DIRECTION,
    EXCLUDED,
    LIMIT,
    NO_CALENDAR,
    ORIGIN,
    TAGS,
    asked_dates,
    earliest_dates,
    fixed,
)
from allocation.engine.wording import (
    area_text,
    exclusions_text,
    list_text,
    places_text,
    tags_text,
)

_ADDRESSES: Final = "This service is not available between the selected addresses."


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


def _limit_reached(question: Question, passing: Mask) -> Mask:
    """Return the services that take no more on the day they would collect; only the use of their limits is read."""
    positions = positions_of(passing & question.index.where(_has_daily_limit))
    limits = {position: limit for position in positions if (limit := question.limit(position))}
    if not limits:
        return 0
    counts = question.used([limit.on for limit in limits.values()])
    reached = (position for position, limit in limits.items() if counts.get(limit.on, 0) >= limit.most)
    return mask_of(reached, question.index.size)


def _room(question: Question, position: int) -> str:
    limit = question.limit(position)
    return f"at most {limit.most} collected on {limit.on.day}" if limit else "any number"


def _excluded(question: Question, position: int) -> str:
    return exclusions_text(question.service(position).excluded, question.lane.key.destination)


def _origin(inquiry: Inquiry) -> str:
    return inquiry.location or area_text(inquiry.origin)


def _destination(inquiry: Inquiry) -> str:
    return area_text(inquiry.destination)


# In the order in which reasons are listed. Only the services that pass all rules before it are asked for their limit.
RULES: Final = (
    Rule(
        RuleCode.NOT_IN_GROUP,
        ExclusionCode.OTHER,
        "This service is not in the requested service group.",
        fails=lambda question, _: question.scope.outside_group,
        expected=of_service(lambda _: "in the group"),
        actual=lambda _: "not in the group",
        miss=fixed("the service is not in the group"),
    ),
    Rule(
        RuleCode.NOT_REQUESTED,
        ExclusionCode.OTHER,
        "Another carrier service was requested.",
        fails=lambda question, _: question.scope.not_requested,
        expected=of_service(lambda service: service.reference),
        actual=lambda _: "another service",
        miss=fixed("another service was asked for"),
    ),
    Rule(
        RuleCode.DISABLED,
        ExclusionCode.INACTIVE,
        "This service is disabled.",
        fails=lambda question, _: question.index.where(_is_disabled),
        expected=of_service(lambda _: "enabled"),
        actual=lambda _: "disabled",
        miss=fixed("the service is disabled"),
    ),
    Rule(
        RuleCode.DIRECTION,
        ExclusionCode.AVAILABILITY,
        "This service does not ship in the consignment's direction.",
        fails=_wrong_direction,
        expected=of_service(lambda service: service.direction),
        actual=lambda inquiry: inquiry.direction,
        miss=DIRECTION,
    ),
    Rule(
        RuleCode.PICK_UP,
        ExclusionCode.OTHER,
        "This service does not pick up.",
        fails=lambda question, _: question.index.without_feature[Feature.PICK_UP] if question.filters.pick_up else 0,
        expected=of_service(lambda service: list_text(service.features)),
        actual=lambda _: Feature.PICK_UP,
        miss=fixed("the service does not pick up"),
    ),
    Rule(
        RuleCode.DROP_OFF,
        ExclusionCode.OTHER,
        "This service does not take drop-offs.",
        fails=lambda question, _: question.index.without_feature[Feature.DROP_OFF] if question.filters.drop_off else 0,
        expected=of_service(lambda service: list_text(service.features)),
        actual=lambda _: Feature.DROP_OFF,
        miss=fixed("the service does not take drop-offs"),
    ),
    Rule(
        RuleCode.TAGS,
        ExclusionCode.TAG,
        "This service does not carry every allocation tag of the consignment.",
        fails=_not_carrying_tags,
        expected=of_service(lambda service: list_text(service.tags)),
        actual=lambda inquiry: tags_text(inquiry.tags, inquiry.known_tags),
        miss=TAGS,
    ),
    Rule(
        RuleCode.ORIGIN,
        ExclusionCode.AVAILABILITY,
        _ADDRESSES,
        fails=lambda question, _: question.lane.not_leaving,
        expected=of_service(lambda service: places_text((*service.origins, *(service.locations or ())))),
        actual=_origin,
        miss=ORIGIN,
    ),
    Rule(
        RuleCode.DESTINATION,
        ExclusionCode.AVAILABILITY,
        _ADDRESSES,
        fails=lambda question, _: question.lane.not_reaching,
        expected=of_service(lambda service: places_text(service.destinations)),
        actual=_destination,
        miss=DESTINATION,
    ),
    Rule(
        RuleCode.EXCLUDED_COUNTRY,
        ExclusionCode.RULES,
        "This service excludes the destination country.",
        fails=lambda question, _: question.lane.excluding_country,
        expected=_excluded,
        actual=_destination,
        miss=EXCLUDED,
    ),
    Rule(
        RuleCode.EXCLUDED_POSTCODE,
        ExclusionCode.RULES,
        "This service excludes the destination postcode.",
        fails=lambda question, _: question.lane.excluding_postcode,
        expected=_excluded,
        actual=_destination,
        miss=EXCLUDED,
    ),
    *FLAG_RULES,
    Rule(
        RuleCode.NO_CALENDAR,
        ExclusionCode.AVAILABILITY,
        "Service availability data not configured",
        fails=lambda question, _: question.lane.uncollected,
        expected=of_service(lambda service: f"a collection calendar for {service.legs[0].carrier.reference}"),
        actual=_origin,
        miss=NO_CALENDAR,
    ),
    *LIMIT_RULES,
    Rule(
        RuleCode.DATES,
        ExclusionCode.AVAILABILITY,
        "This service is not available for the selected collection/delivery dates.",
        fails=lambda question, _: question.table.late | question.pricing.out_of_days,
        expected=earliest_dates,
        actual=asked_dates,
        miss=DATES,
    ),
    Rule(
        RuleCode.LIMIT,
        ExclusionCode.RULES,
        "This service has reached its allocation limit for the day.",
        fails=_limit_reached,
        expected=_room,
        actual=lambda _: "one more",
        miss=LIMIT,
    ),
    *PRICE_RULES,
)
