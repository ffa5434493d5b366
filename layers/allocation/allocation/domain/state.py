"""The states of a consignment, what may be done in each, and the steps that an allocated one takes.

Names and rules are PRO's (its help, "Consignment States" and "Manifesting Consignments").
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, get_args

from allocation.domain.frozen import frozen
from allocation.domain.tracking import CANCELLABLE_ON_THE_WAY, DELIVERY_STATES, DeliveryState, Journey

# What a consignment with a carrier service may be in: its record keeps the allocation.
CarriedState = Literal[
    "Allocated", "ReadyToShip", "Manifesting", "Manifested", "ManifestFailed", "Dispatched", DeliveryState
]
# What a record's `state` may be.
State = Literal["AllocationFailed", "Unallocated", "Cancelled"] | CarriedState
CARRIED: Final[tuple[CarriedState, ...]] = get_args(CarriedState)
STATES: Final[tuple[State, ...]] = ("Allocated", "AllocationFailed", "Unallocated", "Cancelled", *CARRIED[1:])


class UserAction(StrEnum):
    """What a user may do with a consignment; the value is a participle for messages."""

    ALLOCATE = "allocated"
    # The console's own: what failed is tried in the mode that it was sent with.
    RETRY = "tried again"
    EDIT = "given other addresses or packages"
    DEALLOCATE = "deallocated"
    CANCEL = "cancelled"
    PRINT_LABELS = "labelled or declared"
    SET_READY = "set as ready to ship"
    SET_NOT_READY = "set as not ready to ship"
    MANIFEST = "manifested"
    DISPATCH = "dispatched"


ALLOWED_IN: Final[Mapping[UserAction, tuple[State, ...]]] = {
    UserAction.ALLOCATE: ("Unallocated", "AllocationFailed"),
    UserAction.RETRY: ("AllocationFailed",),
    UserAction.EDIT: ("Unallocated", "AllocationFailed"),
    # A consignment that is ready to ship is set back first.
    UserAction.DEALLOCATE: ("Allocated", "Manifested", "ManifestFailed"),
    UserAction.CANCEL: (
        *("Unallocated", "AllocationFailed", "Allocated", "Manifested", "ManifestFailed", "Dispatched"),
        *CANCELLABLE_ON_THE_WAY,
    ),
    UserAction.PRINT_LABELS: (
        *("Allocated", "ReadyToShip", "Manifested", "ManifestFailed", "Dispatched"),
        *DELIVERY_STATES,
    ),
    UserAction.SET_READY: ("Allocated",),
    UserAction.SET_NOT_READY: ("ReadyToShip",),
    UserAction.MANIFEST: ("Allocated", "ReadyToShip", "ManifestFailed"),
    UserAction.DISPATCH: ("Manifested",),
}
# The states in which an order's cancellation still cancels. Nobody could set a consignment back for it first.
CANCELLED_WITH_ORDER: Final[tuple[State, ...]] = (*ALLOWED_IN[UserAction.CANCEL], "ReadyToShip")


def allowed_actions(state: str) -> list[UserAction]:
    """Return what may be done in a state; nothing in one that is unknown or passing."""
    return [action for action, states in ALLOWED_IN.items() if state in states]


@frozen
class Step:
    """A step of an allocated consignment on its way. The allocation stays as it is.

    `event_id` is the id of the request that asked for it, `at` its time in aware UTC. `manifest` is the reference of
    the manifest that the consignment stands in from now on; `problem` says why manifesting failed. `journey` is what
    the carrier's events come to, where they led to the step.
    """

    state: CarriedState
    event_id: str
    at: datetime
    manifest: str | None = None
    problem: str | None = None
    journey: Journey | None = None
