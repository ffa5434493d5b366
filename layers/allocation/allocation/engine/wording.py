"""Says for each failed check what the service wanted and what the consignment was."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from allocation.domain.consignments import Money
from allocation.engine import checks
from allocation.engine.catalogue import Range, Service
from allocation.engine.checks import Check
from allocation.engine.inquiries import Inquiry

LISTED: Final = 6
"""How many of a list of places or tags are named."""


def expected(check: Check, service: Service) -> str:
    """What the service wants of the consignment."""
    return _EXPECTED[check.code](service)


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


_EXPECTED: Final[dict[str, Callable[[Service], str]]] = {
    checks.NOT_IN_GROUP.code: lambda _: "in the group",
    checks.NOT_REQUESTED.code: lambda service: service.reference,
    checks.DISABLED.code: lambda _: "enabled",
    checks.DIRECTION.code: lambda service: service.direction,
    checks.PICK_UP.code: lambda service: _listed(service.features),
    checks.DROP_OFF.code: lambda service: _listed(service.features),
    checks.ORIGIN.code: lambda service: _listed((*service.origins, *(service.locations or ()))),
    checks.DESTINATION.code: lambda service: _listed(service.destinations),
    checks.EXCLUDED_COUNTRY.code: lambda service: f"none of {_listed(_excluded(service, postcodes=False))}",
    checks.EXCLUDED_POSTCODE.code: lambda service: f"none of {_listed(_excluded(service, postcodes=True))}",
    checks.WEIGHT.code: lambda service: range_text(service.weight, "Kg"),
    checks.LENGTH.code: lambda service: range_text(service.length, "Cm"),
    checks.GIRTH.code: lambda service: range_text(service.girth, "Cm"),
    checks.VALUE.code: lambda service: _money(service.maximum_value),
    checks.TAGS.code: lambda service: _listed(service.tags),
    checks.NO_CALENDAR.code: lambda service: f"a collection calendar for {service.legs[0].carrier.reference}",
    checks.DATES.code: lambda _: "dates that the service can keep",
    checks.NO_PRICE.code: lambda service: f"a rate among {_listed(rate.zone for rate in service.rates)}",
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
}


def _excluded(service: Service, *, postcodes: bool) -> list[str]:
    return [place for place in service.excluded if (":" in place) is postcodes]
