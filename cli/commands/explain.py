"""`carrier explain`: which carrier service takes a consignment, and why not the others."""

from datetime import UTC, datetime
from typing import Final

import click
from click.core import ParameterSource

from allocation.domain.outcome import Failure
from allocation.domain.routing import way_of
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text, is_compiled
from cli.commands.options import ExampleCommand, chosen_mode, json_option, mode_options, timestamp
from cli.errors import DONE, NOT_SO, UsageError
from cli.explaining import explanation_of
from cli.explanation import explanation_json
from cli.explanation_tables import print_explanation
from cli.input_files import folder_of, read_consignment, read_text, shown_name
from cli.output import counted, print_json

# No catalogue has years beyond these.
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2250


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier explain docs/examples/consignment.json",
        "carrier explain consignment.json --mode service_group --group valuableGoods",
        "carrier explain - --catalogue my-catalogue.yaml --json < consignment.json",
    ],
)
@click.argument("file")
@mode_options
@click.option(
    "--catalogue", default="", metavar="FILE", help="A catalogue, as written or compiled.  [default: the sample]"
)
@click.option("--now", default="", metavar="MOMENT", help="Decide as of 2026-12-24T15:59:00Z.  [default: now]")
@click.option("--all", "everything", is_flag=True, help="Show all offers and all reasons.")
@json_option
def explain(
    file: str, mode: str, group: str, service: str, catalogue: str, now: str, *, everything: bool, as_json: bool
) -> int:
    """Explain which carrier service takes a consignment, and why the others do not.

    FILE has one consignment in PRO's JSON; - reads the standard input. Daily limits count as unused. Without --mode,
    the catalogue's routing table decides by the consignment's delivery option, if there is a table.

    Exit status 1 if no carrier service takes the consignment.

    """
    chosen, moment = chosen_mode(mode, group, service), _moment(now)
    engine, consignment = _engine(catalogue), read_consignment(file)
    table = None if _is_given("mode") else engine.catalogue.routing
    explanation = explanation_of(engine, consignment, way_of(table, chosen, consignment.delivery_option), moment)
    if isinstance(explanation, Failure):
        raise UsageError(explanation.message)
    if as_json:
        print_json(explanation_json(explanation))
    else:
        print_explanation(explanation, everything=everything)
    return DONE if explanation.winner else NOT_SO


def _is_given(option: str) -> bool:
    """Return whether the user has written an option."""
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


def _engine(file: str) -> Engine:
    """Return the engine over a file's catalogue, compiled or not. Raises `UsageError`."""
    if not file:
        return Engine(packaged_catalogue())
    text = read_text(file)
    try:
        return Engine(read_compiled(text if is_compiled(text) else compile_text(text, folder_of(file))))
    except CatalogueProblemsError as error:
        problems = counted(len(error.problems), "problem")
        raise UsageError(f"{shown_name(file)} has {problems}: see `carrier catalogue check {file}`.") from error
    except InvalidCatalogueError as error:
        raise UsageError(f"{shown_name(file)}: {error}.") from error


def _moment(text: str) -> datetime:
    """Return the value of `--now`, or the present if it is not given. Raises `UsageError`."""
    if not text:
        return datetime.now(UTC)
    moment = timestamp("--now", text)
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise UsageError(f"--now {text} is beyond every catalogue: write a year from 1971 to 2249.")
    return moment
