"""Rows of CSV files with places: how a file is read, and how a row names a place."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from allocation.domain.postcodes import UK_POSTCODE_COUNTRIES, uk_parts
from cli.catalogue.place_notation import PlaceNotationError, place_to_keys

COLUMNS: Final = ("country", "postcode", "region")
_MAX_BYTES: Final = 64 * 1024 * 1024

_UK_DISTRICT: Final = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9]?)")


class ZoneFileError(ValueError):
    """A file can't be used as a zone. Each of `mistakes` says where, and what to write."""

    def __init__(self, mistakes: Iterable[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("; ".join(self.mistakes))


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
    return _place(row.get("country") or "", row.get("postcode") or "", row.get("region") or "")


@lru_cache(maxsize=131_072)
def _place(*cells: str) -> str:
    place = _written(*(cell.strip().upper() for cell in cells))
    place_to_keys(place)
    return place


def _written(country: str, postcode: str, region: str) -> str:
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
