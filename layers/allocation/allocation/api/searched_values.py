"""What searches look at in a consignment: the values that PRO's terms name."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from allocation.api.measures import total_value, total_weight
from allocation.consignments.full_consignment import FullConsignment
from allocation.consignments.intake import kept_consignment
from allocation.consignments.store import Known
from allocation.domain.state import CARRIED

# The states in which a consignment is late no more.
_ARRIVED: Final = ("Delivered", "DeliveredDamaged", "ReturnToSender")
# The fields of the destination that people search by without saying which.
_FREE_FIELDS: Final = ("postcode", "town", "region", "company_name", "address_line1")
UNDER_WAY: Final = tuple(state for state in CARRIED if state not in _ARRIVED)


def _content(known: Known) -> FullConsignment | None:
    return kept_consignment(known.stored.content) if known.stored else None


def texts_of(known: Known, name: str, kind: str = "Destination") -> Iterator[str]:
    """Yield a field of the addresses of a kind."""
    consignment = _content(known)
    address = consignment.address(kind) if consignment else None
    value = getattr(address, name) if address else None
    if isinstance(value, str):
        yield value


def country_of(known: Known) -> Iterator[str]:
    """Yield the code of the country of destination."""
    consignment = _content(known)
    address = consignment.address("Destination") if consignment else None
    if address and address.country:
        yield address.country.iso_code.two_letter_code


def locations_of(known: Known) -> Iterator[str]:
    """Yield the shipping locations that the addresses name."""
    for kind in ("Origin", "Destination"):
        yield from texts_of(known, "shipping_location_reference", kind)


def tracking_of(known: Known) -> Iterator[str]:
    """Yield the tracking references of the allocation."""
    summary = known.record.allocation_summary if known.record else None
    for leg in summary.consignment_legs if summary else ():
        yield from leg.tracking_references


def packages_of(known: Known) -> Iterator[str]:
    """Yield the references of the packages, and the sender's own."""
    consignment = _content(known)
    if consignment:
        yield from _packages_in(consignment)


def _packages_in(consignment: FullConsignment) -> Iterator[str]:
    for package in consignment.packages:
        yield from filter(None, (package.reference, package.package_reference_provided_by_customer))


def anything_of(known: Known) -> Iterator[str]:
    """Yield whatever a consignment may be called by."""
    yield known.reference
    yield from filter(None, [known.stored.customer_reference if known.stored else None])
    yield from tracking_of(known)
    # A search looks at thousands of consignments: each is read once.
    consignment = _content(known)
    if consignment:
        yield from _packages_in(consignment)
        yield from _recipient_in(consignment)


def _recipient_in(consignment: FullConsignment) -> Iterator[str]:
    """Yield where a consignment goes, and the recipient's names, whole and the last one, and e-mail address."""
    address = consignment.address("Destination")
    if address is None:
        return
    yield from filter(None, (getattr(address, name) for name in _FREE_FIELDS))
    if contact := address.contact:
        names = (contact.first_name, contact.last_name)
        yield from filter(None, (" ".join(filter(None, names)), contact.last_name, contact.email))


def weight_in_grams(known: Known) -> Decimal | None:
    """Return the weight of all packages, or None where they are not known."""
    kg = weight_in_kg(known)
    return None if kg is None else kg * 1000


def weight_in_kg(known: Known) -> Decimal | None:
    """Return the weight of all packages, or None where they are not known."""
    consignment = _content(known)
    return Decimal(total_weight(consignment)["Value"]) if consignment else None


def value_of(known: Known) -> Decimal | None:
    """Return the value of all packages, or None where it is not known in one currency."""
    consignment = _content(known)
    money = total_value(consignment) if consignment else None
    return Decimal(money["Amount"]) if money else None


def created_at(known: Known) -> datetime | None:
    """Return when a consignment was created here, else when it was recorded."""
    if known.stored:
        return known.stored.created_at
    return datetime.fromisoformat(known.record.allocated_at) if known.record else None


def shipping_date(known: Known) -> Any:
    """Return when a consignment is collected, else the shipping date that its sender asked for, or None."""
    collected = known.record.collected_at if known.record else None
    return collected or (known.stored.content.get("ShippingDate") if known.stored else None)


def requested_date(known: Known) -> Any:
    """Return the delivery date that the sender asked for, or None."""
    promise = known.stored.content.get("RequestedDeliveryDate") if known.stored else None
    return promise.get("Date") if isinstance(promise, Mapping) else None


def is_late(known: Known, now: datetime) -> bool:
    """Tell whether a consignment with a carrier should have been delivered before now (aware UTC)."""
    due = known.record.delivered_by if known.record and known.state in UNDER_WAY else None
    return bool(due) and datetime.fromisoformat(str(due)) < now
