"""The rules on prices: a service has one for the consignment, and it can be compared with others."""

from decimal import Decimal
from typing import Final

from allocation.engine.inquiries import Inquiry
from allocation.engine.limit_rules import incomparable_values
from allocation.engine.masks import Mask
from allocation.engine.price_sentences import CURRENCY, NO_PRICE, missing_currencies, priced
from allocation.engine.question import Question
from allocation.engine.rule import ExclusionCode, Rule, RuleCode
from allocation.engine.wording import area_text, plain


def _unpriced(question: Question, _: Mask) -> Mask:
    """Return the services that reach the destination and have no price for it."""
    mask = 0
    for cell in question.cells:
        mask |= cell.unpriced
    return mask & ~question.lane.not_reaching


def _incomparable(question: Question, _: Mask) -> Mask:
    """Return the services whose price or whose limit of a value needs an exchange rate that the day does not have."""
    mask = 0
    for cell in question.cells:
        mask |= cell.incomparable
    return (mask & ~question.lane.not_reaching) | incomparable_values(question)


def _destination_and_weight(inquiry: Inquiry) -> str:
    weight = sum((package.weight for package in inquiry.packages), Decimal(0))
    return f"{area_text(inquiry.destination)}, {plain(weight)} Kg"


PRICE_RULES: Final = (
    Rule(
        RuleCode.NO_PRICE,
        ExclusionCode.RATES,
        "No cost and/or pricing data configured",
        fails=_unpriced,
        expected=priced,
        actual=_destination_and_weight,
        miss=NO_PRICE,
    ),
    Rule(
        RuleCode.CURRENCY,
        ExclusionCode.RATES,
        "The catalogue has no exchange rate for this service's currency, or the value's, on that day.",
        fails=_incomparable,
        expected=lambda question, position: f"an exchange rate for {missing_currencies(question, position)}",
        actual=lambda _: "none for the day",
        miss=CURRENCY,
    ),
)
