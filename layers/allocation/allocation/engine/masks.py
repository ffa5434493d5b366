"""Sets of services as the bits of an integer, so that one operation tests all services at once."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from allocation.engine.loaded_catalogue import Range

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


class RangeMasks:
    """The closed ranges of many services, sorted: two searches find the services whose range a value is out of."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._minimums, self._too_low = _cumulative([item.minimum for item in ranges], above=True)
        self._maximums, self._too_high = _cumulative([item.maximum for item in ranges], above=False)

    @property
    def with_maximum(self) -> Mask:
        """The services that have a maximum."""
        return self._too_high[-1]

    def failing(self, lowest: Decimal, highest: Decimal) -> Mask:
        """Return the services whose range does not contain both `lowest` and `highest`."""
        return (
            self._too_low[bisect_right(self._minimums, lowest)] | self._too_high[bisect_left(self._maximums, highest)]
        )


def _cumulative(bounds: Sequence[Decimal | None], *, above: bool) -> tuple[list[Decimal], list[Mask]]:
    """Return the distinct bounds in order, and for each gap the services whose bound lies above it, or below it."""
    by_bound: dict[Decimal, list[int]] = {}
    for position, bound in enumerate(bounds):
        if bound is not None:
            by_bound.setdefault(bound, []).append(position)
    ordered = sorted(by_bound)
    masks = [0]
    for bound in reversed(ordered) if above else ordered:
        masks.append(masks[-1] | mask_of(by_bound[bound], len(bounds)))
    return ordered, masks[::-1] if above else masks
