"""`carrier orders index`: older records brought into the API's searches and lists."""

import click

from cli.commands.options import ExampleCommand, WholeNumber, json_option, per_second_option, stack_option
from cli.errors import StoppedError
from cli.operations.listed_records import SEGMENTS, go_on, list_older_records
from cli.operations.target import target
from cli.output import Progress, counted, print_json, print_text, progress_console


@click.command(
    "index",
    cls=ExampleCommand,
    examples=[
        "carrier orders index --stack carrier-allocation-dev",
        "carrier orders index --per-second 500 --from-segment 5",
    ],
    short_help="Bring older records into the API's searches and lists.",
)
@per_second_option
@click.option(
    "--from-segment",
    type=WholeNumber(1, SEGMENTS),
    default=1,
    show_default=True,
    help=f"Which of the {SEGMENTS} segments of the table to begin with.",
)
@stack_option
@json_option
def index_command(per_second: int, from_segment: int, stack: str, *, as_json: bool) -> int:
    """Bring records that version 0.2.0 or an earlier one wrote into the API's searches and lists.

    It may run beside the stack, and again. No event is published, and no record
    expires later than it did. Run it once the update of all functions is done.

    Exit status 1 if DynamoDB did not answer, or a record kept changing.
    """
    found, at = target(stack), from_segment
    with Progress(progress_console()).step(f"Listing the records of {found.name}") as step:

        def tell(segment: int, done: int) -> None:
            nonlocal at
            at = segment
            step.update(f"Segment {segment} of {SEGMENTS}: {counted(done, 'record')} done")

        try:
            result = list_older_records(found, per_second, from_segment, tell)
        except StoppedError:
            progress_console().print(go_on(found, at))
            raise
    if as_json:
        counts = {"records": result.found, "listed": result.listed}
        print_json({**counts, "unreadable": result.unreadable, "changing": result.changing})
        return int(result.changing > 0)
    up_to_date = result.found - result.listed - result.unreadable - result.changing
    others = f", {result.unreadable} unreadable" if result.unreadable else ""
    left = f" {counted(result.changing, 'record')} kept changing: run it again." if result.changing else ""
    print_text(
        f"{counted(result.found, 'record')} in {found.name}: {result.listed} listed, {up_to_date} up to date "
        f"already{others}.{left}"
    )
    return int(result.changing > 0)
