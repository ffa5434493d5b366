"""The hubs where carriers hand over, as PRO's clients read them."""

from typing import Any

from typing_extensions import TypedDict

from allocation.engine.loaded_catalogue import Leg


class Hub(TypedDict):
    """A hub. The catalogue knows its name alone."""

    Name: str
    HubAddress: dict[str, Any] | None
    ExtraDaysToTransitTime: int


def hub(leg: Leg) -> Hub | None:
    """The hub that a leg ends at; None where it ends at the destination."""
    return Hub(Name=leg.hub, HubAddress=None, ExtraDaysToTransitTime=0) if leg.hub else None
