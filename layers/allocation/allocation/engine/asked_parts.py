"""The parts of what was asked in compact bytes: amounts of money, addresses, and packages with their contents."""

from itertools import groupby
from typing import Final

from allocation.domain.consignment import Address, AddressFlags, Dimensions, Package
from allocation.domain.contents import Content, Contents
from allocation.domain.currencies import Money
from allocation.engine.compact_bytes import Reader, UnreadableBytesError, Writer

# What errors call the bytes.
NAME: Final = "what was asked"

# Values are kept by their place in these: new ones only at the end.
_CONTENTS: Final = tuple(Content)
# More than an order can have.
_MAX_PACKAGES: Final = 100_000
_KNOWN_FLAGS: Final = (None, False, True)
# Follows four bits of texts and eight of flags.
_SHOP_BIT: Final = 12


def write_money(writer: Writer, money: Money) -> None:
    """Write an amount and its currency."""
    writer.decimal(money.amount)
    writer.text(money.currency)


def read_money(reader: Reader) -> Money:
    """Return what `write_money` wrote."""
    return Money(reader.decimal(), reader.text())


def write_address(writer: Writer, address: Address) -> None:
    """Write which of its texts an address has and what its flags say, then the texts."""
    texts = (address.shipping_location_reference, address.country, address.postcode, address.region)
    shop = address.shop_location_reference
    flags = (address.flags.po_box, address.flags.residential, address.guessed.po_box, address.guessed.residential)
    bits = sum(1 << place for place, text in enumerate(texts) if text is not None)
    bits |= (shop is not None) << _SHOP_BIT
    writer.number(bits | sum(_KNOWN_FLAGS.index(flag) << (4 + 2 * place) for place, flag in enumerate(flags)))
    for text in (*texts, shop):
        if text is not None:
            writer.text(text)


def read_address(reader: Reader) -> Address:
    """Return what `write_address` wrote. Raises `IndexError` for a flag that this version does not know."""
    bits = reader.number()
    location, country, postcode, region = (reader.text() if bits >> place & 1 else None for place in range(4))
    said_box, said_home, guessed_box, guessed_home = (_KNOWN_FLAGS[bits >> place & 3] for place in range(4, 12, 2))
    said, guessed = AddressFlags(said_box, said_home), AddressFlags(guessed_box, guessed_home)
    shop = reader.text() if bits >> _SHOP_BIT & 1 else None
    return Address(location, country, postcode, region, said, guessed, shop)


def write_packages(writer: Writer, packages: tuple[Package, ...]) -> None:
    """Write how many kinds of packages follow one another, and for each how many are alike."""
    runs = [(len(list(alike)), package) for package, alike in groupby(packages)]
    writer.number(len(runs))
    for count, package in runs:
        writer.number(count)
        _write_package(writer, package)


def read_packages(reader: Reader) -> list[Package]:
    """Return what `write_packages` wrote. Raises `UnreadableBytesError`."""
    packages: list[Package] = []
    for _ in range(reader.number()):
        count = reader.number()
        if len(packages) + count > _MAX_PACKAGES:
            raise UnreadableBytesError(f"{NAME} has more than {_MAX_PACKAGES} packages")
        packages += [_read_package(reader)] * count
    return packages


def _write_package(writer: Writer, package: Package) -> None:
    box, size, value = package.dimensions, package.size_reference, package.value
    writer.number((box is not None) | (size is not None) << 1 | (value is not None) << 2)
    writer.decimal(package.weight_kg)
    if box is not None:
        for side in (box.length_cm, box.width_cm, box.height_cm):
            writer.decimal(side)
    if size is not None:
        writer.text(size)
    if value is not None:
        write_money(writer, value)
    items = sorted(sum(1 << _CONTENTS.index(content) for content in item) for item in package.contents)
    writer.number(len(items))
    for item in items:
        writer.number(item)


def _read_package(reader: Reader) -> Package:
    bits, weight = reader.number(), reader.decimal()
    return Package(
        weight_kg=weight,
        dimensions=Dimensions(reader.decimal(), reader.decimal(), reader.decimal()) if bits & 1 else None,
        size_reference=reader.text() if bits & 2 else None,
        value=read_money(reader) if bits & 4 else None,
        contents=frozenset(_read_contents(reader) for _ in range(reader.number())),
    )


def _read_contents(reader: Reader) -> Contents:
    bits = reader.number()
    if bits >> len(_CONTENTS):
        raise UnreadableBytesError(f"{NAME} has contents that this version does not know")
    return frozenset(content for place, content in enumerate(_CONTENTS) if bits >> place & 1)
