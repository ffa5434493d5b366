"""Finds lists of public holidays that leave out what only parts of their country have, as Easter Monday in GB."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from holidays import country_holidays
from holidays.utils import list_supported_countries

from allocation.engine.wording import list_text
from cli.catalogue.catalogue_problems import CatalogueProblem, key_path
from cli.catalogue.written_calendars import Holidays, Years
from cli.catalogue.written_catalogue import WrittenCatalogue

# Days recur: a few years tell all that matter.
_MAX_YEARS: Final = 5
_MAX_NAMED: Final = 12


def partial_holidays(catalogue: WrittenCatalogue) -> Iterator[CatalogueProblem]:
    """Yield the lists of a whole country that leave out what only parts of it have."""
    for name, rule in catalogue.holidays.items():
        if rule.subdivision is not None or rule.national_only:
            continue
        left_out = _left_out(rule, catalogue.years)
        if left_out:
            fix = (
                f"{rule.country} without a subdivision leaves out days that only parts of it have: "
                f"{_told(left_out)}: add a subdivision ({list_text(_parts(rule.country))}), "
                "or nationalOnly: true if that is meant"
            )
            yield CatalogueProblem(key_path("holidays", name), None, fix)


def _left_out(rule: Holidays, years: Years) -> dict[str, tuple[date, set[str]]]:
    """Return the holidays that only some subdivisions have, by name: the first day of each, and its subdivisions."""
    span = range(years.first, min(years.last, years.first + _MAX_YEARS - 1) + 1)
    known = {*country_holidays(rule.country, years=span), *rule.add, *rule.remove}
    found: dict[str, tuple[date, set[str]]] = {}
    for part in _parts(rule.country):
        for day, name in sorted(country_holidays(rule.country, subdiv=part, years=span).items()):
            if day not in known:
                first, parts = found.get(name, (day, set()))
                found[name] = (min(first, day), parts | {part})
    return found


def _parts(country: str) -> Iterable[str]:
    return list_supported_countries()[country]


def _told(left_out: dict[str, tuple[date, set[str]]]) -> str:
    """Return the days in their order, those that most parts have first where not all are named."""
    frequent = sorted(left_out.items(), key=lambda item: (-len(item[1][1]), item[1][0], item[0]))[:_MAX_NAMED]
    named = [
        f"{name} ({list_text(parts, 4)}; {day})" for name, (day, parts) in sorted(frequent, key=lambda item: item[1][0])
    ]
    more = f" and {len(left_out) - len(named)} more" if len(left_out) > len(named) else ""
    return ", ".join(named) + more
