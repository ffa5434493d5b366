"""Makes a zone's file of a carrier's list: columns by the names that lists have, rows from one postcode to another."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pycountry

from allocation.domain.countries import read_country
from allocation.domain.postcode_forms import digits_of
from allocation.domain.postcodes import UK_POSTCODE_COUNTRIES, postcode_of, uk_parts
from allocation.domain.territories import prefix_country
from cli.catalogue.place_notation import PlaceNotationError
from cli.catalogue.zone_rows import COLUMNS, ZoneFileError, csv_rows, place_of_row

# What lists call a column, in lower case and letters only.
_COLUMN_NAMES: Final = {
    "country": "country countrycode countryiso countryname iso isocode destinationcountry ctry",
    "postcode": "postcode postalcode zip zipcode prefix postcodeprefix zipprefix plz",
    "first": "from postcodefrom frompostcode postalcodefrom frompostalcode zipfrom fromzip start postcodestart "
    "startpostcode low postcodelow zipstart begin",
    "last": "to postcodeto topostcode postalcodeto topostalcode zipto tozip end postcodeend "
    "endpostcode high postcodehigh zipend",
}
_COLUMNS: Final = {name: column for column, names in _COLUMN_NAMES.items() for name in names.split()}
_UNIT: Final = re.compile(r"(.+ [0-9])[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class ImportedPlaces:
    """The rows of a zone's file in order, how many rows the list had, and what is not in the file and why."""

    rows: Sequence[tuple[str, str, str]]
    read: int
    unused_columns: Sequence[str]
    left_out: Sequence[str]


def import_places(path: Path, country: str | None = None) -> ImportedPlaces:
    """Read a carrier's list; `country` is that of rows without one. Raises `ZoneFileError`."""
    lines = csv_rows(path)
    header = next(lines, (0, []))[1]
    columns = [_column(name) for name in header]
    if not ({"postcode", "first"} & set(columns)) or not (country or "country" in columns):
        fix = "its first line must name country and postcode, or from and to; say the country with --country"
        raise ZoneFileError([f"{path.name} has the columns {', '.join(header) or 'none'}: {fix}"])
    rows: set[tuple[str, str, str]] = set()
    left_out = []
    number = 0
    for line, cells in lines:
        number += 1
        row = {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
        try:
            rows.add(_clean(row, country))
        except PlaceNotationError as error:
            left_out.append(f"line {line} {error}")
    unused = [name for name, column in zip(header, columns, strict=True) if not column and name.strip()]
    return ImportedPlaces(sorted(rows), number, unused, left_out)


def _column(name: str) -> str | None:
    return _COLUMNS.get("".join(filter(str.isalpha, name.lower())))


def _clean(row: Mapping[str, str], default: str | None) -> tuple[str, str, str]:
    """Return country, postcode and region as a zone's file has them. Raises `PlaceNotationError`."""
    country = _country(row.get("country") or default or "")
    postcode = _span(country, row.get("first", ""), row.get("last", "")) or _part(country, row.get("postcode", ""))
    if not postcode:
        raise PlaceNotationError("has no postcode: a row without one would be the whole country")
    home = prefix_country(country, postcode_of(country, postcode.partition("..")[0]))
    place = place_of_row(dict(zip(COLUMNS, (home, postcode, ""), strict=True)))
    return home, place.partition(":")[2], ""


def _country(text: str) -> str:
    """Return the code of a country that is written by its code or name. Raises `PlaceNotationError`."""
    if named := read_country(text):
        return named.code
    try:
        return str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        raise PlaceNotationError("has no country that is known: write its two-letter code, such as GB") from None


def _span(country: str, first: str, last: str) -> str:
    """Return a range as a catalogue writes it, or the one postcode that both ends are; empty where there is none."""
    one, other = _whole(country, first), _whole(country, last or first)
    if one == other:
        return one
    if country not in UK_POSTCODE_COUNTRIES:
        return f"{one}..{other}"
    begin, end = _UNIT.fullmatch(one), _UNIT.fullmatch(other)
    if begin and end and begin[1] == end[1] and (one[-2:], other[-2:]) == ("AA", "ZZ"):
        return begin[1]
    return f"{one}..{other}"


def _part(country: str, postcode: str) -> str:
    is_whole = country not in UK_POSTCODE_COUNTRIES and ".." not in postcode
    return postcode_of(country, postcode) if is_whole else postcode.upper()


def _whole(country: str, postcode: str) -> str:
    """Return a postcode with the zeros that a spreadsheet took away, or a UK postcode with its space."""
    if country in UK_POSTCODE_COUNTRIES:
        parts = uk_parts(postcode)
        return parts[0] if parts else postcode.upper()
    plain = postcode_of(country, postcode)
    return plain.zfill(digits_of(country) or 0) if plain.isdigit() else plain
