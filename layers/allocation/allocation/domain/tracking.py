"""The carrier's events of a consignment, and the state and the dates that follow from them.

States are PRO's (its help, "Consignment States"). What follows depends on the events only, never on the order in which
they came.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, get_args

from allocation.domain.frozen import frozen

# The states that carriers' events lead to.
DeliveryState = Literal[
    "AtDropOffPoint",
    "Collected",
    "InTransit",
    "OutForDelivery",
    "AtCollectionPoint",
    "InTransitWaiting",
    "AtCustoms",
    "Delayed",
    "ExchangeFailed",
    "CarrierUnableToCollect",
    "CollectionFailed",
    "DeliveryFailedCardLeft",
    "DeliveryFailed",
    "HeldByCarrier",
    "ActionRequired",
    "ReturnToSender",
    "Damaged",
    "Missing",
    "Lost",
    "PartiallyDelivered",
    "Delivered",
    "DeliveredDamaged",
]
# In the order in which a shipper looks: of packages that disagree, the last one names the consignment's state. Before
# the first trouble the least advanced one does.
DELIVERY_STATES: Final[tuple[DeliveryState, ...]] = get_args(DeliveryState)
# A consignment in one of the others is not cancelled any more (PRO's help, "Consignment States").
CANCELLABLE_ON_THE_WAY: Final[tuple[DeliveryState, ...]] = tuple(
    state
    for state in DELIVERY_STATES
    if state not in ("Delivered", "PartiallyDelivered", "DeliveryFailed", "InTransitWaiting")
)
_ON_ITS_WAY: Final = DELIVERY_STATES[:5]
_DELIVERED: Final = ("Delivered", "DeliveredDamaged")
# What may still become of a delivered package. Other events after it are late scans.
_AFTER_DELIVERY: Final = ("DeliveredDamaged", "ReturnToSender")
_ATTEMPTS: Final = (*_DELIVERED, "DeliveryFailed", "DeliveryFailedCardLeft")
_RANKS: Final[Mapping[DeliveryState, int]] = {state: rank for rank, state in enumerate(DELIVERY_STATES)}
_BY_CODE: Final[Mapping[str, DeliveryState]] = {state.casefold(): state for state in DELIVERY_STATES}


@frozen
class TrackingEvent:
    """What a carrier says of one package, or of all. The texts may be personal data.

    `time_stamp` is a moment in ISO 8601 with its offset, as it was sent. `package` is the package's position from 0,
    None for all; `leg` counts from 1.
    """

    time_stamp: str
    code: str
    package: int | None = None
    leg: int = 1
    description: str | None = None
    signed_by: str | None = None
    location: str | None = None

    @property
    def at(self) -> datetime:
        """The moment, aware."""
        return datetime.fromisoformat(self.time_stamp)

    @property
    def state(self) -> DeliveryState | None:
        """The state that its code names, or None for one that changes nothing.

        >>> TrackingEvent("2027-01-01T00:00:00+00:00", "IN_TRANSIT - waiting").state
        'InTransitWaiting'
        """
        return _BY_CODE.get(re.sub(r"[^a-z]", "", self.code.casefold()))


@frozen
class Journey:
    """What the events of a consignment come to. The moments are aware, None for what has not happened.

    `state` is None as long as no event names one, `at` is the moment of the last event that does.
    """

    state: DeliveryState | None = None
    at: datetime | None = None
    collected_at: datetime | None = None
    first_attempted_at: datetime | None = None
    attempted_at: datetime | None = None
    delivered_at: datetime | None = None
    returned_at: datetime | None = None


def in_order(events: Iterable[TrackingEvent]) -> list[TrackingEvent]:
    """Return the events, each once, in the order in which they happened, whatever order they came in."""
    return sorted(set(events), key=_order)


def _order(event: TrackingEvent) -> tuple[object, ...]:
    # Of the same moment, the event that is further on its way comes last.
    rank = _RANKS[event.state] if event.state else -1
    # One moment may be written in several ways.
    texts = (event.time_stamp, event.code, event.description or "", event.signed_by or "", event.location or "")
    return (event.at, rank, -1 if event.package is None else event.package, event.leg, texts)


def journey_of(events: Sequence[TrackingEvent], packages: int) -> Journey:
    """Return what events in order come to for a consignment of so many packages."""
    telling = [event for event in events if event.state]
    per_package = [_deciding([event for event in telling if event.package in (None, at)]) for at in range(packages)]
    state = _state_of([event.state if event else None for event in per_package])
    if state is None:
        return Journey()
    attempts = _moments(telling, _ATTEMPTS)
    is_delivered = state in _DELIVERED
    return Journey(
        state=state,
        at=telling[-1].at,
        collected_at=next(iter(_moments(telling, ("Collected",))), None),
        first_attempted_at=attempts[0] if attempts else None,
        attempted_at=attempts[-1] if attempts else None,
        delivered_at=max((event.at for event in per_package if event), default=None) if is_delivered else None,
        returned_at=next(iter(_moments(telling, ("ReturnToSender",))), None),
    )


def _deciding(events: Sequence[TrackingEvent]) -> TrackingEvent | None:
    """Return the event that names the state of a package, or None without any."""
    decides: TrackingEvent | None = None
    for event in events:
        if decides is None or decides.state not in _DELIVERED or event.state in _AFTER_DELIVERY:
            decides = event
    return decides


def _state_of(states: Sequence[DeliveryState | None]) -> DeliveryState | None:
    """Return the state of a consignment by those of its packages, None for one of which nothing is known."""
    known = [state for state in states if state]
    if not known:
        return None
    if all(state in _DELIVERED for state in states):
        return "DeliveredDamaged" if "DeliveredDamaged" in known else "Delivered"
    if any(state in (*_DELIVERED, "PartiallyDelivered") for state in known):
        return "PartiallyDelivered"
    worst: DeliveryState = max(known, key=_RANKS.__getitem__)
    least_advanced: DeliveryState = min(known, key=_RANKS.__getitem__)
    return least_advanced if worst in _ON_ITS_WAY else worst


def _moments(events: Iterable[TrackingEvent], states: Sequence[str]) -> list[datetime]:
    return [event.at for event in events if event.state in states]
