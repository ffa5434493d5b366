"""What is sound of a catalogue with mistakes of form, so that its parts are checked against each other all the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from cli.catalogue.consistency import find_problems
from cli.catalogue.document import CatalogueDocument
from cli.catalogue.problems import Problem
from cli.catalogue.validation import Location, location_of

_BANDS: Final = [{"upTo": 1, "price": 0}]
OF_THE_ROOT: Final[Mapping[str, Any]] = {
    "version": "unknown",
    "currency": "GBP",
    "timeZone": "UTC",
    "years": {"first": 2000, "last": 2000},
    "taxes": {"any": {"rate": 0, "destinations": ["*"]}},
}
OF_CARRIERS: Final[Mapping[str, Any]] = {
    "name": "unknown",
    "origins": ["*"],
    "destinations": ["*"],
    "rates": [{"zone": "*", "transitDays": 0, "bands": _BANDS}],
    "transitDays": 0,
    "bands": _BANDS,
    "price": 0,
}
"""What stands in for fields that have to be there, so that the part that they belong to need not be left out."""
MONEY_FIELDS: Final = ("currency", "maximumValue")
"""Of these nothing can be said where the catalogue's own currency is not known."""


def problems_between_sound_parts(content: Any, error: ValidationError) -> list[Problem]:
    """What is wrong between the parts of a document, apart from its mistakes of form and what follows from them."""
    unsound: set[Location] = set()
    names: set[str] = set()
    while True:
        wrong = {mendable(content, location_of(details)) for details in error.errors()}
        if () in wrong or wrong <= unsound:
            return []
        unsound |= wrong
        names.update(name for location in wrong for name in (location[-1], *names_left_out(content, location)))
        content = mended(content, wrong)
        try:
            document = CatalogueDocument.model_validate(content)
        except ValidationError as still:
            error = still
        else:
            return [problem for problem in find_problems(document) if not follows(problem, unsound, names)]


def stand_in(location: Location) -> Any:
    """What stands in for what is wrong or missing at a location; None where the part is left out."""
    return (OF_THE_ROOT if len(location) == 1 else OF_CARRIERS if location[0] == "carriers" else {}).get(location[-1])


def mendable(content: Any, location: Location) -> Location:
    """The location itself where it is there or has a stand-in, else that of the part that lacks it."""
    if location and stand_in(location) is not None and isinstance(part_at(content, location[:-1]), dict):
        return location
    while location and not is_there(content, location):
        location = location[:-1]
    return location


def is_there(content: Any, location: Location) -> bool:
    """Whether the document has a part at a location, be it null."""
    holder, name = part_at(content, location[:-1]), location[-1]
    if isinstance(holder, list):
        return name.isdecimal() and int(name) < len(holder)
    return isinstance(holder, dict) and name in holder


def part_at(content: Any, location: Location) -> Any:
    """The part of the document at a location; None where there is none."""
    for name in location:
        if isinstance(content, list):
            content = content[int(name)] if name.isdecimal() and int(name) < len(content) else None
        else:
            content = content.get(name) if isinstance(content, dict) else None
    return content


def mended(content: Any, wrong: Iterable[Location], path: Location = ()) -> Any:
    """The document with stand-ins at these locations, or nothing; of a list what comes before, as its numbers count."""
    inside = [location for location in wrong if location[: len(path)] == path]
    if isinstance(content, list):
        end = min((int(location[-1]) for location in inside if len(location) == len(path) + 1), default=len(content))
        return [mended(item, inside, (*path, str(number))) for number, item in enumerate(content[:end])]
    if not isinstance(content, dict) or not inside:
        return content
    here = {location for location in inside if len(location) == len(path) + 1}
    parts = {name: mended(item, inside, (*path, name)) for name, item in content.items() if (*path, name) not in here}
    return parts | {location[-1]: found for location in here if (found := stand_in(location)) is not None}


def names_left_out(content: Any, location: Location) -> Iterator[str]:
    """Every name and value in a part that is left out; of a list in what comes after it, too."""
    holder = part_at(content, location[:-1])
    rest = holder[int(location[-1]) :] if isinstance(holder, list) else part_at(content, location)
    yield from names_in(rest)


def names_in(part: Any) -> Iterator[str]:
    """Every name and value in a part of the document."""
    if isinstance(part, dict):
        for name, item in part.items():
            yield name
            yield from names_in(item)
    elif isinstance(part, list):
        for item in part:
            yield from names_in(item)
    elif part is not None:
        yield str(part)


def follows(problem: Problem, unsound: Iterable[Location], names: set[str]) -> bool:
    """Whether a problem may come from what is not sound: it names that, or is of a part that holds it."""
    if str(problem.value) in names:
        return True
    *place, field = problem.path.split(".")
    if ("currency",) in unsound and field in MONEY_FIELDS:
        return True
    if field == "above" and any(location[: len(place) - 1] == (*place[:-2], "weight") for location in unsound):
        return True
    return any(f"{'.'.join(location)}.".startswith(f"{problem.path}.") for location in unsound)
