"""`carrier catalogue places`: a carrier's list of postcodes as a zone's file."""

import csv
import io
from pathlib import Path
from typing import Any

import click

from cli.catalogue.place_import import ImportedPlaces, import_places
from cli.catalogue.zone_rows import COLUMNS, ZoneFileError
from cli.commands.options import ExampleCommand, json_option
from cli.errors import DONE, NOT_SO, UsageError
from cli.input_files import write_text
from cli.output import counted, print_json, print_text, printable, progress_console


@click.command(
    "places",
    cls=ExampleCommand,
    examples=["carrier catalogue places remote-areas.csv --output remote.csv"],
    short_help="Make a zone's file of a carrier's list of postcodes.",
)
@click.argument("file")
@click.option("--country", default="", metavar="COUNTRY", help="Of a list that has no column for it, such as DE.")
@click.option("--output", default="", metavar="FILE", help="Write here.  [default: standard output]")
@json_option
def places_command(file: str, country: str, output: str, *, as_json: bool) -> int:
    """Make a zone's file of a carrier's list of postcodes.

    The list is CSV with the columns country and postcode, or from and to.
    Countries may be written by name. Other columns are not used.

    Exit status 1 if rows can't be read. They are listed, and the others written.
    """
    if as_json and not output:
        raise UsageError("--json says what was written: add --output, for example --output remote.csv.")
    try:
        found = import_places(Path(file), country or None)
    except ZoneFileError as error:
        raise UsageError(f"{error}.") from error
    if output:
        write_text(output, _csv(found))
    else:
        click.echo(_csv(found), nl=False)
    if as_json:
        print_json(_json(file, output, found))
    else:
        _report(output, found)
    return NOT_SO if found.left_out else DONE


def _csv(found: ImportedPlaces) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *found.rows])
    return text.getvalue()


def _report(output: str, found: ImportedPlaces) -> None:
    console = progress_console()
    if found.unused_columns:
        print_text(printable(f"Columns that are not used: {', '.join(found.unused_columns)}."), console)
    for sentence in found.left_out:
        print_text(printable(f"Left out: {sentence}."), console)
    places = f"{counted(len(found.rows), 'place')} of {counted(found.read, 'row')}"
    print_text(printable(f"{output or 'The list'}: {places}."), console)


def _json(file: str, output: str, found: ImportedPlaces) -> dict[str, Any]:
    return {
        "file": file,
        "output": output,
        "rows": found.read,
        "places": len(found.rows),
        "unusedColumns": list(found.unused_columns),
        "leftOut": list(found.left_out),
    }
