"""`carrier republish`: events that were lost, sent again under their ids."""

import click

from cli.commands.options import ExampleCommand, json_option, stack_option, timestamp
from cli.errors import UsageError
from cli.operations.records import items_of, items_since
from cli.operations.republish import republish as publish_again
from cli.operations.target import target
from cli.output import counted, print_json, print_text


@click.command(
    cls=ExampleCommand,
    examples=["carrier republish --order WEB-100045", "carrier republish --since 2026-11-25T10:00:00Z --dry-run"],
)
@click.option("--order", default="", metavar="REF", help="Publish the events of this order's records.")
@click.option(
    "--since",
    default="",
    metavar="TIMESTAMP",
    help="Publish the events of all records written then or later.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing, and count.")
@stack_option
@json_option
def republish(order: str, since: str, stack: str, *, dry_run: bool, as_json: bool) -> int:
    """Publish the events of records on the topic again, with the same ids.

    Exit status 1 if there is no such record, or one of the events could not be sent.
    """
    if bool(order) == bool(since):
        raise UsageError("Whose events? Give either --order WEB-100045 or --since 2026-11-25T10:00:00Z.")
    moment = None if order else timestamp("--since", since)
    found = target(stack)
    table = found.allocations_table
    items = items_since(found.dynamodb, table, moment) if moment else items_of(found.dynamodb, table, order)
    result = publish_again(found, items, dry_run=dry_run)
    readable = result.found - result.unreadable
    if as_json:
        counts = {"records": result.found, "sent": result.sent, "unreadable": result.unreadable}
        print_json({"dryRun": dry_run, **counts})
    else:
        what = f"{counted(readable, 'event')} would be sent" if dry_run else f"{counted(result.sent, 'event')} sent"
        print_text(
            f"{counted(result.found, 'record')} in {found.name}: {what} again, {result.unreadable} without an event."
        )
    return int(not readable or (not dry_run and result.sent < readable))
