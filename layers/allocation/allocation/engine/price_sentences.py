"""How the rules of prices say why the services that come closest can't take a consignment."""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from allocation.engine.exchange import exchange_rate
from allocation.engine.loaded_catalogue import Service
from allocation.engine.loaded_prices import OF_VALUE, Rate
from allocation.engine.measures import Measure
from allocation.engine.question import Question
from allocation.engine.rule_sentences import sentence
from allocation.engine.wording import grouped, list_text, outward_text, plain, span_text


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
        return f"the service has no rate for {outward_text(question.inquiry.destination)}{when}"
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


NO_PRICE: Final = sentence(_unpriced, lambda question, position: -_last_weight(question, position))
CURRENCY: Final = sentence(
    lambda question, position: (
        f"the catalogue has no exchange rate for {missing_currencies(question, position)} on "
        f"{_day_of(question, position)}"
    )
)
