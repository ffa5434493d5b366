"""A consignment as the allocation engine sees it: no contact data, metric units, decimals."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from allocation.domain.contents import Contents
from allocation.domain.currencies import Money
from allocation.domain.frozen import frozen
from allocation.domain.reference import ConsignmentReference, OrderReference


class Direction(StrEnum):
    """Whether a consignment leaves a shipping location or returns to it."""

    OUTBOUND = "Outbound"
    INBOUND = "Inbound"


@frozen
class Dimensions:
    """The three sides of a box in cm, in any order."""

    length_cm: Decimal
    width_cm: Decimal
    height_cm: Decimal


@frozen
class Package:
    """One box of a consignment. It has `dimensions`, or a `size_reference` that the catalogue knows."""

    weight_kg: Decimal
    dimensions: Dimensions | None = None
    size_reference: str | None = None
    value: Money | None = None
    contents: frozenset[Contents] = frozenset()  # the flags of each kind of item


@frozen
class AddressFlags:
    """What kind of place an address is; None is unknown."""

    po_box: bool | None = None
    residential: bool | None = None


UNKNOWN_ADDRESS: Final = AddressFlags()


@frozen
class Address:
    """Where a consignment starts or ends, without contact or street.

    An address names a shipping location of the catalogue, or a country and, where the country has them, a postcode.
    """

    shipping_location_reference: str | None = None
    # Two letters as the sender wrote them: `read_country` tells which country they name.
    country: str | None = None
    postcode: str | None = None
    region: str | None = None
    flags: AddressFlags = UNKNOWN_ADDRESS  # what the sender says
    guessed: AddressFlags = UNKNOWN_ADDRESS  # what its lines suggest: counts where the catalogue says so
    # The pickup location where a destination's recipient collects.
    shop_location_reference: str | None = None


@frozen
class RequestedDelivery:
    """The delivery promise: deliver by the day `on`, or exactly on it."""

    on: date
    exactly: bool = False


@frozen
class Consignment:
    """Packages that ship together, on one carrier service.

    SortedPRO's API needs only the reference. The engine needs the packages and both addresses too, and answers with an
    `AllocationFailed` that says what is missing.
    """

    reference: ConsignmentReference
    packages: tuple[Package, ...] = ()
    origin: Address | None = None
    destination: Address | None = None
    tags: frozenset[str] = frozenset()
    shipping_date: date | None = None
    requested_delivery: RequestedDelivery | None = None
    direction: Direction = Direction.OUTBOUND
    # The name of what the customer chose at the checkout, such as `next-day`: the consignment's, else its order's.
    delivery_option: str | None = None
    # The sender's own reference, where it is another than `reference`.
    customer_reference: str | None = None
    # What SortedPRO is to create it from, as the sender wrote it, where SortedPRO does not have it yet. It holds
    # personal data, so it is never logged.
    to_create: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    # The id of the event that `to_create` is from, its order, and whether that event updates the order.
    event_id: str = field(default="", compare=False)
    order_reference: OrderReference | None = field(default=None, compare=False)
    is_update: bool = field(default=False, compare=False)
