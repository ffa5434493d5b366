"""Mappings of orders as people write them (YAML or JSON), and what the functions read of them."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from allocation.domain.errors import InvalidMessageError
from allocation.orders.mapping import PACKAGED, InvalidMappingError, OrderMapping, mapping_of
from allocation.orders.order_created import ReadingRules, read_order
from cli.errors import CommandError, UsageError
from cli.input_files import read_text, shown_name

WRITTEN: Final = Path(__file__).parent / "mappings"


def written_mapping(path: str) -> tuple[dict[str, Any], OrderMapping]:
    """Return a mapping as it is written, and ready to use.

    Raises `UsageError` for a file that can't be read, and `CommandError` for a mapping with a problem.
    """
    try:
        document = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" (line {place.line + 1}, column {place.column + 1})" if place else ""
        raise UsageError(
            f"{shown_name(path)} is not YAML{where}: name a file with a mapping (docs/mapping.md)."
        ) from error
    try:
        return document, mapping_of(document)
    except InvalidMappingError as error:
        raise CommandError(f"{shown_name(path)}: {error}.") from error


def compiled(document: Mapping[str, Any]) -> str:
    """Return a mapping as the functions read it."""
    return json.dumps(document, indent=2) + "\n"


def packaged_files() -> dict[Path, Callable[[], str]]:
    """Return each packaged mapping's file, with what makes its text of the written one."""
    return {PACKAGED / f"{path.stem}.json": partial(_text, path) for path in sorted(WRITTEN.glob("*.yaml"))}


def checked_order(file: str, mapping: str) -> dict[str, Any]:
    """Return what the deployed reader makes of a message: the order's reference, its consignments, what is refused.

    `mapping` is the file of a mapping, or empty. Raises `UsageError` and `CommandError` as `written_mapping`.
    """
    chosen = written_mapping(mapping)[1] if mapping else None
    text = read_text(file)
    try:
        read = read_order(text, ReadingRules(mapping=chosen.applied if chosen else None))
    except InvalidMessageError as error:
        return {"orderReference": None, "consignments": [], "refused": {"code": error.code, "reason": str(error)}}
    refused = {"code": read.invalid.code, "reason": str(read.invalid)} if read.invalid else None
    return {
        "orderReference": read.order.reference,
        "consignments": [item.reference for item in read.order.consignments],
        "refused": refused,
    }


def _text(path: Path) -> str:
    return compiled(yaml.safe_load(path.read_text("utf-8")))
