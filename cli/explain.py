"""`python -m cli.explain FILE [--mode ...]`: which carrier service a consignment gets, and why not the others."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from rich.console import Console

from allocation.consignments.allocatable_consignment import Consignment as ConsignmentDocument
from allocation.domain.consignment import Consignment
from allocation.domain.outcome import Failure
from allocation.engine.assessment import assess
from allocation.engine.compiled import InvalidCatalogueError, read_compiled
from allocation.engine.engine import NO_FILTERS, Engine
from allocation.engine.packaged import packaged_engine
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text
from cli.catalogue_check import read_file
from cli.commands.options import chosen_mode
from cli.errors import CommandError, UsageError
from cli.explanation_tables import print_assessment

FIRST_YEAR, LAST_YEAR = 1970, 2250
"""No catalogue has years beyond these."""
PLACEHOLDER_REFERENCE: Final = "EC-000-000-000"
"""Stands for the reference that PRO gives a consignment when it is created."""


def main(arguments: Sequence[str]) -> int:
    """Prints the explanation; returns the exit code: 0 allocated, 1 not, 2 wrong usage."""
    console = Console(highlight=False, markup=False)
    try:
        return carry_out(parser().parse_args(arguments), console)
    except (CommandError, CatalogueProblemsError) as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return UsageError.exit_code


def parser() -> argparse.ArgumentParser:
    """The options; an empty one counts as not given, as the Makefile passes it."""
    options = argparse.ArgumentParser(prog="python -m cli.explain", description=__doc__)
    options.add_argument("file", help="a consignment in PRO's JSON")
    options.add_argument("--mode", default="default_rules", help="default_rules, service_group or carrier_service")
    options.add_argument("--group", default="", help="the service group of the mode service_group")
    options.add_argument("--service", default="", help="the carrier service of the mode carrier_service")
    options.add_argument("--catalogue", default="", help="YAML, JSON or compiled; the sample catalogue if not given")
    options.add_argument("--now", default="", help="as if it were 2026-12-24T15:59:00Z")
    return options


def carry_out(options: argparse.Namespace, console: Console) -> int:
    """Asks the engine, and prints what it answers."""
    mode = chosen_mode(options.mode, options.group, options.service)
    engine = read_engine(options.catalogue)
    now = read_moment(options.now)
    scope = engine.scope(mode)
    if isinstance(scope, Failure):
        raise UsageError(scope.message)
    inquiry = engine.inquire(read_consignment(options.file))
    if isinstance(inquiry, Failure):
        console.print(inquiry.message, markup=False, soft_wrap=True)
        return 1
    assessment = assess(engine, engine.question(inquiry, scope, now, NO_FILTERS, used=lambda _: {}))
    print_assessment(console, engine, assessment)
    return 0 if assessment.winner else 1


def read_engine(path: str) -> Engine:
    """The engine over a catalogue's file, compiled or not. Raises `UsageError` or `CatalogueProblemsError`."""
    if not path:
        return packaged_engine()
    text = read_file(path)
    try:
        return Engine(read_compiled(text if text.startswith('{"format"') else compile_text(text)))
    except InvalidCatalogueError as error:
        raise UsageError(f"{path}: {error}.") from error


def read_moment(text: str) -> datetime:
    """A moment with its offset; this one for an empty text. Raises `UsageError`."""
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not FIRST_YEAR < moment.year < LAST_YEAR:
        raise UsageError(f"{text!r} is no moment: write it with its offset, as 2026-12-24T15:59:00Z.")
    return moment


def read_consignment(path: str) -> Consignment:
    """The consignment of a file, which PRO may not have created yet. Raises `UsageError` with all that is wrong."""
    try:
        content = json.loads(read_file(path), parse_float=Decimal)
        if isinstance(content, dict):
            content = {"Reference": PLACEHOLDER_REFERENCE, **content}
        return ConsignmentDocument.model_validate(content).to_domain()
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, details['loc']))}: {details['msg']}" for details in error.errors(include_input=False)
        )
        raise UsageError(f"{Path(path).name} is no consignment as PRO writes it: {problems}.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{Path(path).name} is not JSON ({error}): give a file with one consignment.") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
