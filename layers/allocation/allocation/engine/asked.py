"""What a decision was asked, in compact bytes: kept with every record, so that the decision can be made again.

No contact data is in it: of an address there are the country, the postcode as catalogues compare it, and flags. What
decides nothing is left out, since anything may stand in it: a region or package size that does not count, and of a tag
that no service carries all but a digest. `docs/events/README.md` has the form.
"""

import hashlib
import re
from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from allocation.domain.consignment import (
    Address,
    Consignment,
    Direction,
    Package,
    RequestedDelivery,
)
from allocation.domain.errors import InvalidReferenceError
from allocation.domain.mode import REFERENCED_MODES, AllocationMode, CarrierService, ModeName, allocation_mode
from allocation.domain.preference import Preference, PreferenceName
from allocation.domain.reference import ConsignmentReference
from allocation.engine.asked_parts import (
    NAME,
    read_address,
    read_money,
    read_packages,
    write_address,
    write_money,
    write_packages,
)
from allocation.engine.compact_bytes import Reader, UnreadableBytesError, Writer
from allocation.engine.inquiries import Inquiry
from allocation.engine.place_keys import place_keys

_FORM: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NO_REFERENCE: Final = ConsignmentReference("-")

# Values are kept by their place in these: new ones only at the end.
_MODES: Final = tuple(ModeName)
_PREFERENCES: Final = tuple(PreferenceName)

# What stands for a tag that no service of the catalogue carries.
_UNKNOWN_TAG: Final = "unknown-"
_UNKNOWN: Final = re.compile(f"{_UNKNOWN_TAG}[0-9a-f]{{16}}")


class Asked(NamedTuple):
    """A question as the engine was asked it: the consignment, the mode, and when (aware UTC)."""

    consignment: Consignment
    mode: AllocationMode
    decided_at: datetime


def asked_bytes(inquiry: Inquiry, mode: AllocationMode, now: datetime) -> bytes:
    """Return what is asked. `now` is aware.

    Of the consignment's references and of its delivery option there is nothing: the record has them, as far as they
    are kept.
    """
    consignment = _kept(inquiry)
    writer = Writer(_FORM)
    writer.number((now - _EPOCH) // _MICROSECOND)
    _write_mode(writer, mode)
    shipping, promise = consignment.shipping_date, consignment.requested_delivery
    origin, destination = consignment.origin, consignment.destination
    writer.number(
        (consignment.direction is Direction.INBOUND)
        | (shipping is not None) << 1
        | (promise is not None) << 2
        | (promise is not None and promise.exactly) << 3
        | (origin is not None) << 4
        | (destination is not None) << 5
    )
    for day in (shipping, promise.on if promise else None):
        if day is not None:
            writer.day(day)
    for address in (origin, destination):
        if address is not None:
            write_address(writer, address)
    write_packages(writer, consignment.packages)
    writer.number(len(consignment.tags))
    for tag in sorted(consignment.tags):
        writer.text(tag)
    return writer.done()


def asked_consignment(asked: bytes, reference: ConsignmentReference = _NO_REFERENCE) -> Asked:
    """Return what `asked_bytes` was given; the consignment has this reference.

    Raises `UnreadableBytesError` for another form, or bytes that are cut or damaged.
    """
    reader = Reader(asked, _FORM, NAME)
    try:
        decided_at = _EPOCH + timedelta(microseconds=reader.number())
        mode = _read_mode(reader)
        found = Asked(_read_consignment(reader, reference), mode, decided_at)
    except (ValueError, IndexError, OverflowError, ArithmeticError, InvalidReferenceError) as error:
        raise UnreadableBytesError(f"{NAME} is damaged: {type(error).__name__}") from error
    if not reader.is_done:
        raise UnreadableBytesError(f"{NAME} has more bytes than belong to it")
    return found


def _kept(inquiry: Inquiry) -> Consignment:
    """Return the consignment with what decides: another inquiry of it is the same."""
    asked = inquiry.consignment
    return replace(
        asked,
        packages=tuple([package if package.dimensions is None else _boxed(package) for package in asked.packages]),
        origin=_kept_address(_without_shop(asked.origin), inquiry.origin),
        destination=_kept_address(_delivered_to(inquiry), inquiry.destination),
        tags=kept_tags(asked.tags, inquiry.known_tags),
    )


def _boxed(package: Package) -> Package:
    """Return a package that has dimensions without the size that it may name beside them."""
    return package if package.size_reference is None else replace(package, size_reference=None)


def _delivered_to(inquiry: Inquiry) -> Address | None:
    """Return the destination, or the place of the pickup location at which it is collected."""
    destination, shop = inquiry.consignment.destination, inquiry.pickup_location
    if destination is None or shop is None:
        return _without_shop(destination)
    return Address(country=inquiry.destination[-2], shop_location_reference=shop)


def _without_shop(address: Address | None) -> Address | None:
    if address is None or address.shop_location_reference is None:
        return address
    return replace(address, shop_location_reference=None)


def _kept_address(address: Address | None, keys: Sequence[str]) -> Address | None:
    """Return an address that has the same place keys: nothing beside a shipping location, no region that adds none."""
    if address is None or address.country is None or address.shipping_location_reference is not None:
        return address and replace(address, country=None, postcode=None, region=None)
    parts = [key for key in keys if ":" in key]
    postcode = parts[0].partition(":")[2] if parts else None
    region = None if place_keys(address.country, postcode) == keys else address.region
    return replace(address, postcode=postcode, region=region)


def kept_tags(tags: Set[str], known_tags: Set[str]) -> frozenset[str]:
    """Return tags as they may be kept: one that the catalogue does not know may be personal data.

    >>> sorted(kept_tags({"Alcohol", "Jane Doe"}, {"Alcohol"}))
    ['Alcohol', 'unknown-01332c876518a793']
    """
    if tags == known_tags:
        return frozenset(tags)
    return frozenset(tag if tag in known_tags or _UNKNOWN.fullmatch(tag) else _digest_of(tag) for tag in tags)


def _digest_of(tag: str) -> str:
    return _UNKNOWN_TAG + hashlib.sha256(tag.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _write_mode(writer: Writer, mode: AllocationMode) -> None:
    writer.number(_MODES.index(mode.name))
    if mode.reference is not None:
        writer.text(mode.reference)
    if not isinstance(mode, CarrierService):
        _write_preference(writer, mode.preference)


def _read_mode(reader: Reader) -> AllocationMode:
    place = reader.number()
    if place >= len(_MODES):
        raise UnreadableBytesError(f"{NAME} has the mode {place}, which this version does not know")
    name = _MODES[place]
    mode = allocation_mode(name, reader.text() if name in REFERENCED_MODES else None)
    return mode if isinstance(mode, CarrierService) else replace(mode, preference=_read_preference(reader))


def _write_preference(writer: Writer, preference: Preference | None) -> None:
    writer.number(0 if preference is None else 1 + _PREFERENCES.index(preference.name))
    if preference and preference.within:
        write_money(writer, preference.within)


def _read_preference(reader: Reader) -> Preference | None:
    number = reader.number()
    if not number:
        return None
    name = _PREFERENCES[number - 1]
    return Preference(name, read_money(reader) if name is PreferenceName.FASTEST_WITHIN else None)


def _read_consignment(reader: Reader, reference: ConsignmentReference) -> Consignment:
    """Return the consignment, which follows the mode."""
    flags = reader.number()
    if flags >> 6:
        raise UnreadableBytesError(f"{NAME} has flags that this version does not know")
    return Consignment(
        reference=reference,
        direction=Direction.INBOUND if flags & 1 else Direction.OUTBOUND,
        shipping_date=reader.day() if flags & 2 else None,
        requested_delivery=RequestedDelivery(reader.day(), exactly=bool(flags & 8)) if flags & 4 else None,
        origin=read_address(reader) if flags & 16 else None,
        destination=read_address(reader) if flags & 32 else None,
        packages=tuple(read_packages(reader)),
        tags=frozenset(reader.text() for _ in range(reader.number())),
    )
