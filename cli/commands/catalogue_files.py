"""What the commands on written catalogues have in common: reading a file, and saying what is in it or wrong with it."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from allocation.aws.file_stores import MAX_BYTES
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from cli.catalogue.catalogue_problems import CatalogueProblem, CatalogueProblemsError
from cli.catalogue.compilation import compile_catalogue, is_compiled
from cli.catalogue.consistency import AllocatorName
from cli.catalogue.holiday_warnings import partial_holidays
from cli.catalogue.odd_parts import find_odd_parts
from cli.catalogue.odd_places import find_odd_places
from cli.catalogue.reading import read_catalogue, self_contained, with_positions
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.errors import NOT_SO, UsageError
from cli.input_files import folder_of, read_text, shown_name
from cli.operations.publications import Candidate
from cli.output import counted, print_json, print_text, printable


def read_written(file: str, allocator: AllocatorName | None) -> WrittenCatalogue:
    """Return the catalogue of a file. Raises `UsageError` and `CatalogueProblemsError`."""
    return read_catalogue(written_text(file), allocator, folder_of(file))


def read_with_warnings(
    file: str, allocator: AllocatorName, text: str | None = None
) -> tuple[WrittenCatalogue, list[CatalogueProblem]]:
    """Return the catalogue of a file, and what in it is probably not meant. Its `text` may be read already.

    Raises as `read_written` does.
    """
    text = written_text(file) if text is None else text
    found = read_catalogue(text, allocator, folder_of(file))
    warnings = [*partial_holidays(found), *find_odd_places(found), *find_odd_parts(found)]
    return found, with_positions(warnings, text)


def written_text(file: str) -> str:
    """Return the text of a file with a catalogue as people write it. Raises `UsageError`."""
    text = read_text(file, "catalogue")
    if is_compiled(text):
        raise UsageError(f"{shown_name(file)} is a compiled catalogue: name the one that it was compiled from.")
    return text


def usable_text(file: str, found: WrittenCatalogue) -> str:
    """Return the compiled catalogue, which the functions of a stack will take. Raises `UsageError` if they won't."""
    compiled = compile_catalogue(found)
    if len(compiled.encode()) > MAX_BYTES:
        most = f"{MAX_BYTES // 1024**2} MB"
        raise UsageError(f"{shown_name(file)} is larger than {most} when compiled, more than functions take: split it.")
    try:
        Engine(read_compiled(compiled))
    except InvalidCatalogueError as error:
        raise UsageError(f"{shown_name(file)} can't be used: {error}.") from error
    return compiled


def candidate_of(file: str, text: str, found: WrittenCatalogue, warnings: Sequence[CatalogueProblem]) -> Candidate:
    """Return a catalogue to publish. Raises `UsageError` if functions would not take it."""
    told = [f"{each.path or 'the catalogue'}: {each.advice}" for each in warnings]
    return Candidate(usable_text(file, found), self_contained(text, folder_of(file)), found.version, told)


def report_problems(file: str, error: CatalogueProblemsError, *, as_json: bool, console: Console | None = None) -> int:
    """Print every problem. Return the exit status."""
    if as_json:
        problems = list(map(problem_json, error.problems))
        print_json({"file": file, "valid": False, "catalogue": None, "problems": problems})
        return NOT_SO
    for problem in error.problems:
        print_text(printable(_place(file, problem)), console)
        print_text(f"  {printable(problem.advice)}", console)
    print_text(f"{counted(len(error.problems), 'problem')} found.", console)
    return NOT_SO


def warn(file: str, warnings: Sequence[CatalogueProblem], console: Console) -> None:
    """Print what is probably not meant. It keeps nothing from being done."""
    for warning in warnings:
        print_text(printable(_place(file, warning)), console)
        print_text(f"  Warning: {printable(warning.advice)}", console)


def _place(file: str, problem: CatalogueProblem) -> str:
    """Return the place as compilers write it, which editors can open, and the path in the catalogue."""
    line = f":{problem.position.line}" if problem.position else ""
    return f"{shown_name(file)}{line}: {problem.path or 'the file'}"


def problem_json(problem: CatalogueProblem) -> dict[str, Any]:
    """Return a problem as `--json` prints it."""
    line, column = problem.position or (None, None)
    value = None if problem.value is None else str(problem.value)
    return {"line": line, "column": column, "path": problem.path, "value": value, "fix": problem.fix}


def summary(found: WrittenCatalogue) -> dict[str, Any]:
    """Return what a catalogue consists of, in numbers, as `--json` prints it."""
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


def in_words(found: WrittenCatalogue) -> str:
    """Return what a catalogue consists of as a line for people."""
    counts = summary(found)
    return ", ".join(
        [
            f"version {printable(counts['version'])}",
            counted(counts["carriers"], "carrier"),
            f"{counted(counts['services'], 'service')} ({counts['enabledServices']} enabled)",
            counted(counts["groups"], "group"),
            counted(counts["locations"], "location"),
            f"calendars to the end of {counts['lastYear']}",
        ]
    )
