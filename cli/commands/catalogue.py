"""`carrier catalogue`: a catalogue as people write it, before functions load it."""

from typing import Any, Final

import click

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_catalogue
from cli.catalogue.consistency import AllocatorName
from cli.catalogue.differences import Change, differences
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.commands.catalogue_files import (
    in_words,
    problem_json,
    read_with_warnings,
    read_written,
    report_problems,
    summary,
    warn,
)
from cli.commands.catalogue_import import import_command
from cli.commands.catalogue_places import places_command
from cli.commands.catalogue_publish import publish_command
from cli.commands.catalogue_versions import rollback_command, versions_command
from cli.commands.options import ExampleCommand, ExampleGroup, json_option
from cli.errors import DONE, UsageError
from cli.input_files import shown_name, write_text
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


catalogue.add_command(import_command)
catalogue.add_command(places_command)
catalogue.add_command(publish_command)
catalogue.add_command(versions_command)
catalogue.add_command(rollback_command)


@catalogue.command(
    "check",
    cls=ExampleCommand,
    examples=["carrier catalogue check my-catalogue.yaml"],
    short_help="Check a catalogue, and list all of its problems.",
)
@click.argument("file")
@_allocator_option
@json_option
def check_command(file: str, allocator: AllocatorName, *, as_json: bool) -> int:
    """Check a catalogue, and list all of its problems with their lines.

    It checks the form of the parts first, then whether they fit together. It
    warns of what is probably not meant, such as public holidays left out.

    Exit status 1 if there are problems.

    """
    try:
        found, warnings = read_with_warnings(file, allocator)
    except CatalogueProblemsError as error:
        return report_problems(file, error, as_json=as_json)
    if as_json:
        told = list(map(problem_json, warnings))
        print_json({"file": file, "valid": True, "catalogue": summary(found), "problems": [], "warnings": told})
    else:
        warn(file, warnings, result_console())
        print_text(f"{printable(shown_name(file))}: {in_words(found)}.")
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
        found, warnings = read_with_warnings(file, allocator)
    except CatalogueProblemsError as error:
        return report_problems(file, error, as_json=as_json, console=result_console() if output else progress_console())
    warn(file, warnings, progress_console())
    compiled = compile_catalogue(found)
    if not output:
        click.echo(compiled, nl=False)
        return DONE
    write_text(output, compiled)
    if as_json:
        print_json({"file": file, "valid": True, "catalogue": summary(found), "output": output, "problems": []})
    else:
        print_text(f"{printable(output)}: {in_words(found)}.")
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
            versions.append(read_written(file, None))  # what references mean is not compared
        except CatalogueProblemsError as error:
            return report_problems(file, error, as_json=as_json)
    changes = differences(*versions)
    if as_json:
        print_json({"old": old, "new": new, "changes": list(map(_change_json, changes))})
        return DONE
    for change in changes:
        print_text(printable(str(change)))
    print_text(f"{counted(len(changes), 'change')}.")
    return DONE


def _change_json(change: Change) -> dict[str, Any]:
    return {"change": change.kind.value, "path": change.path, "old": change.old, "new": change.new}
