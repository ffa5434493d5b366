"""The compiled form of rates, surcharges, chargeable weights and conditions, read strictly."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

from allocation.engine.compiled_parts import (
    InvalidCatalogueError,
    a_list,
    decimal,
    decimal_or_none,
    flag,
    listed,
    read_part,
    refuse_unknown,
    text,
    text_or_none,
    week,
)
from allocation.engine.conditions import Condition, Range
from allocation.engine.loaded_prices import (
    ALWAYS,
    AS_PRICED,
    OF_RATE,
    OF_VALUE,
    AboveLastBand,
    LeastWeight,
    Rate,
    Surcharge,
    Units,
    Validity,
    Weighing,
)
from allocation.engine.measures import Measure

_ENDLESS: Final = Decimal("Infinity")
# Before the minimum of a range that does not have it.
_ABOVE: Final = ">"
_MEASURES: Final = {measure.value: measure for measure in Measure}

_Document = Mapping[str, Any]
_Part = TypeVar("_Part")


def dated(kind: type[_Part], item: dict[str, Any], **given: Any) -> _Part:
    """Return a part that holds on the days between its keys `from` and `to`."""
    return read_part(kind, item, validity=validity(item), **given)


def validity(item: dict[str, Any]) -> Validity:
    """Return the days between the keys `from` and `to`, which are taken out."""
    first, last = (_day(item.pop(key, None)) for key in ("from", "to"))
    return ALWAYS if first is None and last is None else Validity(first, last)


def _day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def condition(item: _Document) -> Condition:
    """Return the ranges of a compiled condition, in the order of the measures, whatever order they stand in."""
    ranges = dict(item)
    found = {each: _range(each, tuple(a_list(ranges.pop(each)))) for each in _MEASURES.values() if each in ranges}
    refuse_unknown("condition", ranges)
    return found


def _condition_or_none(item: _Document | None) -> Condition | None:
    return None if item is None else condition(item)


@lru_cache(16_384)
def _range(measure: Measure, bounds: tuple[Any, ...]) -> Range:
    """Return the range of `(minimum, maximum)`; one of money has its currency third. `>5` is what is more than 5."""
    least, most, *rest = map(text_or_none, bounds)
    currency = rest.pop() if rest else None
    if rest or measure.is_money is (currency is None):
        raise ValueError("a range of values has a currency, and no other has")
    above = least is not None and least.startswith(_ABOVE)
    minimum, maximum = listed([least and least.removeprefix(_ABOVE), most], decimal_or_none)
    return Range(minimum, maximum, currency, above)


def surcharges(compiled: Iterable[_Document]) -> dict[str, Surcharge]:
    """Return all surcharges by name, also those that no service lists: a part of one that does not apply counts 0.

    Raises `InvalidCatalogueError` for a part that is none of them.
    """
    found = {each.name: each for each in listed(compiled, _surcharge)}
    known = {OF_RATE, OF_VALUE, *found}
    for name, part in ((each.name, part) for each in found.values() for part in each.of):
        if part not in known:
            told = f"surcharge {name!r} is a part of {part[:64]!r}, which is not there"
            raise InvalidCatalogueError(f"the compiled catalogue can't be used ({told}): compile it again")
    return found


def _surcharge(compiled: _Document) -> Surcharge:
    item = dict(compiled)
    over = item.pop("over", None)
    if type(over) is list:  # one threshold, as the first versions wrote it
        measure, value = over
        over = {_MEASURES[measure]: [None, value]}
    days, units = item.pop("deliveryDays", None), item.pop("units", None)
    return dated(
        Surcharge,
        item,
        over=_condition_or_none(over),
        when=_condition_or_none(item.pop("when", None)),
        of=tuple(listed(item.pop("of", ["rate"]), text)),
        units=None if units is None else _units(dict(units)),
        delivery_days=None if days is None else week(listed(days, flag)),
    )


def _units(item: dict[str, Any]) -> Units:
    return read_part(Units, item, measure=_MEASURES[item.pop("measure")])


def weighing(item: dict[str, Any] | None) -> Weighing:
    """Return how chargeable weights are worked out."""
    if item is None:
        return AS_PRICED
    rest = dict(item)
    return read_part(
        Weighing,
        rest,
        steps=tuple(_step(*listed(step, decimal_or_none)) for step in rest.pop("steps", ())),
        volumetric_when=_condition_or_none(rest.pop("volumetricWhen", None)),
        least=tuple(_least(dict(least)) for least in rest.pop("least", ())),
    )


def _least(item: dict[str, Any]) -> LeastWeight:
    ends = {name: _condition_or_none(item.pop(name, None)) for name in ("over", "when")}
    return read_part(LeastWeight, item, **ends)


def _step(up_to: Decimal | None, step: Decimal | None) -> tuple[Decimal | None, Decimal]:
    if step is None:
        raise ValueError("a step has a width")
    return up_to, step


def rates(compiled: Iterable[_Document]) -> tuple[Rate, ...]:
    """Return the rates, one for each zone and origin; it has the others of the same as its `others`."""
    alike: dict[Any, list[Rate]] = {}
    for item in compiled:
        rate = _rate(item)
        alike.setdefault((rate.places, rate.origins), []).append(rate)
    return tuple(replace(first, others=tuple(others)) if others else first for first, *others in alike.values())


def _rate(compiled: _Document) -> Rate:
    item = dict(compiled)
    above = item.pop("above", None)
    up_to = _ends(tuple(a_list(item.pop("limits"))))
    return dated(
        Rate,
        item,
        up_to=up_to,
        prices=tuple(listed(item.pop("prices"), decimal)),
        above=None if above is None else AboveLastBand(*listed(above, decimal)),
        by=_MEASURES[item.pop("by", "chargeableWeight")],
        starts=_series(item.pop("starts", None), decimal_or_none, up_to),
        per_kg=_series(item.pop("perKg", None), decimal, up_to),
        further=_series(item.pop("further", None), decimal_or_none, up_to),
        least=_series(item.pop("least", None), decimal_or_none, up_to),
        most=_series(item.pop("most", None), decimal_or_none, up_to),
        when=_condition_or_none(item.pop("when", None)),
        others=(),
    )


@lru_cache(16_384)
def _ends(limits: tuple[Any, ...]) -> tuple[Decimal, ...]:
    """Return the ends of bands, once for all rates that have the same."""
    return tuple(_ENDLESS if limit is None else decimal(limit) for limit in limits)


def _series(items: Any, read: Any, bands: Sequence[object]) -> tuple[Any, ...]:
    """Return one item a band, or none at all where a rate has no such series."""
    if items is None:
        return ()
    series = tuple(listed(items, read))
    if series and len(series) != len(bands):
        raise ValueError("a series has one item a band")
    return series
