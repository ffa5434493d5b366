"""Pickup options: where near a recipient a consignment could be collected, and the reservation of what they chose."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from allocation.api.keys import KeyScope
from allocation.api.operations import Operation, operation
from allocation.api.option_routes import OptionsRequest, asked_options, existing_options
from allocation.api.pickup_views import (
    LocationView,
    PickupOptionsResponse,
    location_view,
    offered_location_view,
    pickup_option_view,
)
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.delivery_options import AskedOptions
from allocation.consignments.errors import read_as
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.order_book import NO_CONSIGNMENT
from allocation.consignments.pickup_options import MAX_RESULTS, Nearby
from allocation.consignments.pro_values import ProModel
from allocation.engine.pickup_locations import Coordinates

OPERATIONS: Final[list[Operation]] = []
# Farther than any place on Earth is from another.
_MAX_DISTANCE_KM: Final = 20_100
_MAX_WHOLE: Final = 1_000_000
_KILOMETRES: Final = "km"


def _number(value: Any) -> Any:
    """Return a number that is written as a number or as text, as XML and queries have it; None for none.

    Raises `ValueError` for what is no number.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("must be a number")
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise ValueError("must be a number") from error


def _degrees(value: Any) -> Any:
    number = _number(value)
    if number is None:
        raise ValueError("must be a number")
    return number


def _whole(value: Any) -> Any:
    """Return a whole number. Raises `ValueError` for another, and for one with digits for minutes: 1E+999999."""
    number = _number(value)
    if not isinstance(number, Decimal) or not number.is_finite():
        return number
    if not -_MAX_WHOLE <= number <= _MAX_WHOLE or number != int(number):
        raise ValueError(f"must be a whole number from 1 to {MAX_RESULTS}")
    return int(number)


def _kilometres(value: Any) -> Any:
    """Return the number of a distance such as `{"Unit": "Km", "Value": 1.0}`, or of a number alone."""
    if not isinstance(value, Mapping):
        return _number(value)
    if str(value.get("Unit") or _KILOMETRES).casefold() != _KILOMETRES:
        raise ValueError("must be in Km")
    return _number(value.get("Value"))


class PickupOptionsRequest(OptionsRequest):
    """A consignment that pickup options are asked for, with how far and how many at most."""

    distance: Any = None
    max_results: Any = None


class _Nearby(ProModel):
    """How far at most, in kilometres, and how many locations; any distance where it is left out."""

    distance: Annotated[Annotated[Decimal, Field(ge=0, le=_MAX_DISTANCE_KM)] | None, BeforeValidator(_kilometres)] = (
        None
    )
    max_results: Annotated[Annotated[int, Field(ge=1, le=MAX_RESULTS)] | None, BeforeValidator(_whole)] = None


class LatLong(ProModel):
    """Coordinates in degrees."""

    latitude: Annotated[Decimal, BeforeValidator(_degrees), Field(ge=-90, le=90)]
    longitude: Annotated[Decimal, BeforeValidator(_degrees), Field(ge=-180, le=180)]


class _Placed(ProModel):
    lat_long: LatLong


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/pickupoptions",
    "Get pickup options",
    gives=PickupOptionsResponse,
    takes=PickupOptionsRequest,
    errors=(400,),
    scope=KeyScope.READ,
)
def get_pickup_options(request: Request, use_cases: UseCases) -> Reply:
    """Return the pickup locations nearest to the destination, and when the consignment could be delivered to each.

    `Distance` is in Km, `MaxResults` at most 50. The destination says its `LatLong`, or the catalogue has coordinates
    of the place that its postcode lies in. Options are kept until they expire.
    """
    asked, sent = asked_options(request, use_cases, PickupOptionsRequest)
    return _offered(use_cases, asked, _given(sent))


@operation(
    OPERATIONS,
    "GET",
    "/deliveryoptions/pickupOptions/consignment/{consignment}",
    "Get the pickup options of a consignment",
    gives=PickupOptionsResponse,
    errors=(400, 404),
    query=("distance", "maxResults"),
)
def get_pickup_options_of_consignment(request: Request, use_cases: UseCases) -> Reply:
    """Return where a consignment that exists could be collected. Selecting an option sends it there and allocates it.

    `distance` is in Km.
    """
    given = {"Distance": request.query.get("distance"), "MaxResults": request.query.get("maxresults")}
    return _offered(use_cases, existing_options(request, use_cases), _given(given))


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/reserve/{option}",
    "Reserve a pickup option",
    gives=str,
    errors=(400, 404, 409),
)
def reserve_pickup_option(request: Request, use_cases: UseCases) -> Reply:
    """Reserve a pickup option and return the reservation's reference.

    It ends after the hours that the location says, or with the option. Of one offer, one option can be reserved at a
    time, and only that can be selected then. Asked for again, it answers the same reference.
    """
    return Reply(use_cases.pickups.reserve(request.path["option"]), root="string")


@operation(
    OPERATIONS,
    "POST",
    "/deliveryoptions/pickupoptions/reserve/{option}",
    "Reserve a pickup option",
    gives=str,
    errors=(400, 404, 409),
)
def reserve_pickup_option_as_earlier(request: Request, use_cases: UseCases) -> Reply:
    """Reserve a pickup option, at the address that earlier clients call."""
    return reserve_pickup_option(request, use_cases)


@operation(
    OPERATIONS,
    "POST",
    "/pickupLocationLocator",
    "Find the nearest pickup locations",
    gives=list[LocationView],
    takes=PickupOptionsRequest,
    errors=(400,),
    scope=KeyScope.READ,
)
def find_pickup_locations(request: Request, use_cases: UseCases) -> Reply:
    """Return the pickup locations nearest to a destination, whatever is to be delivered there.

    PRO publishes neither the request nor the reply: the request is that of pickup options, of which only `Distance`,
    `MaxResults` and the `Destination` are read.
    """
    sent = request.object_of(PickupOptionsRequest)
    content = {"Reference": NO_CONSIGNMENT, "Addresses": sent.get("Addresses")}
    read_as(FullConsignment, content)
    nearby = _nearby(content, _given(sent))
    found, now = use_cases.pickups.locate(content, nearby), use_cases.now()
    return Reply([location_view(location, distance, now) for distance, location in found], root="Location")


def _offered(use_cases: UseCases, asked: AskedOptions, given: _Nearby) -> Reply:
    """Return the options near a destination."""
    market, now = use_cases.market, use_cases.now()
    offered = use_cases.pickups.offer(
        asked, _nearby(asked.content, given), lambda option: pickup_option_view(market, option)
    )
    locations = [offered_location_view(each, now) for each in offered]
    response = PickupOptionsResponse(
        Distance=given.distance, MaxResults=given.max_results, Locations=locations, NonGuaranteedLocation=None
    )
    return Reply(response, root="PickupOptionsResponse")


def _given(sent: Mapping[str, Any]) -> _Nearby:
    return read_as(_Nearby, {name: sent.get(name) for name in ("Distance", "MaxResults")})


def _nearby(content: Mapping[str, Any], given: _Nearby) -> Nearby:
    """Return where to look. Raises `RequestError` for coordinates that are none."""
    addresses = content.get("Addresses") or ()
    sent = next((each.get("LatLong") for each in addresses if each.get("AddressType") == "Destination"), None)
    at = read_as(_Placed, {"LatLong": sent}).lat_long if sent else None
    here = Coordinates(at.latitude, at.longitude) if at else None
    return Nearby(given.max_results or MAX_RESULTS, given.distance, here)
