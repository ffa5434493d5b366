"""Wires what reads the catalogue, for every function that needs one: as an engine, or only its routing table."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

from allocation.aws.clients import client
from allocation.domain.frozen import frozen
from allocation.settings import CatalogueSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from allocation.aws.maintained_files import MaintainedFile
    from allocation.domain.routing import RoutingTable
    from allocation.engine.engine import Engine

# What a function is asked instead of being given work: which catalogue it uses.
CATALOGUE_QUESTION: Final = {"ask": "catalogue"}

_Read = TypeVar("_Read")


def catalogue_place() -> CatalogueSettings:
    """Return where this function finds its catalogue."""
    return read_settings(CatalogueSettings, os.environ)


@cache
def engine_file(place: CatalogueSettings) -> "Callable[[], Engine]":
    """Return what answers with the engine to use now, over the catalogue at its place or the packaged one.

    Raises `ConfigurationError` for a location of no known kind.
    """
    from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled
    from allocation.engine.engine import Engine

    def packaged() -> Engine:
        return Engine(packaged_catalogue())

    return _catalogue_file(place, lambda text: Engine(read_compiled(text)), packaged) or _always(packaged())


@frozen
class _Routes:
    """The routing table of a catalogue, if it has one."""

    table: "RoutingTable | None"


@cache
def routes_file(place: CatalogueSettings) -> "Callable[[], _Routes]":
    """Return what answers with the routing table for SortedPRO. It loads nothing of the engine without a catalogue.

    Raises `ConfigurationError` for a location of no known kind.
    """

    def routes_of(text: str) -> _Routes:
        from allocation.engine.compiled_catalogue import read_compiled

        return _Routes(read_compiled(text).routing)

    none = _Routes(None)
    return _catalogue_file(place, routes_of, lambda: none) or _always(none)


def _always(value: _Read) -> "Callable[[], _Read]":
    return lambda: value


def _catalogue_file(
    place: CatalogueSettings, read: "Callable[[str], _Read]", otherwise: "Callable[[], _Read]"
) -> "MaintainedFile[_Read] | None":
    """Return the catalogue's file, or None for the packaged catalogue.

    `otherwise` makes what is used while the stack's own bucket never had one. Elsewhere a missing one is a mistake.
    """
    if not (place.catalogue_location or place.catalogue_bucket):
        return None
    from allocation.aws.file_stores import CATALOGUE_KEY, S3Store, Store, store_at
    from allocation.aws.maintained_files import MaintainedFile, report_refused_catalogue

    store: Store
    if place.catalogue_location:
        store, when_empty = store_at(place.catalogue_location, client), None
    else:
        bucket = place.catalogue_bucket or ""
        store, when_empty = S3Store(client("s3"), bucket, CATALOGUE_KEY, notes_refusals=True), otherwise
    # Not the monotonic clock: it may stand still while the function is frozen.
    return MaintainedFile(
        store, "catalogue", read, clock=time.time, refused=report_refused_catalogue, otherwise=when_empty
    )


def catalogue_status() -> dict[str, object]:
    """Return which catalogue the queue's function uses: its tag, and the later one that it refused, if it did.

    Both are None where the packaged one is used.
    """
    place = catalogue_place()
    return _status_of(routes_file(place) if _by_pro() else engine_file(place))


def api_catalogue_status() -> dict[str, object]:
    """Return which catalogue the API uses, as `catalogue_status` does."""
    return _status_of(engine_file(catalogue_place()))


def read_api_catalogue() -> None:
    """Read the API's catalogue ahead of the first request. Where SortedPRO allocates, the API needs none."""
    if not _by_pro():
        api_catalogue_status()


def _by_pro() -> bool:
    return os.environ.get("ALLOCATOR") == "pro"


def _status_of(file: object) -> dict[str, object]:
    from allocation.aws.maintained_files import FileStatus, MaintainedFile

    status = file.status() if isinstance(file, MaintainedFile) else FileStatus(None, None)
    return {"inUse": status.in_use, "refused": status.refused and status.refused._asdict()}
