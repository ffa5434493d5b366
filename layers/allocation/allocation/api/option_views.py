"""Delivery options in PRO's shape."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, NotRequired

from typing_extensions import TypedDict

from allocation.api.consignment_view import NO_GUID, address_view, completed_addresses
from allocation.api.measures import RateView, in_pro_units, rate, tax_rate, total_value, total_weight
from allocation.api.typed_values import consignment_values
from allocation.consignments.delivery_options import is_guaranteed
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.kept_offers import OfferedOption
from allocation.consignments.market import Market
from allocation.engine.calendars import DAY_SECONDS, EPOCH_DAY, TimeZone
from allocation.engine.loaded_catalogue import Service
from allocation.engine.timetables import calendar_of


class EstimatedDeliveryDate(TypedDict):
    """The day of a delivery."""

    Date: str
    Guaranteed: bool
    DayOfWeek: str


class WindowView(TypedDict):
    """When on that day it is delivered, in local time at the destination."""

    Start: str
    End: str
    UtcOffset: str | None


class DeliveryOptionView(TypedDict):
    """A day and window in which a consignment could be delivered, and the service and price of it.

    An option at a pickup location has no service types and no direction.
    """

    Reference: str
    EstimatedDeliveryDate: EstimatedDeliveryDate
    DeliveryWindow: WindowView
    Carrier: str
    CarrierService: str
    CarrierServiceReference: str
    CarrierServiceTypes: NotRequired[list[str]]
    Price: RateView
    AllocationCutOff: str
    OperationalCutOff: str | None
    ServiceDirection: NotRequired[str]


class DeliveryOptionsResponse(TypedDict):
    """The delivery options of a consignment."""

    DeliveryOptions: list[DeliveryOptionView]


class DeliveryOptionSummary(TypedDict):
    """The days on which a consignment could be delivered, by the kind of service; null where there is none."""

    Reference: str
    DeliveryOptions: list[str] | None
    TimeSlots: list[str] | None
    PickUp: list[str] | None
    DropOff: list[str] | None


class DeliveryOptionDetails(TypedDict):
    """A delivery option that was offered, and the consignment that it is for."""

    Reference: str | None
    ConsignmentDetail: dict[str, Any]
    DeliveryOption: DeliveryOptionView


class SelectOrderResult(TypedDict):
    """What became of one option. `Status` is 201 where its order was created."""

    DeliveryOptionReference: str
    OrderReference: str | None
    Status: int
    Message: str | None
    Links: NotRequired[list[Any]]


class SelectOrderResponse(TypedDict):
    """What became of each option."""

    SelectOrderResults: list[SelectOrderResult]


def option_view(market: Market, option: OfferedOption) -> DeliveryOptionView:
    """Return one option."""
    service, dates = market.service(option.found.offer), option.found.offer.dates
    breakdown = market.engine.breakdown(option.found.assessment.question, option.found.offer.position)
    if breakdown is None:
        raise ValueError("an offer has a price")
    day = date.fromordinal(dates.delivery_day)
    zone = _time_zone(market, option)
    until = datetime.fromtimestamp(
        dates.cut_off, timezone(timedelta(seconds=zone.offset_at(dates.cut_off)))
    ).isoformat()
    return DeliveryOptionView(
        Reference=option.reference,
        EstimatedDeliveryDate=EstimatedDeliveryDate(
            Date=f"{day.isoformat()}T00:00:00+00:00", Guaranteed=is_guaranteed(service), DayOfWeek=f"{day:%A}"
        ),
        DeliveryWindow=WindowView(
            Start=clock_time(dates.window[0]),
            End=clock_time(dates.window[1]),
            UtcOffset=_offset_there(option, zone, dates.delivery_day),
        ),
        Carrier=service.carrier.name,
        CarrierService=service.name,
        CarrierServiceReference=service.reference,
        CarrierServiceTypes=["Standard"],
        Price=rate(breakdown.price, tax_rate(breakdown.tax_reference, breakdown.tax_rate)),
        AllocationCutOff=until,
        OperationalCutOff=until,
        ServiceDirection=service.direction.value,
    )


def _time_zone(market: Market, option: OfferedOption) -> TimeZone:
    """Return the time zone of the place where an option's service collects, else the catalogue's own."""
    catalogue, inquiry = market.engine.catalogue, option.found.assessment.question.inquiry
    place = catalogue.locations.get(inquiry.location or "")
    calendar = calendar_of(catalogue, place, market.service(option.found.offer))
    return (calendar or catalogue.home).time_zone


def offset_text(seconds: int) -> str:
    """Return an offset from UTC as PRO writes it: `+01:00`."""
    minutes = seconds // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _offset_there(option: OfferedOption, zone: TimeZone, day: int) -> str | None:
    """Return the offset from UTC at the destination on a day; None abroad, whose time zones the catalogue lacks."""
    inquiry, noon = option.found.assessment.question.inquiry, (day - EPOCH_DAY) * DAY_SECONDS + DAY_SECONDS // 2
    # The last but one of a place's keys is its country.
    if inquiry.origin[-2] != inquiry.destination[-2]:
        return None
    return offset_text(zone.offset_at(noon))


def summary_view(reference: str, days: Iterable[tuple[date, Service]]) -> DeliveryOptionSummary:
    """Return the days on which services deliver, and those with a time slot. A summary tells no pickup locations."""
    deliveries: dict[str, None] = {}
    slots: dict[str, None] = {}
    for day, service in days:
        at = f"{day.isoformat()}T00:00:00"
        deliveries[at] = None
        if "timed" in service.features:
            slots[at] = None
    found = list(deliveries) or None
    return DeliveryOptionSummary(
        Reference=reference, DeliveryOptions=found, TimeSlots=list(slots) or None, PickUp=None, DropOff=None
    )


def details_view(
    reference: str, offer: Mapping[str, Any], located: Callable[[FullConsignment], FullConsignment]
) -> DeliveryOptionDetails:
    """Return an option that was offered with the consignment that it is for. `offer` is the offer's content.

    `located` completes addresses from the shipping locations that they name.
    """
    content = consignment_values(in_pro_units(offer["consignment"]))
    consignment = FullConsignment.model_validate(offer["consignment"])
    detail = {
        "Reference": reference,
        "CustomerReference": NO_GUID,
        "Weight": total_weight(consignment),
        "Value": total_value(consignment),
        "CustomsDocumentation": content.get("CustomsDocumentation"),
        "DateCreated": offer["createdAt"],
        "ShippingDate": content.get("ShippingDate"),
        "RequestedDeliveryDate": content.get("RequestedDeliveryDate"),
        "EarliestDeliveryDate": None,
        "LatestDeliveryDate": None,
        "ConsignmentReferenceProvidedByCustomer": content.get("ConsignmentReferenceProvidedByCustomer") or "",
        "Addresses": [address_view(address) for address in completed_addresses(content, located(consignment))],
    }
    return DeliveryOptionDetails(Reference=None, ConsignmentDetail=detail, DeliveryOption=offer["option"]["view"])


def clock_time(seconds: int) -> str:
    """Return seconds after midnight as PRO writes a time; the end of a day is its last minute."""
    minutes = min(seconds // 60, 24 * 60 - 1)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"
