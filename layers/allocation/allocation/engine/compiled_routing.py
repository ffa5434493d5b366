"""How a compiled catalogue chooses: its routing table, the modes of its rows, and its preference."""

from dataclasses import replace
from typing import Any

from allocation.domain.errors import AllocationError
from allocation.domain.mode import AllocationMode, CarrierService, allocation_mode
from allocation.domain.preference import Preference, PreferenceName
from allocation.domain.routing import RoutingTable
from allocation.engine.compiled_parts import listed, money, refuse_unknown, text_or_none


def routing(item: dict[str, Any]) -> RoutingTable:
    """Return the routing table of a catalogue. Raises `InvalidCatalogueError`, `ValueError` and `LookupError`."""
    table = RoutingTable(
        default=_mode(item.pop("default")),
        options={option: _mode(row) for option, row in item.pop("options").items()},
        fails_unknown={"fail": True, "default": False}[item.pop("unknown")],
    )
    refuse_unknown("routing", item)
    return table


def _mode(row: Any) -> AllocationMode:
    """Return the mode of a row: a name, a reference and perhaps a preference.

    Raises `ValueError` where they do not go together.
    """
    name, reference, *preferences = listed(row, lambda value: value)
    try:
        mode = allocation_mode(text_or_none(name) or "", text_or_none(reference))
    except AllocationError as error:
        raise ValueError(str(error)) from error
    if mode.reference != reference:
        raise ValueError(f"the mode {name} has no reference")
    if not preferences:
        return mode
    if isinstance(mode, CarrierService):
        raise ValueError(f"the mode {name} has no preference")
    (compiled,) = preferences
    return replace(mode, preference=preference(compiled))


def preference(compiled: Any) -> Preference:
    """Return a preference: its name, or a list of its name, an amount and a currency."""
    name, *within = compiled if type(compiled) is list else [compiled]
    return Preference(PreferenceName(name), money(within) if within else None)
