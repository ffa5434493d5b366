"""Says for each failed check what the service wanted and what the consignment was."""

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.domain.consignment import Money
from allocation.engine import checks
from allocation.engine.calendars import SEARCH_DAYS
from allocation.engine.catalogue import Range, Service
from allocation.engine.checks import Check
from allocation.engine.engine import Engine, Question
from allocation.engine.inquiries import Inquiry
from allocation.engine.promises import Promise

LISTED: Final = 6
"""How many of a list of places or tags are named."""
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INWARD_CODE: Final = re.compile(r"( [0-9])[A-Z]{2}$")


def expected(check: Check, engine: Engine, question: Question, position: int) -> str:
    """What the service at a position wants of the consignment."""
    told = _EXPECTED_HERE.get(check.code)
    return told(engine, question, position) if told else _EXPECTED[check.code](engine.index.services[position])


def actual(check: Check, inquiry: Inquiry) -> str:
    """What the consignment is, or asks for; no more of an address than its country or postcode area."""
    return _ACTUAL[check.code](inquiry)


def range_text(bounds: Range, unit: str) -> str:
    """A closed range in words.

    >>> range_text(Range(None, Decimal("30")), "Kg")
    'at most 30 Kg'
    """
    if bounds.minimum is None:
        return "any" if bounds.maximum is None else f"at most {plain(bounds.maximum)} {unit}"
    if bounds.maximum is None:
        return f"at least {plain(bounds.minimum)} {unit}"
    return f"{plain(bounds.minimum)} to {plain(bounds.maximum)} {unit}"


def plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _listed(items: Iterable[str]) -> str:
    ordered = sorted(items)
    more = f" and {len(ordered) - LISTED} more" if len(ordered) > LISTED else ""
    return ", ".join(ordered[:LISTED]) + more if ordered else "none"


def _places(keys: Iterable[str]) -> str:
    """Places as a catalogue writes them."""
    return _listed(key.replace(":", "-") for key in keys)


def _span(values: Iterable[Decimal], unit: str) -> str:
    ordered = sorted(values)
    lowest, highest = plain(ordered[0]), plain(ordered[-1])
    return f"{lowest} {unit}" if lowest == highest else f"{lowest} to {highest} {unit}"


def _money(value: Money | None) -> str:
    return "any" if value is None else f"at most {plain(value.amount)} {value.currency}"


def _asked_dates(inquiry: Inquiry) -> str:
    promise, parts = inquiry.promise, []
    if promise.ship_on is not None:
        parts.append(f"ship on {date.fromordinal(promise.ship_on)}")
    if promise.deliver_on is not None:
        parts.append(f"deliver {'on' if promise.exactly else 'by'} {date.fromordinal(promise.deliver_on)}")
    return ", ".join(parts) or "any"


def _area(places: tuple[str, ...]) -> str:
    """The country, with the postcode area or ZIP3 where there is one."""
    return " ".join(places[-3].split(":")) if len(places) > 2 else places[0]


def _not_excluded(engine: Engine, question: Question, position: int) -> str:
    """The entries that exclude the destination, a postcode unit by its sector: the rest would tell where someone lives.

    How many others there are follows.
    """
    excluded = engine.index.services[position].excluded
    matching = [_INWARD_CODE.sub(r"\1", key) for key in question.inquiry.destination if key in excluded]
    others = len(excluded) - len(matching)
    more = f" (and {others} more)" if others else ""
    return f"not in {_places(matching)}{more}"


def _earliest_dates(engine: Engine, question: Question, position: int) -> str:
    """The first collection and the delivery after it, were nothing promised, and the weekdays it delivers on."""
    entry = question.lane.dates(Promise(), question.moment).dates.get(position)
    if entry is None:
        last_day = date.fromordinal(engine.catalogue.last_day)
        return f"a collection within {SEARCH_DAYS} days and a delivery up to {last_day}, the catalogue's last day"
    _, dates = entry
    collected, delivered = date.fromordinal(dates.collection_day), date.fromordinal(dates.delivery_day)
    days = _weekdays(engine.index.services[position].weekdays)
    return f"collected {collected}, delivered {delivered} at the earliest ({days})"


def _weekdays(delivers: tuple[bool, ...]) -> str:
    """The days by name; more than two in a row by the first and the last.

    >>> _weekdays((True, True, True, True, True, False, False))
    'Mon-Fri'
    >>> _weekdays((True, False, True, False, False, True, True))
    'Mon Wed Sat Sun'
    """
    days = [number for number, on in enumerate(delivers) if on]
    if len(days) > 2 and days[-1] - days[0] + 1 == len(days):
        return f"{WEEKDAYS[days[0]]}-{WEEKDAYS[days[-1]]}"
    return " ".join(WEEKDAYS[day] for day in days)


def _rate(engine: Engine, question: Question, position: int) -> str:
    """The zones it has rates for or, where one is right, where that rate ends and the weight it was asked for."""
    rate = question.lane.rates.get(position)
    if rate is None:
        return f"a rate among {_listed(rate.zone for rate in engine.index.services[position].rates)}"
    last = rate.limits[-1] if rate.last_weight is None else max(rate.limits[-1], rate.last_weight)
    weights = engine.book.chargeable_weights(question.pricing, position)
    return f"zone {rate.zone} up to {plain(last)} Kg; chargeable weight {_span(weights, 'Kg')}"


def _room(engine: Engine, question: Question, position: int) -> str:
    """The limit and the day that it is of."""
    limit = engine.limit(position, question.table.dates[position][1])
    return f"at most {limit.most} collected on {limit.on.day}" if limit else "any number"


_EXPECTED_HERE: Final[dict[str, Callable[[Engine, Question, int], str]]] = {
    checks.EXCLUDED_COUNTRY.code: _not_excluded,
    checks.EXCLUDED_POSTCODE.code: _not_excluded,
    checks.DATES.code: _earliest_dates,
    checks.NO_PRICE.code: _rate,
    checks.LIMIT.code: _room,
}
"""Where it depends on what is asked, too."""

_EXPECTED: Final[dict[str, Callable[[Service], str]]] = {
    checks.NOT_IN_GROUP.code: lambda _: "in the group",
    checks.NOT_REQUESTED.code: lambda service: service.reference,
    checks.DISABLED.code: lambda _: "enabled",
    checks.DIRECTION.code: lambda service: service.direction,
    checks.PICK_UP.code: lambda service: _listed(service.features),
    checks.DROP_OFF.code: lambda service: _listed(service.features),
    checks.ORIGIN.code: lambda service: _places((*service.origins, *(service.locations or ()))),
    checks.DESTINATION.code: lambda service: _places(service.destinations),
    checks.WEIGHT.code: lambda service: range_text(service.weight, "Kg"),
    checks.LENGTH.code: lambda service: range_text(service.length, "Cm"),
    checks.GIRTH.code: lambda service: range_text(service.girth, "Cm"),
    checks.VALUE.code: lambda service: _money(service.maximum_value),
    checks.TAGS.code: lambda service: _listed(service.tags),
    checks.NO_CALENDAR.code: lambda service: f"a collection calendar for {service.legs[0].carrier.reference}",
    checks.CURRENCY.code: lambda service: f"an exchange rate for {service.currency}",
}

_ACTUAL: Final[dict[str, Callable[[Inquiry], str]]] = {
    checks.NOT_IN_GROUP.code: lambda _: "not in the group",
    checks.NOT_REQUESTED.code: lambda _: "another service",
    checks.DISABLED.code: lambda _: "disabled",
    checks.DIRECTION.code: lambda inquiry: inquiry.direction,
    checks.PICK_UP.code: lambda _: "pickUp",
    checks.DROP_OFF.code: lambda _: "dropOff",
    checks.ORIGIN.code: lambda inquiry: inquiry.location or _area(inquiry.origin),
    checks.DESTINATION.code: lambda inquiry: _area(inquiry.destination),
    checks.EXCLUDED_COUNTRY.code: lambda inquiry: _area(inquiry.destination),
    checks.EXCLUDED_POSTCODE.code: lambda inquiry: _area(inquiry.destination),
    checks.WEIGHT.code: lambda inquiry: _span((package.weight for package in inquiry.packages), "Kg"),
    checks.LENGTH.code: lambda inquiry: _span((package.length for package in inquiry.packages), "Cm"),
    checks.GIRTH.code: lambda inquiry: _span((package.girth for package in inquiry.packages), "Cm"),
    checks.VALUE.code: lambda inquiry: " + ".join(f"{plain(value)} {key}" for key, value in inquiry.values.items()),
    checks.TAGS.code: lambda inquiry: _listed(inquiry.tags),
    checks.NO_CALENDAR.code: lambda inquiry: inquiry.location or _area(inquiry.origin),
    checks.DATES.code: _asked_dates,
    checks.NO_PRICE.code: lambda inquiry: (
        f"{_area(inquiry.destination)}, {plain(sum((package.weight for package in inquiry.packages), Decimal(0)))} Kg"
    ),
    checks.CURRENCY.code: lambda _: "none for the day",
    checks.LIMIT.code: lambda _: "one more",
}
