"""Sets of services as masks: the bits of an integer, one per service. One operation tests all services at once."""

from collections.abc import Iterable, Iterator

Mask = int


def mask_of(positions: Iterable[int], size: int) -> Mask:
    """Return the mask with these bits set, each less than `size`."""
    octets = bytearray(size // 8 + 1)
    for position in positions:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")


def bits_of(mask: Mask, size: int) -> str:
    """Return the mask as text: one `0` or `1` per service, the first service first."""
    return f"{mask:0{size}b}"[::-1]


def positions_of(mask: Mask) -> Iterator[int]:
    """Yield the set bits, lowest first.

    >>> list(positions_of(0b10110))
    [1, 2, 4]
    """
    bits = f"{mask:b}"[::-1]
    position = bits.find("1")
    while position >= 0:
        yield position
        position = bits.find("1", position + 1)
