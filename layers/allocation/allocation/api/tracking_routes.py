"""Tracking: carriers' events in, and the journey of each package out, by legs or flattened."""

from typing import Final

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.carrier_events import CarrierEvents
from allocation.consignments.store import Known
from allocation.consignments.tracking import KeptTracking
from allocation.domain.tracking import TrackingEvent

OPERATIONS: Final[list[Operation]] = []
_ROOT: Final = "ConsignmentViewModel"


class EventViewModel(TypedDict):
    """What a carrier says of a package. SignedBy is a name: personal data."""

    TimeStamp: str
    Code: str
    Description: str | None
    SignedBy: str | None
    Location: str | None


class FlattenedEventViewModel(EventViewModel):
    """An event with the carrier service that it is of."""

    CarrierServiceName: str | None


class LegViewModel(TypedDict):
    """One carrier's part of a package's journey, with its events in order."""

    CarrierServiceName: str | None
    Events: list[EventViewModel]


class PackageViewModel(TypedDict):
    """A package with the legs of its journey."""

    PackageReferenceForAllLegsAssignedByMpd: str | None
    Legs: list[LegViewModel]


class FlattenedPackageViewModel(TypedDict):
    """A package with all its events in order."""

    PackageReferenceForAllLegsAssignedByMpd: str | None
    Events: list[FlattenedEventViewModel]


class ConsignmentViewModel(TypedDict):
    """A consignment with its tracked packages."""

    ConsignmentReferenceForAllLegsAssignedByMpd: str
    TrackedPackages: list[PackageViewModel]


class FlattenedConsignmentViewModel(TypedDict):
    """A consignment with its tracked packages, whose events are not told apart by legs."""

    ConsignmentReferenceForAllLegsAssignedByMpd: str
    TrackedPackages: list[FlattenedPackageViewModel]


@operation(
    OPERATIONS,
    "POST",
    "/tracking/carrierevents",
    "Post tracking events",
    takes=CarrierEvents,
    errors=(400,),
)
def post_tracking_events(request: Request, use_cases: UseCases) -> Reply:
    """Take carriers' events, each once however often it is sent.

    A tracking reference that is not known, or not this carrier's, is named in the error; the events of all others are
    taken. The reference of the consignment itself will do, too.
    """
    use_cases.tracking.take(request.model(CarrierEvents), request.request_id)
    return Reply()


@operation(
    OPERATIONS,
    "GET",
    "/tracking/flattened/{consignment}",
    "Get events per package",
    gives=FlattenedConsignmentViewModel,
    errors=(404,),
)
def get_events_per_package(request: Request, use_cases: UseCases) -> Reply:
    """Return the events of each package, by the reference of a consignment or a tracking reference."""
    known, kept = use_cases.tracking.of(request.path["consignment"])
    packages = [
        FlattenedPackageViewModel(
            PackageReferenceForAllLegsAssignedByMpd=reference,
            Events=[
                FlattenedEventViewModel(**_event_view(event), CarrierServiceName=_service_name(known))
                for event in _of_package(kept, at)
            ],
        )
        for at, reference in enumerate(_packages(known))
    ]
    data = FlattenedConsignmentViewModel(
        ConsignmentReferenceForAllLegsAssignedByMpd=known.reference, TrackedPackages=packages
    )
    return Reply(data, root="FlattenedConsignmentViewModel")


@operation(
    OPERATIONS,
    "GET",
    "/tracking/{consignment}",
    "Get tracking events",
    gives=ConsignmentViewModel,
    errors=(404,),
)
def get_tracking_events(request: Request, use_cases: UseCases) -> Reply:
    """Return the events of each package by legs, by the reference of a consignment or a tracking reference."""
    known, kept = use_cases.tracking.of(request.path["consignment"])
    legs = range(1, _leg_count(known) + 1)
    packages = [
        PackageViewModel(
            PackageReferenceForAllLegsAssignedByMpd=reference,
            Legs=[
                LegViewModel(
                    CarrierServiceName=_service_name(known),
                    Events=[_event_view(event) for event in _of_package(kept, at) if event.leg == leg],
                )
                for leg in legs
            ],
        )
        for at, reference in enumerate(_packages(known))
    ]
    data = ConsignmentViewModel(ConsignmentReferenceForAllLegsAssignedByMpd=known.reference, TrackedPackages=packages)
    return Reply(data, root=_ROOT)


def _packages(known: Known) -> list[str | None]:
    """Return the references of a consignment's packages, none where its content is not kept."""
    content = known.stored.content["Packages"] if known.stored else [{}]
    return [package.get("Reference") for package in content]


def _leg_count(known: Known) -> int:
    summary = known.record.allocation_summary if known.record else None
    return len(summary.consignment_legs) if summary else 0


def _service_name(known: Known) -> str | None:
    summary = known.record.allocation_summary if known.record else None
    return summary.carrier_service_name if summary else None


def _of_package(kept: KeptTracking, package: int) -> list[TrackingEvent]:
    return [event for event in kept.events if event.package in (None, package)]


def _event_view(event: TrackingEvent) -> EventViewModel:
    return EventViewModel(
        TimeStamp=event.time_stamp,
        Code=event.code,
        Description=event.description,
        SignedBy=event.signed_by,
        Location=event.location,
    )
