"""Zones in CSV files of their own: their rows take the place of `{file: remote.csv}` before a catalogue is checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.catalogue.catalogue_problems import CatalogueProblem, key_path
from cli.catalogue.place_notation import PlaceNotationError
from cli.catalogue.zone_rows import COLUMNS, ZoneFileError, csv_rows, place_of_row

# Where the rows of a file with lanes say that they start.
_ORIGIN_COLUMNS: Final = {f"origin{name}": name for name in COLUMNS}
_ZONE_COLUMN: Final = "zone"
# The first mistakes say what is wrong; a file with 40,000 rows may have as many.
_MAX_TOLD: Final = 20
# Columns that are told, and characters of each.
_MAX_NAMED: Final = 8
_MAX_NAME: Final = 40
_FORM: Final = 'write a list of places, {file: remote.csv}, or {file: zones.csv, zone: "8"} for some of its rows'


@dataclass(slots=True)
class _FileZone:
    """The rows of one zone of a file: places, and lanes by where they start; each once, in their order."""

    places: dict[str, None] = field(default_factory=dict)
    lanes: dict[str, dict[str, None]] = field(default_factory=dict)

    def items(self) -> list[Any]:
        """Return the rows as a catalogue writes them."""
        lanes = [{"origins": [origin], "destinations": list(ends)} for origin, ends in self.lanes.items()]
        return [*self.places, *lanes]


def with_zone_files(content: Any, folder: Path | None) -> list[CatalogueProblem]:
    """Put the rows of its file in the place of each zone `{file: ...}` of a catalogue. Return what is wrong."""
    zones = content.get("zones") if isinstance(content, dict) else None
    problems: list[CatalogueProblem] = []
    if not isinstance(zones, dict):
        return problems
    files: dict[Path, Mapping[str | None, _FileZone]] = {}
    for name, zone in zones.items():
        if not isinstance(zone, dict):
            continue
        path = key_path("zones", name)
        zones[name] = []
        if "file" not in zone or not zone.keys() <= {"file", "zone"} or not all(_texts(zone.values())):
            problems.append(CatalogueProblem(path, None, _FORM))
        elif folder is None:
            fix = "is a file, and the catalogue is none: name the catalogue's file"
            problems.append(CatalogueProblem(key_path(*path, "file"), zone["file"], fix))
        else:
            try:
                zones[name] = _zone_items(files, _path_below(folder, zone["file"]), zone.get("zone"))
            except ZoneFileError as error:
                problems += (CatalogueProblem(key_path(*path, "file"), None, mistake) for mistake in error.mistakes)
    return problems


def _path_below(folder: Path, name: str) -> Path:
    """Return the path of a file in or below a folder. Raises `ZoneFileError`: a problem tells what is in a file."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ZoneFileError([f"{path.name} is not in the folder of the catalogue: copy it there"])
    if path.exists() and not path.is_file():
        raise ZoneFileError([f"{path.name} is no file: name a file, relative to the catalogue"])
    return path


def _texts(values: Any) -> Iterator[bool]:
    return (isinstance(value, str) for value in values)


def _zone_items(files: dict[Path, Mapping[str | None, _FileZone]], path: Path, zone: str | None) -> list[Any]:
    """Return the rows of a zone of a file, or all of them; `files` keeps what was read."""
    if path not in files:
        files[path] = _read(path)
    found = files[path].get(zone)
    if found is None:
        known = ", ".join(sorted(filter(None, files[path]))[:8]) or "none"
        raise ZoneFileError([f"{path.name} has no rows of the zone {zone!r}: its column zone has {known}"])
    return found.items()


def _read(path: Path) -> dict[str | None, _FileZone]:
    """Return the zones of a file by what its column `zone` says, and under None all of its rows."""
    rows = csv_rows(path)
    header = _header(path.name, next(rows, (0, []))[1])
    zones: dict[str | None, _FileZone] = {}
    mistakes = []
    for line, cells in rows:
        row = dict(zip(header, cells, strict=False))
        try:
            _add(zones, row)
        except PlaceNotationError as error:
            mistakes.append(f"line {line} of {path.name}: {error}")
    if mistakes:
        more = [f"and {len(mistakes) - _MAX_TOLD} more of {path.name}"] if len(mistakes) > _MAX_TOLD else []
        raise ZoneFileError([*mistakes[:_MAX_TOLD], *more])
    if not zones:
        raise ZoneFileError([f"{path.name} has no rows: write at least one"])
    return zones


def _header(file: str, cells: Sequence[str]) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    if "country" not in header or not set(header) <= {*COLUMNS, *_ORIGIN_COLUMNS, _ZONE_COLUMN, ""}:
        found, known = ", ".join(each[:_MAX_NAME] for each in header[:_MAX_NAMED]) or "none", ", ".join(COLUMNS)
        fix = (
            f"name country in its first line, and only {known}, originCountry ... and zone, "
            "or make a file with `carrier catalogue places`"
        )
        raise ZoneFileError([f"{file} has the columns {found}: {fix}"])
    return header


def _add(zones: dict[str | None, _FileZone], row: Mapping[str, str]) -> None:
    place = place_of_row(row)
    begin = {name: row[column] for column, name in _ORIGIN_COLUMNS.items() if row.get(column, "").strip()}
    origin = place_of_row(begin) if begin else None
    label = row.get(_ZONE_COLUMN, "").strip()
    for key in (None, label) if label else (None,):
        zone = zones.setdefault(key, _FileZone())
        (zone.places if origin is None else zone.lanes.setdefault(origin, {}))[place] = None
