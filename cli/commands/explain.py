"""`carrier explain`: which carrier service takes a consignment, and why not the others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import click

from allocation.console.explained_decision import ExplainedDecision, explanation_json
from cli.commands.explained import DecisionOptions, is_file, of_file, of_reference
from cli.commands.options import ExampleCommand, chosen_mode, json_option, mode_options, stack_option, timestamp
from cli.errors import DONE, NOT_SO, UsageError, complain
from cli.explanation_tables import print_explanation
from cli.output import print_blank, print_json, print_json_lines, print_text

# No catalogue has years beyond these.
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2250


@click.command(
    cls=ExampleCommand,
    examples=[
        "carrier explain docs/examples/consignment.json",
        "carrier explain consignment.json --mode service_group --group valuableGoods",
        "carrier explain events/order-created-v1.sns.json",
        "carrier explain - --catalogue my-catalogue.yaml --json < consignment.json",
        "carrier explain EC-000-1SA-M00 --stack carrier-allocation-dev",
        "carrier explain WEB-100045 --again",
    ],
)
@click.argument("what", metavar="FILE|REFERENCE")
@mode_options
@click.option(
    "--catalogue",
    default="",
    metavar="FILE",
    help="A catalogue, as written or compiled.  [default: the sample; for a reference, the stack's]",
)
@click.option("--mapping", default="", metavar="FILE", help="A mapping of your shop's orders (docs/mapping.md).")
@click.option("--now", default="", metavar="MOMENT", help="Decide as of 2026-12-24T15:59:00Z.  [default: now]")
@click.option("--again", is_flag=True, help="Decide again what is recorded, by the present catalogue.")
@click.option("--all", "everything", is_flag=True, help="Show all offers and all reasons.")
@stack_option
@json_option
def explain(
    what: str,
    mode: str | None,
    group: str,
    service: str,
    catalogue: str,
    mapping: str,
    now: str,
    stack: str,
    *,
    again: bool,
    everything: bool,
    as_json: bool,
) -> int:
    """Explain which carrier service takes a consignment, and why the others do not.

    FILE has a consignment in PRO's JSON, or an order in any form that the order queue takes; - reads the standard
    input. Daily limits count as unused. Without --mode, the catalogue's routing table decides by the delivery option,
    if there is a table.

    REFERENCE is an order's or a consignment's in a stack: the explanation is the one that its record kept. --again
    decides again from what the stack has kept, and records nothing; so do --catalogue, --now and --mode.

    Exit status 1 if a consignment has no carrier service.
    """
    chosen = chosen_mode(mode, group, service) if mode or group or service else None
    asked = DecisionOptions(chosen, catalogue, _moment(now))
    if stack or not is_file(what):
        if mapping:
            raise UsageError("--mapping is for a file: leave it out, or name the file of an order.")
        again = again or bool(catalogue or now or chosen)
        explanations, problems = of_reference(what, stack, asked if again else None)
    elif again:
        raise UsageError(f"--again is for what a stack has recorded. {what} is a file: leave --again out.")
    else:
        explanations, problems = of_file(what, mapping, asked)
    _show(explanations, everything=everything, as_json=as_json)
    for problem in problems:
        complain(problem)
    return DONE if not problems and all(each.winner for each in explanations) else NOT_SO


def _show(explanations: Sequence[ExplainedDecision], *, everything: bool, as_json: bool) -> None:
    """Print one explanation whole; several in short, unless everything is asked for."""
    in_short = len(explanations) > 1 and not everything
    if as_json and len(explanations) == 1:
        print_json(explanation_json(explanations[0]))
    elif as_json:
        print_json_lines(map(explanation_json, explanations))
    else:
        for number, explanation in enumerate(explanations):
            if number:
                print_blank()
            print_explanation(explanation, everything=everything, in_short=in_short)
        if in_short:
            print_blank()
            print_text("All offers and all reasons: --all")


def _moment(text: str) -> datetime:
    """Return the value of `--now`, or the present if it is not given. Raises `UsageError`."""
    if not text:
        return datetime.now(UTC)
    moment = timestamp("--now", text)
    if not _FIRST_YEAR < moment.year < _LAST_YEAR:
        raise UsageError(f"--now {text} is beyond every catalogue: write a year from 1971 to 2249.")
    return moment
