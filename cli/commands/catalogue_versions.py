"""`carrier catalogue versions` and `rollback`: what was published to a stack, and one of them put back."""

from dataclasses import asdict
from typing import Any, Final

import click

from cli.commands.catalogue_publish import (
    catalogues_of,
    is_confirmed,
    publish,
    wait_option,
    yes_option,
)
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import DONE, NOT_SO, CommandError, UsageError
from cli.operations.publications import Candidate, PublishedVersion
from cli.operations.published_catalogues import PublishedCatalogues
from cli.operations.target import Target, target
from cli.output import Column, counted, print_json, print_table, print_text, printable, progress_console, result_console

# Characters of the only change, as far as its row fits 80 columns.
_MAX_CHANGE: Final = 30
# As much of an ID or a digest as is shown, and is enough to name one.
_SHOWN: Final = 8
_NOT_PUBLISHED: Final = "not published by `carrier`"


@click.command(
    "versions",
    cls=ExampleCommand,
    examples=["carrier catalogue versions --stack carrier-allocation-prod"],
    short_help="List what was published to a stack.",
)
@stack_option
@json_option
def versions_command(stack: str, *, as_json: bool) -> int:
    """List the catalogues that were published to a stack, the latest first.

    The latest that the functions have not refused is in use.
    """
    to = target(stack)
    history = catalogues_of(to).history()
    if as_json:
        print_json({"place": catalogues_of(to).place, "versions": list(map(_json, history))})
        return DONE
    if not history:
        print_text(f"Nothing was published to {to.name} yet: it uses the sample catalogue.")
        return DONE
    columns = [Column("ID"), Column("Published (UTC)"), Column("Version"), Column("State"), Column("Changes")]
    in_use = next((version for version in history if not version.refusal), None)
    print_table(columns, (_row(version, in_use) for version in history), result_console())
    for version in history:
        if version.refusal:
            print_text(printable(f"{version.version_id[:_SHOWN]} was refused: {version.refusal}"))
    return DONE


@click.command(
    "rollback",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue rollback --stack carrier-allocation-prod",
        "carrier catalogue rollback --stack carrier-allocation-prod --to 2026-11-23",
    ],
    short_help="Put an earlier catalogue of a stack back.",
)
@stack_option
@click.option(
    "--to", "wanted", default="", metavar="VERSION", help="An ID or version of `versions`.  [default: the one before]"
)
@yes_option
@wait_option
@json_option
def rollback_command(stack: str, wanted: str, *, yes: bool, waits: bool, as_json: bool) -> int:
    """Put an earlier catalogue of a stack back, as a new version, and wait until it is in use.

    Exit status 1 if there is none, or the answer is no. Then nothing changes.
    """
    to = target(stack)
    place = catalogues_of(to)
    current = place.current()
    chosen = _chosen(to, place, wanted)
    if current is not None and current.version_id == chosen.version_id:
        raise CommandError(f"{_name(chosen)} is what {to.name} has: see `carrier catalogue versions{to.option}`.")
    print_text(f"{to.name} goes back to {_name(chosen)}.", progress_console())
    if not is_confirmed("Put it back?", yes=yes):
        return NOT_SO
    said = {"place": place.place, "rolledBackTo": chosen.version_id}
    return publish(to, place, _candidate(place, chosen), current, said, waits=waits, as_json=as_json)


def _candidate(place: PublishedCatalogues, chosen: PublishedVersion) -> Candidate:
    """Return an earlier version as it is published again."""
    compiled = place.version(chosen.version_id).compiled
    written = place.written(chosen.publication) or ""
    version = chosen.publication.version if chosen.publication else ""
    warnings = chosen.publication.warnings if chosen.publication else []
    return Candidate(compiled, written, version, warnings, [f"back to {chosen.version_id[:_SHOWN]}"])


def _chosen(to: Target, place: PublishedCatalogues, wanted: str) -> PublishedVersion:
    """Return the version to go back to. Raises `UsageError` and `CommandError`."""
    history = place.history()
    known = f"`carrier catalogue versions{to.option}` lists them"
    if not wanted:
        return _before(to, place, history)
    found = [version for version in history if _is_named(version, wanted)]
    if not found:
        raise UsageError(f"{to.name} has no version {wanted!r}: {known}.")
    if len({version.digest for version in found}) > 1:
        ids = ", ".join(version.version_id[:_SHOWN] for version in found)
        raise UsageError(f"{wanted!r} names {len(found)} versions, {ids}: give the ID of one. {known}.")
    return found[0]


def _before(to: Target, place: PublishedCatalogues, history: list[PublishedVersion]) -> PublishedVersion:
    """Return the latest version with another content than the current one that was not refused."""
    latest = next((version for version in history if version.is_current), None)
    digest = latest.digest if latest else ""
    before = [each for each in history if not each.is_current and each.digest != digest and not each.refusal]
    if before:
        return before[0]
    if history and not place.keeps_versions():
        raise CommandError(f"The bucket of {place.place} keeps no versions: turn its versioning on, and publish again.")
    raise CommandError(
        f"{to.name} has no earlier catalogue. To go back to the sample, publish it: "
        f"`carrier catalogue publish cli/catalogue/sample.yaml{to.option}`."
    )


def _is_named(version: PublishedVersion, wanted: str) -> bool:
    names = [version.version_id, version.digest]
    is_version = version.publication is not None and version.publication.version == wanted
    return is_version or (len(wanted) >= _SHOWN and any(name.startswith(wanted) for name in names))


def _name(version: PublishedVersion) -> str:
    """Return what to call a version in a sentence."""
    name = f"version {version.publication.version}" if version.publication else _NOT_PUBLISHED
    return printable(f"{name} of {version.put_at:%Y-%m-%d %H:%M} UTC ({version.version_id[:_SHOWN]})")


def _row(version: PublishedVersion, in_use: PublishedVersion | None) -> list[str]:
    publication = version.publication
    state = "refused" if version.refusal else "in use" if version is in_use else ""
    return [
        version.version_id[:_SHOWN],
        f"{version.put_at:%Y-%m-%d %H:%M}",
        publication.version if publication else "?",
        state,
        _changes(publication.changes) if publication else _NOT_PUBLISHED,
    ]


def _changes(changes: list[str]) -> str:
    """Return the only change if it is short, or how many there are, if that is known."""
    if not changes:
        return ""
    is_short = len(changes) == 1 and len(changes[0]) <= _MAX_CHANGE
    return changes[0] if is_short else counted(len(changes), "change")


def _json(version: PublishedVersion) -> dict[str, Any]:
    return {
        "versionId": version.version_id,
        "putAt": version.put_at.isoformat(),
        "current": version.is_current,
        "digest": version.digest,
        "refused": version.refusal or None,
        "publication": asdict(version.publication) if version.publication else None,
    }
