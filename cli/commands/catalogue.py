"""`carrier catalogue`: a catalogue as people write it, before functions load it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from cli.catalogue.catalogue_problems import CatalogueProblem, CatalogueProblemsError
from cli.catalogue.compilation import compile_catalogue, is_compiled
from cli.catalogue.consistency import AllocatorName
from cli.catalogue.differences import Change, differences
from cli.catalogue.holiday_warnings import find_warnings
from cli.catalogue.karrio_import import Start, import_sheets
from cli.catalogue.karrio_sheets import KarrioSheet, KarrioSheetError, read_sheets
from cli.catalogue.reading import read_catalogue
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.commands.catalogue_places import places_command
from cli.commands.options import ExampleCommand, ExampleGroup, WholeNumber, json_option, stack_option
from cli.errors import DONE, NOT_SO, UsageError
from cli.input_files import folder_of, read_text, shown_name, write_text
from cli.operations.target import target
from cli.output import counted, print_json, print_text, printable, progress_console, result_console

_allocator_option: Final = click.option(
    "--allocator",
    type=click.Choice(["engine", "pro"]),
    default="engine",
    show_default=True,
    help="Whose groups and services the routing table names: this catalogue's, or SortedPRO's.",
)


@click.group(cls=ExampleGroup, examples=["carrier catalogue check my-catalogue.yaml"])
def catalogue() -> None:
    """Check, compile, publish and compare catalogues of carrier services.

    docs/catalogue.md describes how a catalogue is written.
    """


catalogue.add_command(places_command)


@catalogue.command("check", cls=ExampleCommand, examples=["carrier catalogue check my-catalogue.yaml"])
@click.argument("file")
@_allocator_option
@json_option
def check_command(file: str, allocator: AllocatorName, *, as_json: bool) -> int:
    """Check a catalogue, and list all of its problems with their lines.

    It checks the form of the parts first, then whether they fit together. It
    warns of public holidays that a list leaves out.

    Exit status 1 if there are problems.

    """
    try:
        found = _read(file, allocator)
    except CatalogueProblemsError as error:
        return _report(file, error, as_json=as_json)
    warnings = find_warnings(found)
    if as_json:
        told = list(map(_problem_json, warnings))
        print_json({"file": file, "valid": True, "catalogue": _summary(found), "problems": [], "warnings": told})
    else:
        _warn(file, warnings, result_console())
        print_text(f"{printable(shown_name(file))}: {_in_words(_summary(found))}.")
    return DONE


@catalogue.command(
    "compile",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue compile my-catalogue.yaml > compiled.json",
        "carrier catalogue compile my-catalogue.yaml --output compiled.json --json",
    ],
    short_help="Check a catalogue, and compile it for the functions.",
)
@click.argument("file")
@click.option("--output", default="", metavar="FILE", help="Write here.  [default: standard output]")
@_allocator_option
@json_option
def compile_command(file: str, output: str, allocator: AllocatorName, *, as_json: bool) -> int:
    """Check a catalogue, and write the compiled one that functions load.

    Exit status 1 if the catalogue has problems. Then it writes nothing.
    """
    if as_json and not output:
        raise UsageError("--json says where the compiled catalogue is: add --output, for example --output new.json.")
    try:
        found = _read(file, allocator)
    except CatalogueProblemsError as error:
        return _report(file, error, as_json=as_json, console=result_console() if output else progress_console())
    _warn(file, find_warnings(found), progress_console())
    compiled = compile_catalogue(found)
    if not output:
        click.echo(compiled, nl=False)
        return DONE
    write_text(output, compiled)
    if as_json:
        print_json({"file": file, "valid": True, "catalogue": _summary(found), "output": output, "problems": []})
    else:
        print_text(f"{printable(output)}: {_in_words(_summary(found))}.")
    return DONE


@catalogue.command(
    "publish",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue publish my-catalogue.yaml",
        "carrier catalogue publish my-catalogue.yaml --stack carrier-allocation-prod",
    ],
    short_help="Check a catalogue, and put it where a stack reads it.",
)
@click.argument("file")
@stack_option
@json_option
def publish_command(file: str, stack: str, *, as_json: bool) -> int:
    """Check a catalogue, compile it, and put it where a stack reads it in S3.

    The stack uses it within a minute. Exit status 1 if the catalogue has problems. Then nothing changes.
    """
    to = target(stack)
    if to.put_catalogue is None:
        raise UsageError(
            f"{to.name} reads no catalogue in S3: deploy it with CatalogueObject=bucket/key. "
            "For AppConfig, compile the catalogue and deploy it there (docs/catalogue.md)."
        )
    try:
        found = _read(file, "pro" if to.reading.only_pro_references else "engine")
    except CatalogueProblemsError as error:
        return _report(file, error, as_json=as_json)
    place = to.put_catalogue(compile_catalogue(found))
    if as_json:
        print_json({"file": file, "valid": True, "catalogue": _summary(found), "place": place, "problems": []})
    else:
        print_text(f"{printable(place)}: {_in_words(_summary(found))}. {to.name} uses it within a minute.")
    return DONE


@catalogue.command("diff", cls=ExampleCommand, examples=["carrier catalogue diff current.yaml my-catalogue.yaml"])
@click.argument("old")
@click.argument("new")
@json_option
def diff_command(old: str, new: str, *, as_json: bool) -> int:
    """List what changed from one version of a catalogue to another.

    A value that is left out counts as its default. Exit status 1 if one of them has problems.

    """
    versions: list[WrittenCatalogue] = []
    for file in (old, new):
        try:
            versions.append(_read(file, None))  # what references mean is not compared
        except CatalogueProblemsError as error:
            return _report(file, error, as_json=as_json)
    changes = differences(*versions)
    if as_json:
        print_json({"old": old, "new": new, "changes": list(map(_change_json, changes))})
        return DONE
    for change in changes:
        print_text(printable(str(change)))
    print_text(f"{counted(len(changes), 'change')}.")
    return DONE


@catalogue.command(
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
        return _report(output or "the catalogue", error, as_json=as_json, console=progress_console())
    if as_json:
        left_out = list(found.left_out)
        print_json({"file": output, "valid": True, "catalogue": _summary(written), "problems": [], "leftOut": left_out})
        return DONE
    print_text(f"{printable(output or 'the catalogue')}: {_in_words(_summary(written))}.", progress_console())
    return DONE


def _karrio_sheets(path: str) -> list[KarrioSheet]:
    try:
        return read_sheets(Path(path))
    except KarrioSheetError as error:
        raise UsageError(f"{shown_name(path)} {error}. Name an export of a rate sheet, or karrio's folder.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Can't read {shown_name(path)}: {getattr(error, 'strerror', None) or error}.") from error


def _read(file: str, allocator: AllocatorName | None) -> WrittenCatalogue:
    """Return the catalogue of a file. Raises `UsageError` and `CatalogueProblemsError`."""
    text = read_text(file)
    if is_compiled(text):
        raise UsageError(f"{shown_name(file)} is a compiled catalogue: name the one that it was compiled from.")
    return read_catalogue(text, allocator, folder_of(file))


def _report(file: str, error: CatalogueProblemsError, *, as_json: bool, console: Console | None = None) -> int:
    """Print every problem. Return the exit status."""
    if as_json:
        problems = list(map(_problem_json, error.problems))
        print_json({"file": file, "valid": False, "catalogue": None, "problems": problems})
        return NOT_SO
    for problem in error.problems:
        print_text(printable(_place(file, problem)), console)
        print_text(f"  {printable(problem.advice)}", console)
    print_text(f"{counted(len(error.problems), 'problem')} found.", console)
    return NOT_SO


def _warn(file: str, warnings: Sequence[CatalogueProblem], console: Console) -> None:
    """Print what is probably not meant. It keeps nothing from being done."""
    for warning in warnings:
        print_text(printable(_place(file, warning)), console)
        print_text(f"  Warning: {printable(warning.advice)}", console)


def _place(file: str, problem: CatalogueProblem) -> str:
    """Return the place as compilers write it, which editors can open, and the path in the catalogue."""
    line = f":{problem.position.line}" if problem.position else ""
    return f"{shown_name(file)}{line}: {problem.path or 'the catalogue'}"


def _problem_json(problem: CatalogueProblem) -> dict[str, Any]:
    line, column = problem.position or (None, None)
    value = None if problem.value is None else str(problem.value)
    return {"line": line, "column": column, "path": problem.path, "value": value, "fix": problem.fix}


def _change_json(change: Change) -> dict[str, Any]:
    return {"change": change.kind.value, "path": change.path, "old": change.old, "new": change.new}


def _summary(found: WrittenCatalogue) -> dict[str, Any]:
    services = [service for _, _, service in found.all_services()]
    return {
        "version": found.version,
        "carriers": len(found.carriers),
        "services": len(services),
        "enabledServices": sum(service.enabled for service in services),
        "groups": len(found.groups),
        "locations": len(found.locations),
        "lastYear": found.years.last,
    }


def _in_words(summary: Mapping[str, Any]) -> str:
    return ", ".join(
        [
            f"version {printable(summary['version'])}",
            counted(summary["carriers"], "carrier"),
            f"{counted(summary['services'], 'service')} ({summary['enabledServices']} enabled)",
            counted(summary["groups"], "group"),
            counted(summary["locations"], "location"),
            f"calendars to the end of {summary['lastYear']}",
        ]
    )
