"""`carrier catalogue publish`: a checked catalogue, put where a stack reads it, and in use when the command ends."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.commands.catalogue_files import (
    candidate_of,
    in_words,
    problem_json,
    read_with_warnings,
    report_problems,
    summary,
    warn,
    written_text,
)
from cli.commands.catalogue_outcomes import shown_outcomes
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import DONE, NOT_SO, UsageError
from cli.input_files import shown_name
from cli.operations.catalogue_use import Functions
from cli.operations.publications import Candidate, Current
from cli.operations.published_catalogues import PublishedCatalogues
from cli.operations.target import Target, target
from cli.output import Progress, counted, print_json, print_next, print_text, printable, progress_console

# How many changes are shown before the question. `carrier catalogue diff` shows all of them.
_MAX_SHOWN: Final = 25

yes_option: Final = click.option("--yes", is_flag=True, help="Do not ask.")
wait_option: Final = click.option(
    "--wait/--no-wait", "waits", default=True, help="Wait until the functions use it.  [default: wait]"
)


@click.command(
    "publish",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue publish my-catalogue.yaml",
        "carrier catalogue publish my-catalogue.yaml --stack carrier-allocation-prod",
        "carrier catalogue publish my-catalogue.yaml --stack NAME --yes --json",
    ],
    short_help="Check a catalogue, and put it into use in a stack.",
)
@click.argument("file")
@stack_option
@click.option(
    "--orders",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Orders to show the difference for, a message a line.  [default: the stack's last day, or the sample]",
)
@yes_option
@wait_option
@json_option
def publish_command(file: str, stack: str, orders: Path | None, *, yes: bool, waits: bool, as_json: bool) -> int:
    """Check a catalogue, show what changes, ask, and put it into use in a stack.

    It ends when the functions of the stack use it, half a minute later.
    `carrier catalogue rollback` puts the one before back.

    Exit status 1 if the catalogue has problems, or the answer is no. Then
    nothing changes. Also if the functions refuse it, or can't be asked.
    """
    to = target(stack)
    place = catalogues_of(to)
    text = written_text(file)
    try:
        found, warnings = read_with_warnings(file, "pro" if to.reading.only_pro_references else "engine", text)
    except CatalogueProblemsError as error:
        return report_problems(file, error, as_json=as_json)
    candidate, console = candidate_of(file, text, found, warnings), progress_console()
    warn(file, warnings, console)
    print_text(f"{printable(shown_name(file))}: {in_words(found)}.", console)
    current = place.current()
    said = {"file": file, "valid": True, "catalogue": summary(found), "place": place.place, "problems": []}
    said["warnings"] = list(map(problem_json, warnings))
    if current is not None and current.compiled == candidate.compiled:
        print_text(f"{to.name} has this catalogue already.", console)
        return put_to_use(to, current, said, waits=waits, as_json=as_json)
    changes = _changes(place, current, found)
    _show(to, current, changes)
    outcomes = shown_outcomes(to, current.compiled if current else None, candidate.compiled, orders)
    candidate = replace(candidate, changes=changes or [], outcomes=outcomes)
    if not is_confirmed(f"Publish it to {to.name}?", yes=yes):
        return NOT_SO
    return publish(to, place, candidate, current, said, waits=waits, as_json=as_json)


def catalogues_of(to: Target) -> PublishedCatalogues:
    """Return the catalogues that a stack has in S3. Raises `UsageError` if it has none there."""
    if to.catalogues is None:
        raise UsageError(
            f"{to.name} reads no catalogue in S3. If it reads one from AppConfig, compile yours and deploy it there "
            "(docs/catalogue.md). If it is a stack of an earlier version, deploy this one first."
        )
    return to.catalogues()


def publish(
    to: Target,
    place: PublishedCatalogues,
    candidate: Candidate,
    instead_of: Current | None,
    said: dict[str, Any],
    *,
    waits: bool,
    as_json: bool,
) -> int:
    """Put a catalogue where a stack reads it, and wait until it is in use. Return the exit status."""
    publication = candidate.publication(datetime.now(UTC))
    put = place.put(candidate.compiled, instead_of)
    place.describe(put, candidate.written, publication)
    said |= {"versionId": put.version_id, "publication": asdict(publication)}
    code = put_to_use(to, put, said, waits=waits, as_json=as_json)
    if instead_of and not as_json:
        print_next("To put the one before back", f"catalogue rollback{to.option}")
    return code


def put_to_use(to: Target, put: Current, said: dict[str, Any], *, waits: bool, as_json: bool) -> int:
    """Wait until the functions use a catalogue, and report. Return the exit status."""
    functions = to.functions()
    seconds = _waited(functions, put.tag) if waits else None
    if as_json:
        print_json(said | {"inUse": {"functions": list(functions.names), "seconds": seconds} if waits else None})
        return DONE
    if seconds is None:
        print_text(f"Published to {printable(said['place'])}. {to.name} uses it within half a minute.")
    else:
        print_text(f"Published to {printable(said['place'])}, and in use by {' and '.join(functions.names)}.")
    return DONE


def is_confirmed(question: str, *, yes: bool) -> bool:
    """Ask on the terminal. Without one it is a no, which is said."""
    if yes:
        return True
    try:
        confirmed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        confirmed = False
    if not confirmed:
        print_text("Nothing has changed. Say --yes where nobody can be asked.", progress_console())
    return confirmed


def _waited(functions: Functions, tag: str) -> float:
    since = functions.clock()
    with Progress(progress_console()).step("Waiting until the functions use it") as step:
        return functions.wait_until_used(tag, since, step)


def _changes(place: PublishedCatalogues, current: Current | None, found: WrittenCatalogue) -> list[str] | None:
    """Return what changes from the catalogue that is there, in words; None where that is not known."""
    before = place.written(place.publication_of(current)) if current else None
    if before is None:
        return None
    try:
        return list(map(str, differences(read_catalogue(before, None), found)))
    except CatalogueProblemsError:  # written for an earlier version of this program
        return None


def _show(to: Target, current: Current | None, changes: Sequence[str] | None) -> None:
    """Print what changes, on stderr: it is there to be read before the answer."""
    console = progress_console()
    if current is None:
        print_text(f"{to.name} has had the sample catalogue until now.", console)
    elif changes is None:
        print_text("What changes is not known: the catalogue that is there was not kept as it was written.", console)
    else:
        print_text(f"{counted(len(changes), 'change')} to what {to.name} has:", console)
        for change in changes[:_MAX_SHOWN]:
            print_text(printable(f"  {change}"), console)
        if len(changes) > _MAX_SHOWN:
            print_text(f"  ... and {len(changes) - _MAX_SHOWN} more", console)
