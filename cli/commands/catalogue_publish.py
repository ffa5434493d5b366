"""`carrier catalogue publish`: a checked catalogue, put where a stack reads it."""

import click

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.commands.catalogue_files import in_words, read_written, report_problems, summary, usable_text
from cli.commands.options import ExampleCommand, json_option, stack_option
from cli.errors import DONE, UsageError
from cli.input_files import shown_name
from cli.operations.target import target
from cli.output import print_json, print_text, printable


@click.command(
    "publish",
    cls=ExampleCommand,
    examples=[
        "carrier catalogue publish my-catalogue.yaml",
        "carrier catalogue publish my-catalogue.yaml --stack carrier-allocation-prod",
    ],
    short_help="Check a catalogue, and put it where a stack reads it.",
)
@click.argument("file")
@stack_option
@json_option
def publish_command(file: str, stack: str, *, as_json: bool) -> int:
    """Check a catalogue, compile it, and put it where a stack reads it in S3.

    The stack uses it within a minute. Exit status 1 if the catalogue has problems. Then nothing changes.
    """
    to = target(stack)
    if to.put_catalogue is None:
        raise UsageError(
            f"{to.name} reads no catalogue in S3: deploy it with CatalogueObject=bucket/key. "
            "For AppConfig, compile the catalogue and deploy it there (docs/catalogue.md)."
            if stack
            else f"{to.name} has the sample: `carrier down`, then `carrier up --catalogue {shown_name(file)}`."
        )
    try:
        found = read_written(file, "pro" if to.reading.only_pro_references else "engine")
    except CatalogueProblemsError as error:
        return report_problems(file, error, as_json=as_json)
    place = to.put_catalogue(usable_text(file, found))
    if as_json:
        print_json({"file": file, "valid": True, "catalogue": summary(found), "place": place, "problems": []})
    else:
        print_text(f"{printable(place)}: {in_words(found)}. {to.name} uses it within a minute.")
    return DONE
