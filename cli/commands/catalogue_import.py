"""`carrier catalogue import`: a catalogue written of what another system exports."""

from datetime import UTC, datetime
from pathlib import Path

import click

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.karrio_import import Start, import_sheets
from cli.catalogue.karrio_sheets import KarrioSheet, KarrioSheetError, read_sheets
from cli.catalogue.reading import read_catalogue
from cli.commands.catalogue_files import in_words, report_problems, summary
from cli.commands.options import ExampleCommand, WholeNumber, json_option
from cli.errors import DONE, UsageError
from cli.input_files import shown_name, write_text
from cli.output import print_json, print_text, printable, progress_console


@click.command(
    "import",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue import --karrio rate-sheet.json --origin DE > imported.yaml",
        "carrier catalogue import --karrio sheets --origin DE --output imported.yaml",
    ],
    short_help="Write a catalogue of karrio's rate sheets.",
)
@click.option(
    "--karrio",
    required=True,
    metavar="PATH",
    help="A rate sheet (JSON, YAML or CSV), or a folder with services.csv files.",
)
@click.option("--origin", required=True, metavar="COUNTRY", help="Where consignments start, such as DE.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of the catalogue, such as Europe/Berlin.")
@click.option("--transit-days", type=WholeNumber(0, 60), default=3, show_default=True, help="Where a sheet has none.")
@click.option("--output", default="", metavar="FILE", help="Write here.  [default: standard output]")
@json_option
def import_command(karrio: str, origin: str, time_zone: str, transit_days: int, output: str, *, as_json: bool) -> int:
    """Write a catalogue of the services, zones, prices and surcharges of karrio's rate sheets.

    Taxes, calendars and locations are not in them: complete those. What can't be written is listed.

    Exit status 1 if the catalogue has problems. They are listed, and it is written.
    """
    if as_json and not output:
        raise UsageError("--json says what was imported: add --output, for example --output imported.yaml.")
    start = Start(origin.upper(), time_zone, datetime.now(UTC).year, transit_days)
    found = import_sheets(_karrio_sheets(karrio), start)
    if output:
        write_text(output, found.text)
    else:
        click.echo(found.text, nl=False)
    if not as_json:
        for sentence in found.left_out:
            print_text(printable(f"Left out: {sentence}."), progress_console())
    try:
        written = read_catalogue(found.text)
    except CatalogueProblemsError as error:
        return report_problems(output or "the catalogue", error, as_json=as_json, console=progress_console())
    if as_json:
        left_out = list(found.left_out)
        print_json({"file": output, "valid": True, "catalogue": summary(written), "problems": [], "leftOut": left_out})
        return DONE
    print_text(f"{printable(output or 'the catalogue')}: {in_words(written)}.", progress_console())
    return DONE


def _karrio_sheets(path: str) -> list[KarrioSheet]:
    try:
        return read_sheets(Path(path))
    except KarrioSheetError as error:
        raise UsageError(f"{shown_name(path)} {error}. Name an export of a rate sheet, or karrio's folder.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Can't read {shown_name(path)}: {getattr(error, 'strerror', None) or error}.") from error
