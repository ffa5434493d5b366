"""`carrier orders check` and `carrier orders mapping`: messages and mappings before a stack gets them."""

from pathlib import Path
from typing import Final

import click

from allocation.orders.event_types import CANCELLED, CREATED, LEFT_OUT, UPDATED
from cli.commands.options import ExampleCommand, json_option
from cli.errors import UsageError
from cli.order_mappings import checked_message, compiled, written_mapping
from cli.output import print_json, print_text, printable

# What `carrier orders check` says of a consignment, by what the message asks.
_CAN_BE: Final = {
    CREATED.usual: "can be allocated",
    UPDATED.usual: "can be allocated, unless it is already",
    CANCELLED.usual: "is to be cancelled",
}


@click.command(
    "check",
    cls=ExampleCommand,
    examples=["carrier orders check order.json", "carrier orders check --mapping my-shop.yaml order.json"],
)
@click.argument("file")
@click.option("--mapping", default="", metavar="FILE", help="A mapping of your shop's orders (docs/mapping.md).")
@json_option
def check_command(file: str, mapping: str, *, as_json: bool) -> int:
    """Check a message as the function reads it.

    Shows what the message asks, and of which consignments. Exit status 1 if something of it is refused.
    """
    checked = checked_message(file, mapping)
    if as_json:
        print_json({"file": file, **checked})
        return int(bool(checked["refused"]))
    order, asked = printable(checked["orderReference"] or ""), _CAN_BE.get(checked["asks"], "")
    if checked["consignments"] is None:
        print_text(f"{order}: the whole order {asked}.")
    if checked["asks"] == LEFT_OUT:
        print_text(f"{order} is left out by the mapping: nothing is done for it.")
    for reference in checked["consignments"] or ():
        print_text(f"{order}: {reference} {asked}.")
    if checked["refused"]:
        print_text(f"{checked['refused']['code']}: {checked['refused']['reason']}")
    return int(bool(checked["refused"]))


@click.command(
    "mapping",
    cls=ExampleCommand,
    examples=["carrier orders mapping my-shop.yaml --output my-shop.json"],
)
@click.argument("file")
@click.option("--output", default="", metavar="FILE", help="Write here.  [default: standard output]")
@json_option
def mapping_command(file: str, output: str, *, as_json: bool) -> int:
    """Check a mapping, and write it for functions.

    Exit status 1 if the mapping has a problem. Then it writes nothing.
    """
    if as_json and not output:
        raise UsageError("--json says where the mapping is: add --output, for example --output my-shop.json.")
    document, mapping = written_mapping(file)
    if not output:
        click.echo(compiled(document), nl=False)
        return 0
    try:
        Path(output).write_text(compiled(document), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} can't be written: {error.strerror}.") from error
    if as_json:
        print_json({"file": file, "name": mapping.name, "output": output})
    else:
        print_text(f"{printable(output)}: the mapping {printable(mapping.name)}.")
    return 0
