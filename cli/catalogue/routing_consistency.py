"""Finds rows of a routing table that lead nowhere: a mode without its reference, an unknown group or service."""

from collections.abc import Collection, Iterator
from typing import assert_never

from allocation.domain.mode import REFERENCED_MODES, ModeName, ReferencedMode
from allocation.domain.routing import DEFAULT_ROW, UNKNOWN_ROW
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.written_catalogue import RoutedMode, WrittenCatalogue

_Problems = Iterator[CatalogueProblem]


def find_routing_contradictions(catalogue: WrittenCatalogue, *, has_services: bool) -> _Problems:
    """Yield what is wrong with the routing table. `has_services` if its references are this catalogue's."""
    routing = catalogue.routing
    if routing is None:
        return
    known = {mode: _known(catalogue, mode) for mode in REFERENCED_MODES}
    rows = [(key_path("routing", "default"), routing.default)]
    rows += [(key_path("routing", "options", option), row) for option, row in routing.options.items()]
    for path, row in rows:
        yield from _row(path, row)
        if has_services and row.reference and row.mode in known:
            yield from unknown_name(key_path(*path, "reference"), row.reference, known[row.mode], _kind(row.mode))
    for name in {DEFAULT_ROW, UNKNOWN_ROW} & routing.options.keys():
        fix = f"is how records name the row {name!r} of every table: rename the option"
        yield CatalogueProblem(key_path("routing", "options", name), None, fix)


def _known(catalogue: WrittenCatalogue, mode: ReferencedMode) -> Collection[str]:
    match mode:
        case ModeName.SERVICE_GROUP:
            return frozenset(catalogue.groups)
        case ModeName.CARRIER_SERVICE:
            return frozenset(reference for _, reference, _ in catalogue.all_services())
        case _:
            assert_never(mode)


def _kind(mode: ModeName) -> str:
    return mode.replace("_", " ")


def _row(path: KeyPath, row: RoutedMode) -> _Problems:
    named = row.mode in REFERENCED_MODES
    if named and row.reference is None:
        yield CatalogueProblem(path, None, f"is of the mode {row.mode}: add the reference of a {_kind(row.mode)}")
    if not named and row.reference is not None:
        fix = f"does not go with the mode {row.mode}: remove it, or write another mode"
        yield CatalogueProblem(key_path(*path, "reference"), row.reference, fix)
