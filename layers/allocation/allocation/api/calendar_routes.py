"""Collection calendars: when a carrier collects at a shipping location each week, and the days that differ."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final, Literal
from uuid import UUID, uuid5

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_FOUND, RequestError
from allocation.engine.calendars import Calendar, CollectionHours
from allocation.engine.loaded_catalogue import Catalogue, Location
from allocation.engine.timetables import calendar_of
from allocation.engine.wording import there_is_no

OPERATIONS: Final[list[Operation]] = []
# The namespace of the ids of rules (RFC 9562, 5.5): a rule has the same id whenever it is read.
_RULES: Final = UUID("0f9b6a0e-7f5c-4a0e-9c0a-5b8f4e2d6c11")
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ROOT: Final = "CollectionCalendar"


class OperationTime(TypedDict):
    """A local time, so many days from the day of the collection."""

    TimeOffsetInDays: int
    Time: str


class CalendarOperationTimes(TypedDict):
    """When a collection leaves (`ManifestTime`), and until when it can be joined."""

    ManifestTime: str
    CutOffTime: OperationTime
    PreAdviceTime: OperationTime | None
    OperationalCutOffTime: OperationTime | None


class CalendarRule(TypedDict):
    """A collection of each week."""

    Id: str
    CalendarOperationTimes: CalendarOperationTimes
    DayOfWeek: str
    MpdCarrierServiceReferences: list[str]


class CalendarException(TypedDict):
    """A day without collection, or with another one than its week has."""

    Id: str
    Date: str
    CalendarOperationTimes: CalendarOperationTimes | None
    CalendarExceptionType: Literal["ReScheduled", "Cancelled"]
    MpdCarrierServiceReferences: list[str]


class CollectionCalendar(TypedDict):
    """When a carrier collects at a shipping location."""

    MpdCarrierReference: str
    ShippingLocationReference: str
    CalendarRules: list[CalendarRule]
    CalendarExceptions: list[CalendarException]
    ApplicableMpdCarrierServices: list[str]


@operation(
    OPERATIONS,
    "GET",
    "/collectioncalendar/{location}/{carrier}",
    "Get a collection calendar",
    gives=CollectionCalendar,
    errors=(404,),
)
def get_collection_calendar(request: Request, use_cases: UseCases) -> Reply:
    """Return when a carrier collects at a shipping location each week, and the days from today on that differ.

    Times are local. Carrier services with collections of their own have rules of their own.
    """
    catalogue, now = use_cases.engine.catalogue, int(use_cases.now().timestamp())
    location, carrier = request.path["location"], request.path["carrier"]
    if location not in catalogue.locations:
        text = there_is_no("shipping location", location[:64], catalogue.locations)
        raise RequestError("ShippingLocationNotFoundException", text, NOT_FOUND)
    if carrier not in catalogue.carriers:
        text = there_is_no("carrier", carrier[:64], catalogue.carriers)
        raise RequestError("CarrierNotFoundException", text, NOT_FOUND)
    shared = _calendars(catalogue, catalogue.locations[location], carrier)
    if not shared:
        text = f"Carrier {carrier} collects nothing at shipping location {location}."
        raise RequestError("CollectionCalendarNotFoundException", text, NOT_FOUND)
    data = CollectionCalendar(
        MpdCarrierReference=carrier,
        ShippingLocationReference=location,
        CalendarRules=[rule for calendar, services in shared for rule in _rules(calendar, services)],
        CalendarExceptions=[
            each for calendar, services in shared for each in _exceptions(calendar, services, calendar.today(now))
        ],
        ApplicableMpdCarrierServices=sorted(reference for _, services in shared for reference in services),
    )
    return Reply(data, root=_ROOT)


def _calendars(catalogue: Catalogue, location: Location, carrier: str) -> list[tuple[Calendar, list[str]]]:
    """Return the calendars by which a carrier collects at a location, each with its services."""
    shared: dict[int, tuple[Calendar, list[str]]] = {}
    for service in catalogue.services:
        serves = service.locations is None or location.reference in service.locations
        calendar = calendar_of(catalogue, location, service)
        if service.enabled and serves and calendar and service.legs[0].carrier.reference == carrier:
            shared.setdefault(id(calendar), (calendar, []))[1].append(service.reference)
    return list(shared.values())


def _rules(calendar: Calendar, services: Sequence[str]) -> Iterator[CalendarRule]:
    for day, collections in zip(_DAYS, calendar.week, strict=True):
        for hours in collections:
            yield CalendarRule(
                Id=_id(day, hours, services),
                CalendarOperationTimes=_times(hours),
                DayOfWeek=day,
                MpdCarrierServiceReferences=list(services),
            )


def _exceptions(calendar: Calendar, services: Sequence[str], today: int) -> Iterator[CalendarException]:
    """Yield the days from today on that differ from their week, in order."""
    cancelled: Mapping[int, Sequence[CollectionHours]] = {
        day: () for day in calendar.holidays if calendar.week[(day - 1) % 7]
    }
    for day, collections in sorted({**cancelled, **calendar.exceptions}.items()):
        if day < today:
            continue
        at = date.fromordinal(day).isoformat()
        for hours in collections or (None,):
            yield CalendarException(
                Id=_id(at, hours, services),
                Date=f"{at}T00:00:00+00:00",
                CalendarOperationTimes=_times(hours) if hours else None,
                CalendarExceptionType="ReScheduled" if hours else "Cancelled",
                MpdCarrierServiceReferences=list(services),
            )


def _id(day: str, hours: CollectionHours | None, services: Sequence[str]) -> str:
    return str(uuid5(_RULES, f"{day}/{hours}/{' '.join(services)}"))


def _times(hours: CollectionHours) -> CalendarOperationTimes:
    return CalendarOperationTimes(
        ManifestTime=_time(hours.collection),
        CutOffTime=OperationTime(TimeOffsetInDays=-hours.days_before, Time=_time(hours.cut_off)),
        PreAdviceTime=None,
        OperationalCutOffTime=None,
    )


def _time(seconds: int) -> str:
    """Return seconds after midnight as PRO writes a time; the end of a day is its last second."""
    last = min(seconds, 24 * 3600 - 1)
    return f"{last // 3600:02d}:{last // 60 % 60:02d}:{last % 60:02d}"
