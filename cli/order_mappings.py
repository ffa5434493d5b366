"""Mappings of orders as people write them (YAML or JSON), and what the functions read of them."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.aws.file_stores import store_at
from allocation.aws.maintained_files import MaintainedFile
from allocation.domain.errors import InvalidMessageError, RetryableError
from allocation.domain.order import Order, OrderCancellation, OrderLeftOut, OrderRequest
from allocation.orders.event_types import CANCELLED, CREATED, LEFT_OUT, UPDATED
from allocation.orders.mapping import PACKAGED, InvalidMappingError, OrderMapping, mapping_of, read_mapping
from allocation.orders.order_created import ReadingRules
from allocation.orders.order_requests import read_request
from cli.errors import CommandError, UsageError
from cli.input_files import parsed_yaml, read_text, shown_name

WRITTEN: Final = Path(__file__).parent / "mappings"


def written_mapping(path: str) -> tuple[dict[str, Any], OrderMapping]:
    """Return a mapping as it is written, and ready to use.

    Raises `UsageError` for a file that can't be read, and `CommandError` for a mapping with a problem.
    """
    try:
        document = parsed_yaml(read_text(path, "mapping"))
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


def deployed_mapping(location: str, client: Callable[[str], Any]) -> OrderMapping:
    """Return the mapping that the functions of a stack use now: the last good version at its location.

    `client` makes a client of an AWS service. Raises `CommandError` if there is no usable mapping.
    """
    source = MaintainedFile(
        store_at(location, client), "mapping", read_mapping, clock=time.monotonic, refused=lambda _: None
    )
    try:
        return source()
    except RetryableError as error:
        lack = "is no mapping that can be used"
        if isinstance(error.__cause__, ClientError | BotoCoreError):
            lack = f"can't be read ({cause_of(error.__cause__)})"
        raise CommandError(
            f"{location}, where the stack has its mapping, {lack}: correct that, or give a mapping as --mapping FILE."
        ) from error


def checked_message(file: str, mapping: str) -> dict[str, Any]:
    """Return what the deployed reader makes of a message: what it asks, of which consignments, and what is refused.

    `consignments` is None where a whole order is meant. `mapping` is the file of a mapping, or empty. Raises
    `UsageError` and `CommandError` as `written_mapping`.
    """
    chosen = written_mapping(mapping)[1] if mapping else None
    text = read_text(file)
    try:
        read = read_request(text, ReadingRules(mapping=chosen.applied if chosen else None))
    except InvalidMessageError as error:
        return {
            "asks": None,
            "orderReference": None,
            "consignments": [],
            "refused": {"code": error.code, "reason": str(error)},
        }
    refused = {"code": read.invalid.code, "reason": str(read.invalid)} if read.invalid else None
    return {**_told(read.request), "refused": refused}


def _told(request: OrderRequest) -> dict[str, Any]:
    """Return what a message asks, by references only."""
    match request:
        case Order():
            named = [item.reference for item in request.consignments]
            asks = UPDATED.usual if request.is_update else CREATED.usual
            return {"asks": asks, "orderReference": request.reference, "consignments": named}
        case OrderCancellation():
            asks, meant = CANCELLED.usual, request.consignments
            return {"asks": asks, "orderReference": request.reference, "consignments": meant and list(meant)}
        case OrderLeftOut():
            return {"asks": LEFT_OUT, "orderReference": request.reference, "consignments": []}
        case _:
            assert_never(request)


def _text(path: Path) -> str:
    return compiled(yaml.safe_load(path.read_text("utf-8")))
