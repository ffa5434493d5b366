"""The allocator that decides in process, over the engine's catalogue."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from allocation.domain.consignments import Consignment
from allocation.domain.modes import AllocationMode, CarrierService, ServiceGroup
from allocation.domain.outcomes import (
    CARRIER_SERVICE_NOT_FOUND,
    CONSIGNMENT_INCOMPLETE,
    NO_CARRIER_SERVICE_AVAILABLE,
    SERVICE_GROUP_NOT_FOUND,
    Allocated,
    AllocationFailed,
    Failure,
    Outcome,
)
from allocation.domain.references import ConsignmentReference
from allocation.engine.engine import Engine
from allocation.engine.summary import allocation_summary
from allocation.ports import Deadline


class EngineAllocator:
    """Allocates by the engine; implements `ports.Allocator`.

    `now` returns the moment as an aware UTC datetime; `api_base_url` is what the summary's links begin with.
    """

    def __init__(self, engine: Engine, *, now: Callable[[], datetime], api_base_url: str) -> None:
        self._engine = engine
        self._now = now
        self._api_base_url = api_base_url.rstrip("/")

    def allocate(
        self,
        consignments: Sequence[Consignment],
        mode: AllocationMode,
        deadline: Deadline,  # noqa: ARG002 - deciding takes microseconds and waits for nobody
    ) -> Mapping[ConsignmentReference, Outcome]:
        """Answers for every consignment; never raises for one that can't be allocated."""
        now = self._now()
        return {consignment.reference: self._outcome(consignment, mode, now) for consignment in consignments}

    def _outcome(self, consignment: Consignment, mode: AllocationMode, now: datetime) -> Outcome:
        scope = self._scope(mode)
        if isinstance(scope, Failure):
            return AllocationFailed(scope)
        if incomplete := incompleteness(consignment):
            return AllocationFailed(incomplete)
        decision = self._engine.decide(consignment, scope, now)
        if decision.chosen is None:
            return AllocationFailed(_nothing_fits(consignment, mode), decision.explanation)
        summary = allocation_summary(consignment.reference, decision.chosen, self._api_base_url)
        return Allocated(summary, decision.price, decision.explanation)

    def _scope(self, mode: AllocationMode) -> frozenset[str] | Failure:
        match mode:
            case ServiceGroup(reference):
                return self._engine.group(reference) or Failure(
                    SERVICE_GROUP_NOT_FOUND, f"The catalogue has no carrier service group {reference!r}."
                )
            case CarrierService(reference):
                return self._engine.service(reference) or Failure(
                    CARRIER_SERVICE_NOT_FOUND, f"The catalogue has no carrier service {reference!r}."
                )
            case _:
                return self._engine.every_service()


def incompleteness(consignment: Consignment) -> Failure | None:
    """What the engine lacks to decide about the consignment, all of it in one message; None if nothing."""
    missing = [
        text
        for text, absent in (
            ("at least one package", not consignment.packages),
            ("the Origin address", consignment.origin is None),
            ("the Destination address", consignment.destination is None),
        )
        if absent
    ]
    if not missing:
        return None
    return Failure(CONSIGNMENT_INCOMPLETE, f"Consignment {consignment.reference} lacks {', '.join(missing)}.")


def _nothing_fits(consignment: Consignment, mode: AllocationMode) -> Failure:
    scope = {"service_group": "of the service group", "carrier_service": "in the scope of the mode"}.get(mode.name)
    text = f"No carrier service {scope or 'of the catalogue'} can take consignment {consignment.reference}."
    return Failure(NO_CARRIER_SERVICE_AVAILABLE, text)
