"""What the engine asks about a consignment: measures, place keys and the promise, or what is missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from allocation.domain.consignment import (
    UNKNOWN_ADDRESS,
    Address,
    AddressFlags,
    Consignment,
    Dimensions,
    Direction,
    Package,
)
from allocation.domain.contents import Contents
from allocation.domain.countries import read_country
from allocation.domain.outcome import Failure, FailureCode
from allocation.domain.regions import region_name
from allocation.domain.territories import stated_country
from allocation.engine.loaded_catalogue import Catalogue
from allocation.engine.measures import PackageMeasures, measure_package
from allocation.engine.place_keys import UnknownPlaceError, place_keys
from allocation.engine.promises import Promise
from allocation.engine.zones import Divided, ZoneIndex

# A weight in Kg, a side in Cm or a value that reaches this is a mistake; below it, arithmetic stays exact.
_MAX_AMOUNT: Final = Decimal(1_000_000_000)
_MIN_MEASURE: Final = Decimal("0.000001")


class Inquiry(NamedTuple):
    """All that the engine uses of a consignment."""

    consignment: Consignment
    packages: tuple[PackageMeasures, ...]
    location: str | None  # the shipping location that it is collected from, if any
    origin: tuple[str, ...]
    destination: tuple[str, ...]
    direction: Direction
    tags: frozenset[str]
    # The tags that a service of the catalogue carries. Any other may be personal data that stands in the wrong field.
    known_tags: frozenset[str]
    values: Mapping[str, Decimal]  # the sum of the packages' values by currency
    promise: Promise
    flags: AddressFlags = UNKNOWN_ADDRESS  # of the destination
    contents: frozenset[Contents] = frozenset()  # the flags of each kind of item
    pickup_location: str | None = None  # where the recipient collects, if at one


def inquire(consignment: Consignment, catalogue: Catalogue, zones: ZoneIndex) -> Inquiry | Failure:
    """Return the inquiry of a consignment, or a failure that names all that it lacks and how to correct it."""
    sizes = catalogue.package_sizes
    problems = [*_package_problems(consignment, sizes)]
    places: list[tuple[str, ...]] = []
    destination = _delivered_to(consignment.destination, catalogue)
    for name, address, divided in (
        ("Origin", consignment.origin, zones.divided_origins),
        ("Destination", destination, zones.divided_destinations),
    ):
        try:
            places.append(_keys(address, catalogue, divided))
        except UnknownPlaceError as error:
            problems.append(f"{name} address: {error}")
    if problems:
        text = f"Consignment {consignment.reference} can't be allocated yet: {'; '.join(problems)}."
        return Failure(FailureCode.CONSIGNMENT_INCOMPLETE, text)
    origin = consignment.origin
    return Inquiry(
        consignment=consignment,
        packages=tuple(_measures(package, sizes) for package in consignment.packages),
        location=origin.shipping_location_reference if origin else None,
        origin=places[0],
        destination=places[1],
        direction=consignment.direction,
        tags=consignment.tags,
        known_tags=_known_tags(consignment, catalogue),
        values=_values(consignment),
        promise=_promise(consignment),
        flags=_flags(destination, catalogue),
        contents=frozenset(item for package in consignment.packages for item in package.contents),
        pickup_location=destination.shop_location_reference if destination else None,
    )


def _delivered_to(address: Address | None, catalogue: Catalogue) -> Address | None:
    """Return where a consignment is delivered: the pickup location that its destination names, else the destination.

    A catalogue without pickup locations takes no notice of such a name.
    """
    if address is None or address.shop_location_reference is None:
        return address
    if not catalogue.pickup_locations:
        return replace(address, shop_location_reference=None)
    reference = address.shop_location_reference
    location = catalogue.pickup_locations.get(reference)
    country, postcode = (location.country, location.postcode) if location else (None, None)
    return Address(country=country, postcode=postcode, shop_location_reference=reference)


def _flags(address: Address | None, catalogue: Catalogue) -> AddressFlags:
    """Return what kind of place an address is: what the sender says, else a guess where the catalogue wants one."""
    if address is None or address.flags == address.guessed:
        return UNKNOWN_ADDRESS if address is None else address.flags
    said, guessed = address.flags, address.guessed
    return AddressFlags(
        guessed.po_box if said.po_box is None and catalogue.guess_po_boxes else said.po_box,
        guessed.residential if said.residential is None and catalogue.guess_residential else said.residential,
    )


def _known_tags(consignment: Consignment, catalogue: Catalogue) -> frozenset[str]:
    if not consignment.tags:
        return consignment.tags
    return consignment.tags.intersection(tag for service in catalogue.services for tag in service.tags)


def _keys(address: Address | None, catalogue: Catalogue, divided: Divided) -> tuple[str, ...]:
    """Return the keys of an address. One without a postcode must not get the price of a part that it is not in."""
    keys = address_keys(address, catalogue)
    if divided.needs_postcode(keys):
        country = keys[-2]
        raise UnknownPlaceError(f"postcode is missing: give it, because the catalogue tells parts of {country} apart")
    return keys


def address_keys(address: Address | None, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the place keys of an address. Raises `UnknownPlaceError`, which says what it lacks."""
    if address is None:
        raise UnknownPlaceError("there is none: give a shipping location, or a country and postcode")
    if address.shipping_location_reference is None:
        if address.country is None:
            raise UnknownPlaceError(_without_country(address, catalogue))
        country = stated_country(address.country, address.postcode, address.region)
        return place_keys(country, address.postcode, _regions(address, catalogue))
    location = catalogue.locations.get(address.shipping_location_reference)
    if location is None:
        raise UnknownPlaceError(_unknown("shipping location", address.shipping_location_reference, catalogue.locations))
    return place_keys(location.country, location.postcode, location.regions)


def _without_country(address: Address, catalogue: Catalogue) -> str:
    if address.shop_location_reference is None:
        return "it has neither a shipping location nor a country: give one"
    return _unknown("pickup location", address.shop_location_reference, catalogue.pickup_locations)


def _unknown(kind: str, reference: str, known: Iterable[str]) -> str:
    """Return that the catalogue lacks a reference, and some that it has."""
    return f"the catalogue has no {kind} {reference[:64]!r} (it has {', '.join(sorted(known)[:5])})"


def _regions(address: Address, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the regions that an address says it lies in, of those that the catalogue refers to."""
    named = read_country(address.country or "") if address.region and catalogue.regions else None
    if named is None or address.region is None:
        return ()
    return catalogue.regions.get(named.code, {}).get(region_name(address.region), ())


def _package_problems(consignment: Consignment, sizes: Mapping[str, Dimensions]) -> Iterator[str]:
    if not consignment.packages:
        yield "it has no packages: give at least one"
    for number, package in enumerate(consignment.packages, start=1):
        if not _measurable(package.weight_kg):
            yield f"package {number}: weight {package.weight_kg} Kg: give one above 0"
        box = _box(package, sizes)
        if box is None:
            yield f"package {number}: {_size_problem(package)}"
        elif not all(map(_measurable, (box.length_cm, box.width_cm, box.height_cm))):
            yield f"package {number}: a side is 0 or less, or unbelievable: give all three in Cm"
        value = package.value
        if value is not None and not (value.amount.is_finite() and 0 <= value.amount < _MAX_AMOUNT):
            yield f"package {number}: value {value.amount} {value.currency}: give 0 or more"


def _size_problem(package: Package) -> str:
    if package.size_reference is None:
        return "it has neither dimensions nor a package size: give one"
    return f"the catalogue has no package size {package.size_reference[:64]!r}: give dimensions or another size"


def _measurable(value: Decimal) -> bool:
    return value.is_finite() and _MIN_MEASURE <= value < _MAX_AMOUNT


def _box(package: Package, sizes: Mapping[str, Dimensions]) -> Dimensions | None:
    if package.dimensions is not None or package.size_reference is None:
        return package.dimensions
    return sizes.get(package.size_reference)


def _measures(package: Package, sizes: Mapping[str, Dimensions]) -> PackageMeasures:
    box = _box(package, sizes)
    if box is None:
        raise ValueError("packages are checked before they are measured")
    return measure_package(package.weight_kg, box, package.value)


def _values(consignment: Consignment) -> dict[str, Decimal]:
    values: dict[str, Decimal] = {}
    for package in consignment.packages:
        if package.value is not None:
            currency = package.value.currency
            values[currency] = values.get(currency, Decimal(0)) + package.value.amount
    return values


_NO_PROMISE: Final = Promise()


def _promise(consignment: Consignment) -> Promise:
    shipping, requested = consignment.shipping_date, consignment.requested_delivery
    if shipping is None and requested is None:
        return _NO_PROMISE
    return Promise(
        ship_on=None if shipping is None else shipping.toordinal(),
        deliver_on=None if requested is None else requested.on.toordinal(),
        exactly=requested is not None and requested.exactly,
    )
