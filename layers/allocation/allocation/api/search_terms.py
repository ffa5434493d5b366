"""The terms of a search in a query string (PRO's `ConsignmentSearchTerms`): what indexes tell, and what is read."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from allocation.api.searched_values import (
    anything_of,
    country_of,
    created_at,
    locations_of,
    packages_of,
    requested_date,
    shipping_date,
    texts_of,
    tracking_of,
    value_of,
    weight_in_grams,
    weight_in_kg,
)
from allocation.consignments.changes import consignment_references
from allocation.consignments.errors import Problem, RequestError, UnknownConsignmentError
from allocation.consignments.searching import Listing, SearchTerms, Term
from allocation.consignments.store import Known
from allocation.domain.reference import ConsignmentReference
from allocation.domain.state import CARRIED, STATES

_MAX_TEXT: Final = 256
# What DynamoDB takes after an `IN` (Constraints, "Operands").
MAX_CARRIERS: Final = 100
# Between them, times can be compared and moved by days.
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_YES: Final = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# From a value as it was sent to what a consignment must be. Raises `ValueError`.
_Reader = Callable[[str], Term]


def search_terms(query: Mapping[str, str], by_customer: Callable[[str], list[ConsignmentReference]]) -> SearchTerms:
    """Return the terms of a query, whose names are in lower case. `by_customer` finds a sender's own reference.

    Raises `RequestError`, which names every term that can't be read.
    """
    given = {name: text.strip() for name, text in query.items() if text.strip()}
    problems = [Problem("Unknown", name[:64], "is no term of a search") for name in given if name not in NAMES]
    others: list[Term] = []
    for name, text in given.items():
        if reader := _READERS.get(name):
            try:
                others.append(reader(text[:_MAX_TEXT]))
            except ValueError as error:
                problems.append(Problem("Invalid", name, str(error)))
    if problems:
        raise RequestError("ValidationException", "The search has invalid terms: see Details.", problems=problems)
    listing, direct = _listing(given), _direct(given, by_customer)
    if direct is not None:
        others += _told_by_listing(listing)
    return SearchTerms(listing, direct, tuple(others))


def _listing(given: Mapping[str, str]) -> Listing:
    """Return what of a query the indexes can answer."""
    states: tuple[str, ...] = STATES
    if "state" in given:
        wanted = {each.strip().casefold() for each in given["state"].split(",")}
        states = tuple(each for each in STATES if each.casefold() in wanted)
    carriers = frozenset(filter(None, (each.strip() for each in given.get("carriers", "").split(",")))) or None
    if carriers is not None and len(carriers) > MAX_CARRIERS:
        text = f"Carriers has {len(carriers)} references: send at most {MAX_CARRIERS}, or none to search them all."
        raise RequestError("ValidationException", text)
    service = given.get("carrierservice")
    if carriers is not None or service is not None:
        states = tuple(each for each in states if each in CARRIED)
    since = [read_moment(given[name]) for name in ("createddatefrom", "startfrom") if name in given]
    return Listing(states, carriers, service, max(since, default=None))


def _direct(
    given: Mapping[str, str], by_customer: Callable[[str], list[ConsignmentReference]]
) -> list[ConsignmentReference] | None:
    """Return the consignments that a query names, or None where it names none."""
    of_name: dict[str, Callable[[str], Iterable[ConsignmentReference]]] = {
        "reference": _named,
        "consignmentnumber": _named,
        "referenceprovidedbycustomer": by_customer,
        "clientreference": by_customer,
    }
    found = [set(find(given[name])) for name, find in of_name.items() if name in given]
    return sorted(set.intersection(*found)) if found else None


def _named(text: str) -> Iterator[ConsignmentReference]:
    try:
        yield from consignment_references(text)
    except UnknownConsignmentError:
        return


def _told_by_listing(listing: Listing) -> Iterator[Term]:
    """Yield what an index would have told of consignments that are named."""
    carriers, service = listing.carriers, listing.service
    if carriers is not None:
        yield lambda known: (known.record.carrier_reference if known.record else None) in carriers
    if service is not None:
        yield lambda known: (known.record.carrier_service_reference if known.record else None) == service


def _folded(text: str) -> str:
    """Return a text as it is compared: without case and spaces."""
    return "".join(text.split()).casefold()


def _equal(of: Callable[[Known], Iterator[str]]) -> _Reader:
    return lambda text: lambda known: _folded(text) in map(_folded, of(known))


def _labels(text: str) -> Term:
    wanted = _YES.get(text.casefold())
    if wanted is None:
        raise ValueError("must be true or false")
    return lambda known: (known.labels_given is not None) is wanted


def _number(of: Callable[[Known], Decimal | None], *, least: bool) -> _Reader:
    def reader(text: str) -> Term:
        try:
            bound = Decimal(text)
        except InvalidOperation as error:
            raise ValueError("must be a number") from error
        if not bound.is_finite():
            raise ValueError("must be a number")

        def term(known: Known) -> bool:
            value = of(known)
            return value is not None and (value >= bound if least else value <= bound)

        return term

    return reader


def read_moment(text: str) -> datetime:
    """Return a moment in aware UTC; a day begins at 00:00 UTC. Raises `ValueError`."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise ValueError("must be a date or a time such as 2026-11-26T09:00:00Z") from error
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise ValueError(f"must lie between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment_named(text: str, name: str) -> datetime:
    """Return a moment of a request in aware UTC. Raises `RequestError`, whose text begins with the name."""
    try:
        return read_moment(text)
    except ValueError as error:
        raise RequestError("ValidationException", f"{name} {error}.") from error


def moment_of(given: Any) -> datetime | None:
    """Return a date or a time that a consignment has, in aware UTC; None for none, and for one of no likely year."""
    try:
        return read_moment(str(given)) if given else None
    except ValueError:
        return None


def _time(of: Callable[[Known], Any], *, least: bool) -> _Reader:
    def reader(text: str) -> Term:
        bound = read_moment(text)
        if not least and _DAY.fullmatch(text):
            bound += timedelta(days=1, microseconds=-1)

        def term(known: Known) -> bool:
            given = of(known)
            if not given:
                return False
            moment = given if isinstance(given, datetime) else read_moment(str(given))
            return moment >= bound if least else moment <= bound

        return term

    return reader


_DATES: Final[Mapping[str, Callable[[Known], Any]]] = {
    "createddate": created_at,
    "shippingdate": shipping_date,
    "shippeddate": lambda known: known.record.dispatched_at if known.record else None,
    "scheduleddeliverydate": lambda known: known.record.delivered_by if known.record else None,
    "requesteddeliverydate": requested_date,
}
_NUMBERS: Final = {"weightingrams": weight_in_grams, "weightinkg": weight_in_kg, "value": value_of}
_READERS: Final[Mapping[str, _Reader]] = {
    "direction": lambda text: lambda known: known.direction.casefold() == text.casefold(),
    "trackingreference": _equal(tracking_of),
    "labelsprinted": _labels,
    "source": _equal(lambda known: iter([str(known.stored.content.get("Source"))] if known.stored else [])),
    "postcode": _equal(lambda known: texts_of(known, "postcode")),
    "shippinglocationreference": _equal(locations_of),
    "destinationcountrycode": _equal(country_of),
    "destinationregion": _equal(lambda known: texts_of(known, "region")),
    "packagenumber": _equal(packages_of),
    "searchterm": _equal(anything_of),
    "startfrom": _time(created_at, least=True),
    "endat": _time(created_at, least=False),
    **{f"{name}from": _time(of, least=True) for name, of in _DATES.items()},
    **{f"{name}to": _time(of, least=False) for name, of in _DATES.items()},
    **{f"{name}from": _number(of, least=True) for name, of in _NUMBERS.items()},
    **{f"{name}to": _number(of, least=False) for name, of in _NUMBERS.items()},
}
_LISTED: Final = ("state", "carriers", "carrierservice")
_DIRECT: Final = ("reference", "consignmentnumber", "referenceprovidedbycustomer", "clientreference")
# The names of all terms, in lower case.
NAMES: Final = frozenset({*_LISTED, *_DIRECT, *_READERS})
