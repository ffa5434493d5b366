"""`carrier generate`: every file that is made from code, written or checked in one way."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import click

from cli import event_schemas, names, openapi, order_mappings, pro_routes_page
from cli.catalogue.compilation import compiled_sample_text
from cli.catalogue.written_catalogue import catalogue_schema_text
from cli.commands.options import ExampleCommand, json_option
from cli.output import print_json, print_text
from cli.paths import COMPILED_SAMPLE, ROOT, shown

# Each file with what makes its text.
_FILES: Final[Mapping[Path, Callable[[], str]]] = {
    **{event_schemas.FOLDER / name: partial(event_schemas.text_of, name) for name in event_schemas.CONTRACTS},
    event_schemas.DELIVERED_EXAMPLE: event_schemas.delivered_example_text,
    openapi.FILE: openapi.text,
    pro_routes_page.FILE: pro_routes_page.text,
    names.FILE: names.text,
    ROOT / "docs" / "catalogue" / "catalogue.json": catalogue_schema_text,
    COMPILED_SAMPLE: compiled_sample_text,
    **order_mappings.packaged_files(),
}


@click.command(cls=ExampleCommand, examples=["carrier generate --check"])
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 if a file is stale.")
@json_option
def generate(*, check: bool, as_json: bool) -> int:
    """Write the files that are generated from code, and say which of them changed."""
    stale = [path for path, text in _FILES.items() if not _is_current(path, text())]
    if not check:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_FILES[path](), encoding="utf-8")
    if as_json:
        print_json({"files": list(map(shown, _FILES)), "stale" if check else "changed": list(map(shown, stale))})
    else:
        _print_files(stale, check=check)
    return int(check and bool(stale))


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _print_files(stale: list[Path], *, check: bool) -> None:
    for path in stale:
        print_text(f"{shown(path)} {'is stale: run `carrier generate`.' if check else 'written.'}")
    if not stale:
        print_text(f"All {len(_FILES)} generated files are up to date.")
