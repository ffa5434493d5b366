"""`python -m cli.catalogue_check FILE`: is a catalogue right, and what is new in it against another version."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_catalogue
from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.errors import CommandError, UsageError


def main(arguments: Sequence[str]) -> int:
    """Checks, compares and compiles as asked; returns the exit code: 0 right, 1 wrong, 2 wrong usage."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    try:
        carry_out(parser().parse_args(arguments), console)
    except CatalogueProblemsError as error:
        for problem in error.problems:
            console.print(f"✗ {problem}")
        count = len(error.problems)
        console.print(f"{count} problem{'s' if count > 1 else ''} found.")
        return 1
    except CommandError as error:
        console.print(str(error))
        return error.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    """The options; an empty one counts as not given, as the Makefile passes it."""
    options = argparse.ArgumentParser(prog="python -m cli.catalogue_check", description=__doc__)
    options.add_argument("file", help="the catalogue, YAML or JSON")
    options.add_argument("--against", default="", help="another version, to say what changed")
    options.add_argument("--compile", default="", metavar="OUT", help="write what the functions load")
    return options


def carry_out(options: argparse.Namespace, console: Console) -> None:
    """Raises `CatalogueProblemsError` with all that is wrong, or `UsageError` for a file that can't be read."""
    document = read_file_catalogue(options.file)
    content = compile_catalogue(document)
    console.print(f"✓ {options.file}: {summary(document)}")
    if options.against:
        lines = differences(earlier(options.against), document)
        console.print(f"{len(lines)} changes from {options.against}" if lines else f"the same as {options.against}")
        for line in lines:
            console.print(f"  {line}")
    if options.compile:
        write_file(options.compile, content)
        console.print(f"compiled to {options.compile}")


def earlier(path: str) -> WrittenCatalogue:
    """The version to compare with. Raises `UsageError` where it is no right one itself."""
    try:
        return read_file_catalogue(path)
    except CatalogueProblemsError as error:
        text = f"{path}, to compare with, has mistakes itself ({len(error.problems)}): check it with FILE={path} first."
        raise UsageError(text) from error


def summary(document: WrittenCatalogue) -> str:
    """What a catalogue has, in a line."""
    found = list(document.all_services())
    enabled = sum(service.enabled for _, _, service in found)
    return (
        f"version {document.version}, {len(document.carriers)} carriers, {len(found)} services ({enabled} enabled), "
        f"{len(document.groups)} groups, {len(document.locations)} locations, calendars to the end of "
        f"{document.years.last}"
    )


def read_file_catalogue(path: str) -> WrittenCatalogue:
    """The catalogue of a file, as a person writes it. Raises `UsageError` and `CatalogueProblemsError`."""
    text = read_file(path)
    if text.startswith('{"format"'):
        raise UsageError(f"{path} is a compiled catalogue: name the one that it was compiled of.")
    return read_catalogue(text)


def read_file(path: str) -> str:
    """The text of a file. Raises `UsageError`."""
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Can't read {path} ({error}): name a text file.") from error


def write_file(path: str, text: str) -> None:
    """Writes a file. Raises `UsageError`."""
    try:
        Path(path).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"Can't write {path} ({error}): name a file in a folder that is there.") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
