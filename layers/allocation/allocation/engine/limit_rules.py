"""The rules on limits: each measure of a consignment or its packages lies in the range that a service takes."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from allocation.engine.conditions import Range
from allocation.engine.inquiries import Inquiry
from allocation.engine.limit_index import Breach
from allocation.engine.loaded_catalogue import Service
from allocation.engine.masks import Mask, mask_of, positions_of
from allocation.engine.measures import Measure, Measured
from allocation.engine.question import Question
from allocation.engine.rule import ExclusionCode, Rule, RuleCode, of_service
from allocation.engine.rule_sentences import Sentence, sentence
from allocation.engine.wording import list_text, outward_text, plain, quantity, range_text, span_text

_SIZE: Final = "This service is not available for the given package dimensions/weight."
_PACKAGES: Final = "This service is not available for the given number of packages."
_PACKAGE_VALUE: Final = "This service does not carry packages of this value."
_NO_LIMIT: Final = Range()
_NOTHING: Final = Decimal(0)

# By the unit of what is measured; the rest are a shop's own rules.
_EXCLUSIONS: Final = {
    "Kg": ExclusionCode.WEIGHT,
    "Cm": ExclusionCode.DIMENSIONS,
    "cm3": ExclusionCode.DIMENSIONS,
    "times": ExclusionCode.DIMENSIONS,
    "ldm": ExclusionCode.DIMENSIONS,
}

# Returns the services that fail, of those whose limit on the measure is broken.
_Test = Callable[[Breach], Mask]


def _outside(breach: Breach) -> Mask:
    return breach.too_low | breach.too_high


def _limit(measure: Measure, code: RuleCode | None = None, text: str = _SIZE, test: _Test = _outside) -> Rule:
    """Return the rule that every value of a measure lies in the service's range; its code has the measure's name."""
    return Rule(
        code or RuleCode[measure.name],
        _EXCLUSIONS.get(measure.unit, ExclusionCode.RULES),
        text,
        _each_service(measure) if measure.of_service else _all_services(measure, test),
        _expected_of_service(measure) if measure.of_service else of_service(lambda service: _range(service, measure)),
        actual=lambda inquiry: _actual(inquiry, measure),
        miss=_measure_sentence(measure),
    )


def _all_services(measure: Measure, test: _Test) -> Callable[[Question, Mask], Mask]:
    """Return the test of a measure whose values are the same for every service."""

    def fails(question: Question, _: Mask) -> Mask:
        breach = question.breaches.get(measure)
        return 0 if breach is None else test(breach)

    return fails


def _each_service(measure: Measure) -> Callable[[Question, Mask], Mask]:
    """Return the test of a measure that depends on the service: those with a limit are asked one by one."""

    def is_outside(question: Question, position: int) -> bool:
        values = question.values(measure, position) or [_NOTHING]
        return not _bounds(question, position, measure).holds(min(values), max(values))

    def fails(question: Question, _: Mask) -> Mask:
        limited = question.index.limits.of_service.get(measure)
        if limited is None:
            return 0
        outside = (position for position in positions_of(limited) if is_outside(question, position))
        return mask_of(outside, question.index.size)

    return fails


def incomparable_values(question: Question) -> Mask:
    """Return the services whose limit of a value can't be compared with the consignment's without an exchange rate."""
    each, total = question.breaches.get(Measure.VALUE), question.breaches.get(Measure.TOTAL_VALUE)
    return (each.incomparable if each else 0) | (total.incomparable if total else 0)


def _bounds(question: Question, position: int, measure: Measure) -> Range:
    return question.service(position).limits.get(measure, _NO_LIMIT)


def _range(service: Service, measure: Measure) -> str:
    bounds = service.limits.get(measure, _NO_LIMIT)
    return range_text(bounds, bounds.currency or measure.unit)


def _expected_of_service(measure: Measure) -> Callable[[Question, int], str]:
    def expected(question: Question, position: int) -> str:
        weights = span_text(question.values(measure, position) or (), measure.unit)
        return f"{_range(question.service(position), measure)}; chargeable weight {weights}"

    return expected


def _actual(inquiry: Inquiry, measure: Measure) -> str:
    """Return the values of a consignment. Chargeable weights are made of its weight and its volume."""
    if measure is Measure.TOTAL_VALUE:
        return " + ".join(f"{plain(value)} {key}" for key, value in inquiry.values.items()) or "no value"
    if measure.is_money:
        known = (package.value for package in inquiry.packages if package.value is not None)
        return list_text({f"{plain(value.amount)} {value.currency}" for value in known})
    if measure.of_service:
        return ", ".join(_actual(inquiry, part) for part in (Measure.TOTAL_WEIGHT, Measure.TOTAL_VOLUME))
    return span_text(measure.values(Measured(inquiry.packages), None) or (), measure.unit)


def _measure_sentence(measure: Measure) -> Sentence:
    """Return the sentence about a measure that is out of a service's range."""

    def missed(question: Question, position: int) -> tuple[Decimal, Decimal | None, str]:
        values, bounds = question.values(measure, position) or [_NOTHING], _bounds(question, position, measure)
        if bounds.maximum is not None and max(values) > bounds.maximum:
            return max(values), bounds.maximum, "most"
        return min(values), bounds.minimum, "least"

    def tell(question: Question, position: int) -> str:
        value, bound, word = missed(question, position)
        package = "the package" if len(question.inquiry.packages) == 1 else "a package"
        unit = _bounds(question, position, measure).currency or measure.unit.lower()
        who = _who(question, measure, bound, word)
        subject = "the consignment" if measure.of_consignment else package
        measured = measure.clause.format(quantity(value, unit))
        return f"{subject} {measured} and the {word} {who} takes is {quantity(bound or _NOTHING, unit)}"

    def distance(question: Question, position: int) -> Decimal:
        (value, bound, _), currency = missed(question, position), _bounds(question, position, measure).currency
        far = abs(value - (bound or _NOTHING))
        return far if currency is None else _in_own_currency(question, position, far, currency)

    return sentence(tell, distance, missed)


def _in_own_currency(question: Question, position: int, amount: Decimal, currency: str) -> Decimal:
    """Return an amount in the catalogue's currency, so that services can be compared."""
    worth = question.pricing.measured(position).worth
    return worth({currency: amount}, question.index.catalogue.currency) or amount


def _who(question: Question, measure: Measure, bound: Decimal | None, word: str) -> str:
    """Return whose limit it is: that of every service the mode allows to the destination, or only of some."""
    reaching = question.index.everything & ~question.scope.outside & ~question.lane.not_reaching
    every = [_bounds(question, position, measure) for position in positions_of(reaching)]
    limits = [bounds.maximum if word == "most" else bounds.minimum for bounds in every]
    known = [limit for limit in limits if limit is not None]
    compared = len(known) > 1 and len(known) == len(limits) and len({bounds.currency for bounds in every}) == 1
    if not compared or bound != (max(known) if word == "most" else min(known)):
        return "the service"
    group = " of the group" if question.scope.outside_group else ""
    return f"any service{group} to {outward_text(question.inquiry.destination)}"


def _value(question: Question, position: int) -> str:
    worth = " + ".join(quantity(value, key) for key, value in question.inquiry.values.items()) or "nothing"
    return f"it is worth {worth} and the service takes {_range(question.service(position), Measure.TOTAL_VALUE)}"


def _value_distance(question: Question, position: int) -> Decimal:
    """Return a number that is smaller the more a service takes, so that the sentence is about the one with most."""
    bounds = _bounds(question, position, Measure.TOTAL_VALUE)
    end = bounds.maximum if bounds.maximum is not None else -(bounds.minimum or _NOTHING)
    return -_in_own_currency(question, position, end, bounds.currency or "")


def _value_rule(code: RuleCode, text: str, test: _Test) -> Rule:
    rule = _limit(Measure.TOTAL_VALUE, code, text, test)
    return replace(rule, miss=sentence(_value, _value_distance))


# A rule for each measure, from the weight of a package to the value of the consignment.
LIMIT_RULES: Final = (
    *(_limit(each, text=_PACKAGES if each is Measure.PACKAGES else _SIZE) for each in Measure if not each.is_money),
    _limit(Measure.VALUE, RuleCode.PACKAGE_VALUE, _PACKAGE_VALUE),
    _value_rule(
        RuleCode.VALUE,
        "The consignment is worth more than this service carries.",
        lambda breach: breach.too_high,
    ),
    _value_rule(
        RuleCode.VALUE_TOO_LOW,
        "The consignment is worth less than this service is for.",
        lambda breach: breach.too_low,
    ),
)
