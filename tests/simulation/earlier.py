"""What version 0.2.0 has left when this one is deployed: records, claims, and work at SortedPRO whose outcome it lost.

Its orders come again, and others name its consignments. Records have schema 1: summaries as they are, states in
`state`, nothing about orders' rows, events tried or who allocated. Claims have an end, and nothing else.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from allocation.domain.summary import AllocationSummary
from allocation.records.items import to_item
from allocation.records.kept_summary import kept_summary
from tests.simulation.aws import KEY, SimulatedDynamoDB
from tests.simulation.claims import SimulatedClaims
from tests.simulation.orders import Order
from tests.simulation.pro import BEGINNING, SimulatedPro

EVENT: Final = "earlier-1"
"""The event that version 0.2.0 names in its records."""
_ALLOCATABLE: Final = ("EC-AAA-", "EC-OLD-")
_SERVICE: Final = "CY_48"
_MAX_HELD_SECONDS: Final = 300.0
"""For how long a claim of version 0.2.0 may go on: an invocation, and its patience with SortedPRO after that."""


def leave(orders: list[Order], seed: int, table: SimulatedDynamoDB, claims: SimulatedClaims, pro: SimulatedPro) -> None:
    """Puts into the tables, and has done at SortedPRO, what version 0.2.0 came to with some of the consignments."""
    draw = Random(f"{seed}/0.2.0")
    for reference, order in _known(orders):
        what = draw.choice(("nothing", "recorded", "failed", "lost", "asked"))
        if what == "nothing":
            continue
        ends = BEGINNING + timedelta(seconds=draw.uniform(-3600.0, 0.0 if what == "recorded" else _MAX_HELD_SECONDS))
        claims.items[reference] = _claim(reference, ends)
        if what in ("recorded", "lost"):
            summary = pro.state.allocate(reference, _SERVICE)
            if what == "recorded":
                table.hold(to_item(allocated_record(reference, order, summary)))
        elif what == "failed":
            table.hold(to_item(failed_record(reference, order)))


def _known(orders: list[Order]) -> Iterator[tuple[str, str]]:
    """Consignments that can be allocated, each with the first order that names it."""
    named: dict[str, str] = {}
    for order in orders:
        number = order.name.split("-")[1]
        for reference in order.consignments:
            named.setdefault(reference, f"ORDER-{number}")
    return ((reference, order) for reference, order in named.items() if reference.startswith(_ALLOCATABLE))


def _claim(reference: str, ends: datetime) -> dict[str, Any]:
    kept_until = ends + timedelta(days=90)
    return {
        KEY: {"S": reference},
        "heldUntil": {"N": str(int(ends.timestamp() * 1000))},
        "expiresAt": {"N": str(int(kept_until.timestamp()))},
    }


def _record(reference: str, order: str, state: str) -> dict[str, Any]:
    return {
        KEY: reference,
        "orderReference": order,
        "state": state,
        "mode": "default_rules",
        "version": 1,
        "eventId": EVENT,
        "allocatedAt": "2026-11-23T08:15:00.000Z",
        "schemaVersion": 1,
    }


def allocated_record(reference: str, order: str, summary: Any) -> dict[str, Any]:
    """The document of an allocation."""
    kept = kept_summary(AllocationSummary.model_validate(summary))
    names = {"carrierReference": kept["CarrierReference"], "carrierServiceReference": kept["CarrierServiceReference"]}
    return _record(reference, order, "Allocated") | {"allocationSummary": kept} | names


def failed_record(reference: str, order: str) -> dict[str, Any]:
    """The document of a failure."""
    failure = {"code": "NoCarrierServiceAvailable", "message": "nothing fitted then"}
    return _record(reference, order, "AllocationFailed") | {"failure": failure}
