"""Reads the places of a zone from a CSV file of its own: columns `country`, `postcode` and `region`."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from allocation.domain.postcodes import UK_POSTCODE_COUNTRIES, uk_parts
from cli.catalogue.catalogue_problems import CatalogueProblem, key_path
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys

COLUMNS: Final = ("country", "postcode", "region")
# The first mistakes say what is wrong; a file with 40,000 rows may have as many.
_MAX_TOLD: Final = 20
_MAX_BYTES: Final = 64 * 1024 * 1024

_UK_DISTRICT: Final = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9]?)")


class ZoneFileError(ValueError):
    """A file can't be used as a zone. Each of `mistakes` says where, and what to write."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


def with_zone_files(content: Any, folder: Path | None) -> list[CatalogueProblem]:
    """Put the places of its file in the place of each zone `{file: ...}` of a catalogue. Return what is wrong."""
    zones = content.get("zones") if isinstance(content, dict) else None
    problems: list[CatalogueProblem] = []
    if not isinstance(zones, dict):
        return problems
    for name, zone in zones.items():
        if not isinstance(zone, dict):
            continue
        path = key_path("zones", name)
        zones[name] = []
        if zone.keys() != {"file"} or not isinstance(zone["file"], str):
            problems.append(CatalogueProblem(path, None, "write a list of places, or {file: remote.csv}"))
        elif folder is None:
            fix = "is a file, and the catalogue is none: name the catalogue's file"
            problems.append(CatalogueProblem(key_path(*path, "file"), zone["file"], fix))
        else:
            try:
                zones[name] = read_zone_file(folder / zone["file"])
            except ZoneFileError as error:
                problems += (CatalogueProblem(key_path(*path, "file"), None, mistake) for mistake in error.mistakes)
    return problems


def read_zone_file(path: Path) -> list[str]:
    """Return the places of a file, each once, in their order. Raises `ZoneFileError`."""
    rows = iter(csv_rows(path))
    header = [name.strip().lower() for _, name in enumerate(next(rows, (0, []))[1])]
    if "country" not in header or not set(header) <= {*COLUMNS, ""}:
        found, known = ", ".join(header) or "none", ", ".join(COLUMNS)
        fix = f"name country in its first line, and only {known}, or make a file with `carrier catalogue places`"
        raise ZoneFileError([f"{path.name} has the columns {found}: {fix}"])
    places: dict[str, None] = {}
    mistakes = []
    for line, cells in rows:
        try:
            place = place_of_row(dict(zip(header, cells, strict=False)))
            place_to_keys(place)
        except PlaceNotationError as error:
            mistakes.append(f"line {line} of {path.name}: {error}")
        else:
            places[place] = None
    if mistakes:
        more = [f"and {len(mistakes) - _MAX_TOLD} more of {path.name}"] if len(mistakes) > _MAX_TOLD else []
        raise ZoneFileError([*mistakes[:_MAX_TOLD], *more])
    if not places:
        raise ZoneFileError([f"{path.name} has no rows: write at least one"])
    return list(places)


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each row of a CSV file with its line, empty ones left out. Raises `ZoneFileError`."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ZoneFileError([f"{path.name} is not text in UTF-8: save it as UTF-8"]) from error
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise ZoneFileError([f"can't read {path.name} ({what}): name a file, relative to the catalogue"]) from error
    if len(content) > _MAX_BYTES:
        raise ZoneFileError([f"{path.name} is larger than {_MAX_BYTES // 1024**2} MB: name a smaller file"])
    lines = text.splitlines()
    sign = max(",;\t", key=(lines or [""])[0].count)
    reader = csv.reader(lines, delimiter=sign)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ZoneFileError([f"line {reader.line_num} of {path.name} is not CSV ({error})"]) from error


def place_of_row(row: Mapping[str, str]) -> str:
    """Return a row as a catalogue writes the place. Raises `PlaceNotationError` for what can't be one.

    >>> place_of_row({"country": "gb", "postcode": "iv27 4ab"}), place_of_row({"country": "ES", "region": "CN"})
    ('GB:IV27 4AB', 'ES-CN')
    """
    country, postcode, region = ((row.get(name) or "").strip().upper() for name in COLUMNS)
    if not country:
        raise PlaceNotationError("has no country: write its two-letter code, such as GB or FR")
    if region and postcode:
        raise PlaceNotationError("has a postcode and a region: write one of them")
    if region:
        return f"{country}-{region.removeprefix(f'{country}-')}"
    if not postcode:
        return country
    return f"{country}:{_uk_form(postcode) if country in UK_POSTCODE_COUNTRIES else postcode}"


def _uk_form(postcode: str) -> str:
    """Return a UK postcode, or a part of one, with its space, which lists often leave out."""
    parts = uk_parts(postcode)
    if parts is not None:
        return parts[0]
    district = _UK_DISTRICT.fullmatch(postcode)
    return " ".join(filter(None, district.groups())) if district else postcode
