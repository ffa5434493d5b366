"""Tries a consignment that nobody has sent: what the live catalogue, or one that is uploaded, would decide."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.errors import RequestError, read_as
from allocation.console.explained_decision import explanation_json
from allocation.console.explaining import explanation_of
from allocation.domain.consignment import Consignment
from allocation.domain.errors import InvalidFileError, InvalidReferenceError, UnknownModeError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, ModeName, allocation_mode
from allocation.domain.outcome import Failure
from allocation.domain.routing import Way, way_of
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine

# Characters of an uploaded catalogue. The sample, with 30 services, has 60,000.
MAX_CATALOGUE: Final = 1_000_000
_REFERENCE: Final = "TRY-IT"
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2249


@frozen
class Trial:
    """What is tried. `catalogue` is the text of a compiled one, None for the live one.

    Without a mode, a group and a service, it is decided as the queue would: by the routing table, or the stack's mode.
    """

    consignment: Mapping[str, Any]
    mode: str | None = None
    group: str | None = None
    service: str | None = None
    now: str | None = None
    catalogue: str | None = None


def tried(trial: Trial, live: Callable[[], Engine], configured: AllocationMode, now: datetime) -> dict[str, Any]:
    """Return every service's answer, as `carrier explain --json` has it. Nothing is kept, and no limit counts as used.

    `configured` is the stack's mode. Raises `RequestError` for what can't be tried.
    """
    engine = live() if trial.catalogue is None else _uploaded(trial.catalogue)
    consignment, mode = _consignment(trial), _mode(trial)
    way = Way(mode) if mode else way_of(engine.catalogue.routing, configured, consignment.delivery_option)
    explained = explanation_of(engine, consignment, way, _moment(trial.now, now))
    if isinstance(explained, Failure):
        raise RequestError(explained.code, explained.message)
    return explanation_json(explained)


def _uploaded(text: str) -> Engine:
    if len(text) > MAX_CATALOGUE:
        size = f"The catalogue has {len(text)} characters, and the most is {MAX_CATALOGUE}."
        raise RequestError("RequestTooLargeException", f"{size} Publish it to another stack to try it.", 413)
    try:
        return Engine(read_compiled(text))
    except InvalidFileError as error:
        raise RequestError("InvalidCatalogueException", f"The catalogue can't be used: {error}") from error


def _consignment(trial: Trial) -> Consignment:
    sent = {"Reference": _REFERENCE, **trial.consignment}
    return read_as(ProConsignment, sent, "The consignment has invalid fields: see Details.").to_domain()


def _mode(trial: Trial) -> AllocationMode | None:
    """Return the mode that is asked for, if one is. A group or a service alone says which is meant."""
    if not (trial.mode or trial.group or trial.service):
        return None
    name = trial.mode or ModeName.DEFAULT_RULES
    if trial.mode is None and (trial.group or trial.service):
        name = ModeName.SERVICE_GROUP if trial.group else ModeName.CARRIER_SERVICE
    given: dict[str, str | None] = {ModeName.SERVICE_GROUP: trial.group, ModeName.CARRIER_SERVICE: trial.service}
    try:
        return allocation_mode(name, given.get(name))
    except (UnknownModeError, InvalidReferenceError) as error:
        raise RequestError("ValidationException", f"{error}.") from error


def _moment(text: str | None, now: datetime) -> datetime:
    moment = now if text is None else _read_moment(text)
    if moment is None or moment.tzinfo is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        wanted = "now must be a timestamp with its offset, such as 2026-12-24T15:59:00Z."
        raise RequestError("ValidationException", wanted)
    return moment.astimezone(UTC)


def _read_moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
