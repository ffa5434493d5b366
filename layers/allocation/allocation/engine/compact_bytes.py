"""Compact bytes: whole numbers, texts and decimals one after another, for what is kept with every record.

`docs/events/README.md` has the form of each, byte by byte.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import repeat
from typing import Final

from allocation.domain.errors import AllocationError

# Days are counted from here: today's take two bytes.
_FIRST_DAY: Final = date(2020, 1, 1).toordinal()
# A whole number has at most so many bytes, a text as many: what is longer was not written by `Writer`.
_MAX_NUMBER: Final = 64
# Digits that decimals keep in every context: one with more is written as text.
_MAX_DIGITS: Final = 28
_MAX_TEXT: Final = 65_535
# Bits of a number in a column, at most.
_MAX_WIDTH: Final = 512


class UnreadableBytesError(AllocationError):
    """Kept bytes end too early, or are in a form that this version does not know."""


def as_unsigned(value: int) -> int:
    """Return a whole number as one that is not negative.

    >>> [as_unsigned(value) for value in (0, -1, 1, -2, 2)]
    [0, 1, 2, 3, 4]
    """
    return value << 1 if value >= 0 else (-value << 1) - 1


class Writer:
    """Bytes to which values are added, each as short as it can be."""

    def __init__(self, form: int) -> None:
        """Begin with the number of the form, by which readers know what follows."""
        self._bytes = bytearray((form,))

    def raw(self, octets: bytes) -> None:
        """Add bytes as they are."""
        self._bytes += octets

    def number(self, value: int) -> None:
        """Add a whole number that is not negative: seven bits a byte, the lowest first."""
        if value <= 0x7F:  # as most are
            self._bytes.append(value)
        else:
            self.numbers((value,))

    def numbers(self, values: Iterable[int]) -> None:
        """Add whole numbers that are not negative."""
        add = self._bytes.append
        for value in values:
            left = value
            while left > 0x7F:
                add(left & 0x7F | 0x80)
                left >>= 7
            add(left)

    def signed(self, value: int) -> None:
        """Add a whole number, as `as_unsigned` makes it."""
        self.number(as_unsigned(value))

    def text(self, value: str) -> None:
        """Add a text: the number of its bytes in UTF-8, and these."""
        octets = value.encode("utf-8", "surrogatepass")
        self.number(len(octets))
        self._bytes += octets

    def decimal(self, value: Decimal) -> None:
        """Add a decimal with its exponent: 0 and a text for what is no plain number."""
        sign, digits, exponent = value.as_tuple()
        if not isinstance(exponent, int) or len(digits) > _MAX_DIGITS or (sign and not value):
            self.number(0)
            self.text(str(value))
            return
        self.number((exponent << 1 if exponent >= 0 else (-exponent << 1) - 1) + 1)
        self.signed(int(value.scaleb(-exponent)))

    def day(self, day: date) -> None:
        """Add a day: how many days after the first of 2020."""
        self.signed(day.toordinal() - _FIRST_DAY)

    def column(self, values: Sequence[int]) -> None:
        """Add at least one whole number, each in as many bits as the largest needs after the least is taken away.

        Where it takes less, the numbers that differ come first, and each stands for its place among them.
        """
        least, distinct = min(values), sorted(set(values))
        width, places = (distinct[-1] - least).bit_length(), (len(distinct) - 1).bit_length()
        is_listed = width * len(distinct) + places * len(values) < width * len(values)
        self.signed(least)
        self.number(width)
        self.number(len(distinct) if is_listed else 0)
        if is_listed:
            place_of = {value: place for place, value in enumerate(distinct)}
            self._bits([value - least for value in distinct], width)
            self._bits([place_of[value] for value in values], places)
        else:
            self._bits([value - least for value in values], width)

    def _bits(self, values: Sequence[int], width: int) -> None:
        """Add whole numbers in so many bits each, the first in the highest, in whole bytes."""
        if width:
            bits = "".join(map(format, values, repeat(f"0{width}b")))
            self._bytes += int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")

    def done(self) -> bytes:
        """Return everything that was added."""
        return bytes(self._bytes)


class Reader:
    """Reads what a `Writer` wrote, in the same order. Each method raises `UnreadableBytesError` where bytes lack."""

    def __init__(self, octets: bytes, form: int, name: str) -> None:
        """Begin after the number of the form. Raises `UnreadableBytesError` for another form than `form`."""
        if not octets or octets[0] != form:
            found = octets[0] if octets else "missing"
            raise UnreadableBytesError(
                f"{name} has the form {found}, and this version reads the form {form}: "
                "use the version of the software that wrote it, or a later one"
            )
        self._octets = octets
        self._place = 1
        self._name = name

    def raw(self, count: int) -> bytes:
        """Return the next bytes."""
        first, self._place = self._place, self._place + count
        if self._place > len(self._octets):
            raise UnreadableBytesError(f"{self._name} ends after {len(self._octets)} bytes, and more belong to it")
        return self._octets[first : self._place]

    def rest(self) -> bytes:
        """Return all bytes that are left."""
        return self.raw(len(self._octets) - self._place)

    def number(self) -> int:
        """Return the next whole number that is not negative."""
        value = 0
        for place in range(_MAX_NUMBER):
            (octet,) = self.raw(1)
            value |= (octet & 0x7F) << (7 * place)
            if octet < 0x80:
                return value
        raise UnreadableBytesError(f"{self._name} has a number that is too long")

    def signed(self) -> int:
        """Return the next whole number."""
        value = self.number()
        return -(value + 1 >> 1) if value & 1 else value >> 1

    def text(self) -> str:
        """Return the next text."""
        count = self.number()
        if count > _MAX_TEXT:
            raise UnreadableBytesError(f"{self._name} has a text that is too long")
        try:
            return self.raw(count).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise UnreadableBytesError(f"{self._name} has a text that is damaged") from error

    def decimal(self) -> Decimal:
        """Return the next decimal."""
        head = self.number()
        if not head:
            return Decimal(self.text())
        exponent = -(head >> 1) if head & 1 == 0 else head >> 1
        coefficient = self.signed()
        return Decimal((int(coefficient < 0), tuple(map(int, str(abs(coefficient)))), exponent))

    def day(self) -> date:
        """Return the next day."""
        try:
            return date.fromordinal(self.signed() + _FIRST_DAY)
        except (ValueError, OverflowError) as error:
            raise UnreadableBytesError(f"{self._name} has a day that no calendar has") from error

    def column(self, count: int) -> list[int]:
        """Return the next column, of so many whole numbers."""
        least, width, distinct = self.signed(), self.number(), self.number()
        if width > _MAX_WIDTH or distinct > count:
            raise UnreadableBytesError(f"{self._name} has a column that is too long")
        if not distinct:
            return [least + value for value in self._bits(count, width)]
        listed = self._bits(distinct, width)
        places = self._bits(count, (distinct - 1).bit_length())
        if max(places, default=0) >= distinct:
            raise UnreadableBytesError(f"{self._name} has a place where nothing stands")
        return [least + listed[place] for place in places]

    def _bits(self, count: int, width: int) -> list[int]:
        if not width:
            return [0] * count
        octets = self.raw((count * width + 7) // 8)
        bits = f"{int.from_bytes(octets, 'big'):0{count * width}b}"
        return [int(bits[place : place + width], 2) for place in range(0, count * width, width)]

    @property
    def is_done(self) -> bool:
        """Whether nothing follows."""
        return self._place == len(self._octets)
