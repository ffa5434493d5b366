"""Sets of services as the bits of an integer, so that one operation asks a question of all services at once."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

Mask = int


def mask_of(positions: Iterable[int], size: int) -> Mask:
    """The mask with these bits set; `size` bounds them."""
    octets = bytearray(size // 8 + 1)
    for position in positions:
        octets[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(octets, "little")


def bits_of(mask: Mask, size: int) -> str:
    """The mask as text, a `0` or `1` a service, the first service first."""
    return f"{mask:0{size}b}"[::-1]


def positions_of(mask: Mask) -> Iterator[int]:
    """The set bits, lowest first.

    >>> list(positions_of(0b10110))
    [1, 2, 4]
    """
    bits = f"{mask:b}"[::-1]
    position = bits.find("1")
    while position >= 0:
        yield position
        position = bits.find("1", position + 1)


class Limits:
    """Closed ranges of many services; answers which services a measure is out of range for by two searches."""

    def __init__(self, ranges: Sequence[tuple[Decimal | None, Decimal | None]]) -> None:
        size = len(ranges)
        self._minimums, self._too_low = _cumulative({i: low for i, (low, _) in enumerate(ranges)}, size, above=True)
        self._maximums, self._too_high = _cumulative({i: high for i, (_, high) in enumerate(ranges)}, size, above=False)

    @property
    def limited(self) -> Mask:
        """The services that have a maximum."""
        return self._too_high[-1]

    def failing(self, lowest: Decimal, highest: Decimal) -> Mask:
        """The services out of whose range `lowest` or `highest` lies."""
        return (
            self._too_low[bisect_right(self._minimums, lowest)] | self._too_high[bisect_left(self._maximums, highest)]
        )


def _cumulative(bounds: Mapping[int, Decimal | None], size: int, *, above: bool) -> tuple[list[Decimal], list[Mask]]:
    """The distinct bounds in order, and for each gap between them the services whose bound lies above, or below, it."""
    by_bound: dict[Decimal, list[int]] = {}
    for position, bound in bounds.items():
        if bound is not None:
            by_bound.setdefault(bound, []).append(position)
    ordered = sorted(by_bound)
    masks = [0]
    for bound in reversed(ordered) if above else ordered:
        masks.append(masks[-1] | mask_of(by_bound[bound], size))
    return ordered, masks[::-1] if above else masks
