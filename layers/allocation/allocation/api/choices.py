"""How an allocation request has its carrier service chosen: by a mode, by filters or by a quote."""

from typing import Final

from allocation.api.allocation_requests import Filters
from allocation.api.requests import Request
from allocation.api.services import Services
from allocation.consignments.allocations import Choose
from allocation.consignments.errors import RequestError
from allocation.domain.consignment import Consignment, Direction
from allocation.domain.errors import InvalidReferenceError
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import AllocationFailed, Failure, FailureCode, Outcome
from allocation.engine.allocator import EngineAllocator
from allocation.engine.engine import ServiceFilters

DIRECTIONS: Final = {"Inbound": Direction.INBOUND, "Outbound": Direction.OUTBOUND}


class NoDeadline:
    """A `Deadline` for what takes no time worth measuring."""

    def remaining_seconds(self) -> float:
        """Always enough."""
        return float("inf")


def by_mode(request: Request, services: Services, mode: AllocationMode) -> Choose:
    """Chooses as the order queue does."""

    def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
        return mode, allocated_by(request, services, mode, consignment)

    return choose


def by_filters(request: Request, services: Services, filters: Filters) -> Choose:
    """Chooses the cheapest service that passes the rules and the filters."""
    wanted = ServiceFilters(
        direction=DIRECTIONS.get(filters.service_direction or ""),
        pick_up=bool(filters.is_pickup),
        drop_off=bool(filters.is_drop_off),
    )

    def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
        market = services.market
        winner = market.assess(consignment, services.now(), filters=wanted).winner
        if winner is None:
            text = f"No carrier service that passes the filters can take consignment {consignment.reference}."
            return DefaultRules(), AllocationFailed(Failure(FailureCode.NO_CARRIER_SERVICE_AVAILABLE, text))
        mode = CarrierService(market.service(winner).reference)
        return DefaultRules(), allocated_by(request, services, mode, consignment)

    return choose


def by_quote(request: Request, services: Services, quote: str) -> Choose:
    """Chooses the service of a quote, if it still stands."""

    def choose(consignment: Consignment) -> tuple[AllocationMode, Outcome]:
        service = services.market.quoted(consignment, quote, services.now())
        mode = CarrierService(service.reference)
        return mode, allocated_by(request, services, mode, consignment)

    return choose


def allocated_by(request: Request, services: Services, mode: AllocationMode, consignment: Consignment) -> Outcome:
    """What the engine answers, links and all."""
    allocator = EngineAllocator(services.engine, now=services.now, api_base_url=request.base_url, usage=services.limits)
    return allocator.allocate([consignment], mode, NoDeadline())[consignment.reference]


def service_group(reference: str) -> ServiceGroup:
    """The mode of a service group. Raises `RequestError` for a reference that no group can have."""
    try:
        return ServiceGroup(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.SERVICE_GROUP_NOT_FOUND, str(error)) from error


def carrier_service(reference: str) -> CarrierService:
    """The mode of a carrier service. Raises `RequestError` for a reference that no service can have."""
    try:
        return CarrierService(reference)
    except InvalidReferenceError as error:
        raise RequestError(FailureCode.CARRIER_SERVICE_NOT_FOUND, str(error)) from error
