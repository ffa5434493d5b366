"""What the decision of a record was asked, ready to be decided again."""

from dataclasses import replace

from allocation.domain.consignment import Consignment
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.engine.asked import Asked
from allocation.records.stored_record import StoredRecord
from allocation.replay.decisions import Replayable

# The states whose last decision was an allocation, or the failure of one.
DECIDED: frozenset[str] = frozenset({Allocated.state, AllocationFailed.state})


def replayable(record: StoredRecord, asked: Asked, stack_mode: AllocationMode, *, has_table: bool) -> Replayable:
    """Return what is decided again of a record.

    `has_table` says whether the catalogue before has a routing table. Where that chose the row, the other catalogue's
    table chooses, too, or `stack_mode` where it has none. A record without a row was asked for by a mode of its own,
    over the API; where there was no table, nobody can tell, and a new table chooses by its default row.
    """
    if record.known_route is None:
        return Replayable(asked.consignment, asked.mode, asked.decided_at, is_routed=not has_table)
    consignment = _with_option(asked.consignment, record.known_route.option)
    return Replayable(consignment, stack_mode, asked.decided_at, is_routed=True)


def _with_option(consignment: Consignment, option: str | None) -> Consignment:
    """Return the consignment with the delivery option of its row: what was asked has none."""
    return replace(consignment, delivery_option=consignment.delivery_option or option)
