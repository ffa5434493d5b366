"""Ranges of one measure as people write them, and as plain numbers."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from cli.catalogue.quantity_types import Centimetres, Kilograms, LoadingMetres, Size, Volume
from cli.catalogue.value_types import Amount, Money, Part, WholeNumber


class WeightRange(Part):
    """Both ends included."""

    from_: Kilograms | None = Field(None, alias="from")
    over: Kilograms | None = Field(None, description="Instead of from: only what is more than this")
    to: Kilograms | None = None


class SizeRange(Part):
    """Both ends included."""

    from_: Centimetres | None = Field(None, alias="from")
    over: Centimetres | None = Field(None, description="Instead of from: only what is more than this")
    to: Centimetres | None = None


class VolumeRange(Part):
    """Both ends included."""

    from_: Volume | None = Field(None, alias="from")
    over: Volume | None = Field(None, description="Instead of from: only what is more than this")
    to: Volume | None = None


class LoadingRange(Part):
    """Both ends included."""

    from_: LoadingMetres | None = Field(None, alias="from")
    over: LoadingMetres | None = Field(None, description="Instead of from: only what is more than this")
    to: LoadingMetres | None = None


class ValueRange(Part):
    """Both ends included, both in one currency."""

    from_: Money | None = Field(None, alias="from")
    over: Money | None = Field(None, description="Instead of from: only what is more than this")
    to: Money | None = None


class CountRange(Part):
    """Both ends included."""

    from_: Annotated[WholeNumber, Field(ge=0)] | None = Field(None, alias="from")
    to: Annotated[WholeNumber, Field(ge=0)] | None = None


class RatioRange(Part):
    """Both ends included."""

    from_: Amount | None = Field(None, alias="from")
    over: Amount | None = Field(None, description="Instead of from: only what is more than this")
    to: Amount | None = None


class ThreeSides(Part):
    """The least and the greatest sides of a box, which is turned as it fits best."""

    from_: Size | None = Field(None, alias="from")
    to: Size | None = None


MeasureRange = WeightRange | SizeRange | RatioRange | VolumeRange | LoadingRange | ValueRange | CountRange
# A written range as numbers: the smaller end, the greater one, and the currency of a value.
PlainRange = tuple[Decimal | None, Decimal | None, str | None]


def plain_range(written: MeasureRange) -> PlainRange:
    """Return a written range as numbers."""
    over = getattr(written, "over", None)
    (least, one), (most, other) = plain_amount(written.from_ if over is None else over), plain_amount(written.to)
    return least, most, other or one


def plain_amount(end: Any) -> tuple[Decimal | None, str | None]:
    """Return an end of a range as a number, and its currency if it is a value of money."""
    if end is None:
        return None, None
    return end if isinstance(end, tuple) else (Decimal(end), None)
