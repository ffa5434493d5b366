"""Conditions as people write them: ranges of the measures of packages and, under `consignment`, of the whole."""

from collections.abc import Iterator
from typing import Annotated, Any, Protocol

from allocation.engine.measures import Measure
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path
from cli.catalogue.quantity_types import Centimetres, Kilograms, LoadingMetres, Volume
from cli.catalogue.value_types import Amount, Bounds, Money, Part
from cli.catalogue.written_ranges import (
    CountRange,
    LoadingRange,
    MeasureRange,
    PlainRange,
    RatioRange,
    SizeRange,
    ThreeSides,
    ValueRange,
    VolumeRange,
    WeightRange,
    plain_amount,
    plain_range,
)


class ConsignmentCondition(Part):
    """Ranges that all packages together must lie in."""

    packages: Annotated[CountRange, Bounds] = CountRange()
    weight: Annotated[WeightRange, Bounds] = WeightRange()
    volume: Annotated[VolumeRange, Bounds] = VolumeRange()
    loading_metres: Annotated[LoadingRange, Bounds] = LoadingRange()
    value: Annotated[ValueRange, Bounds] = ValueRange()
    chargeable_weight: Annotated[WeightRange, Bounds] = WeightRange()


class Condition(Part):
    """Ranges that every package must lie in, the box turned as it fits best; `size` is short for its three sides."""

    weight: Annotated[WeightRange, Bounds] = WeightRange()
    length: Annotated[SizeRange, Bounds] = SizeRange()
    width: Annotated[SizeRange, Bounds] = SizeRange()
    height: Annotated[SizeRange, Bounds] = SizeRange()
    size: Annotated[ThreeSides, Bounds] = ThreeSides()
    girth: Annotated[SizeRange, Bounds] = SizeRange()
    length_plus_girth: Annotated[SizeRange, Bounds] = SizeRange()
    length_plus_height: Annotated[SizeRange, Bounds] = SizeRange()
    sides_total: Annotated[SizeRange, Bounds] = SizeRange()
    length_to_width: Annotated[RatioRange, Bounds] = RatioRange()
    volume: Annotated[VolumeRange, Bounds] = VolumeRange()
    loading_metres: Annotated[LoadingRange, Bounds] = LoadingRange()
    value: Annotated[ValueRange, Bounds] = ValueRange()
    chargeable_weight: Annotated[WeightRange, Bounds] = WeightRange()
    consignment: ConsignmentCondition = ConsignmentCondition()

    @property
    def ranges(self) -> dict[Measure, PlainRange]:
        """The ranges that limit anything, `size` resolved, in the order of the measures."""
        found = {measure: self._plain(measure) for measure in Measure}
        return {measure: bounds for measure, bounds in found.items() if bounds[:2] != (None, None)}

    @property
    def without_ends(self) -> frozenset[Measure]:
        """The measures of ranges that begin above their smaller end."""
        return frozenset(measure for measure in Measure if getattr(self._written(measure), "over", None) is not None)

    def _plain(self, measure: Measure) -> PlainRange:
        if measure in _SIDES and self.size != ThreeSides():
            number = _SIDES.index(measure)
            least, most = self.size.from_, self.size.to
            return (least[number] if least else None), (most[number] if most else None), None
        return plain_range(self._written(measure))

    def _written(self, measure: Measure) -> MeasureRange:
        path = measure.split(".")
        part: Any = self
        for name in path:
            part = getattr(part, _field(name))
        written: MeasureRange = part
        return written


class Over(Part):
    """Measures of a package; something applies to packages that have more than any of them."""

    weight: Kilograms | None = None
    length: Centimetres | None = None
    width: Centimetres | None = None
    height: Centimetres | None = None
    girth: Centimetres | None = None
    length_plus_girth: Centimetres | None = None
    length_plus_height: Centimetres | None = None
    sides_total: Centimetres | None = None
    length_to_width: Amount | None = None
    volume: Volume | None = None
    loading_metres: LoadingMetres | None = None
    value: Money | None = None
    chargeable_weight: Kilograms | None = None

    @property
    def ranges(self) -> dict[Measure, PlainRange]:
        """The thresholds as ranges that end there, in the order of the measures."""
        found = {measure: getattr(self, _field(measure)) for measure in Measure if not measure.of_consignment}
        return {measure: (None, *plain_amount(end)) for measure, end in found.items() if end is not None}

    @property
    def without_ends(self) -> frozenset[Measure]:
        """None: thresholds are greater ends."""
        return frozenset()


_SIDES = (Measure.LENGTH, Measure.WIDTH, Measure.HEIGHT)


class _HasRanges(Protocol):
    @property
    def ranges(self) -> dict[Measure, PlainRange]: ...
    @property
    def without_ends(self) -> frozenset[Measure]: ...


def compiled_condition(written: _HasRanges) -> dict[str, list[str | None]]:
    """Return the compiled form of a condition or of thresholds: `[minimum, maximum]`, and the currency of a value.

    The minimum of a range that begins above it is written `>5`.
    """
    found: dict[str, list[str | None]] = {}
    for measure, (*ends, currency) in written.ranges.items():
        least, most = (None if end is None else str(end) for end in ends)
        if measure in written.without_ends:
            least = f">{least}"
        found[measure.value] = [least, most, currency] if currency else [least, most]
    return found


def wrong_ranges(path: KeyPath, condition: Condition, currencies: set[str]) -> Iterator[CatalogueProblem]:
    """Yield what is wrong with the ranges of a condition; values have to be in one of the currencies."""
    if condition.size != ThreeSides():
        for side in _SIDES:
            if getattr(condition, side) != SizeRange():
                fix = "is given by size, too: keep one of them"
                yield CatalogueProblem(key_path(*path, side.value), None, fix)
    for measure, (least, most, _) in condition.ranges.items():
        where = key_path(*path, *_key_path(condition, measure))
        if measure in condition.without_ends and condition._written(measure).from_ is not None:
            yield CatalogueProblem(key_path(*where, "over"), None, "is given with from, too: keep one of them")
        if least is not None and most is not None and least > most:
            fix = f"goes from {least} to {most}: write the smaller one first"
            yield CatalogueProblem(where, None, fix)
        if measure.is_money:
            yield from _wrong_currencies(where, condition._written(measure), currencies)


def wrong_thresholds(path: KeyPath, over: Over, currencies: set[str]) -> Iterator[CatalogueProblem]:
    """Yield what is wrong with the thresholds of a surcharge."""
    if not over.ranges:
        names = ", ".join(measure.value for measure in Measure if not measure.of_consignment)
        yield CatalogueProblem(path, None, f"is empty: write one of {names}")
    if over.value is not None and over.value[1] not in currencies:
        yield _unknown_currency(key_path(*path, "value"), over.value[1])


def _wrong_currencies(path: KeyPath, written: object, currencies: set[str]) -> Iterator[CatalogueProblem]:
    ends = [getattr(written, name, None) for name in ("from_", "over", "to")]
    found = sorted({end[1] for end in ends if end is not None})
    if len(found) > 1:
        yield CatalogueProblem(path, None, f"is in {' and '.join(found)}: write both ends in one currency")
    for currency in found:
        if currency not in currencies:
            yield _unknown_currency(path, currency)


def _unknown_currency(path: KeyPath, currency: str) -> CatalogueProblem:
    return CatalogueProblem(path, currency, "can't be compared: add it to exchangeRates")


def _key_path(condition: Condition, measure: Measure) -> list[str]:
    if measure in _SIDES and condition.size != ThreeSides():
        return ["size"]
    return measure.split(".")


def _field(name: str) -> str:
    """Return the field of a camelCase name.

    >>> _field("lengthPlusGirth")
    'length_plus_girth'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
