"""Compiles rates, surcharges and chargeable weights; `compilation.py` resolves their places."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from allocation.engine.loaded_prices import OF_RATE
from allocation.engine.measures import Measure
from cli.catalogue.rate_consistency import last_of_steps
from cli.catalogue.value_types import DAYS
from cli.catalogue.written_conditions import Over, compiled_condition
from cli.catalogue.written_prices import Band, LeastWeight, Rate, Surcharge, measure_by, plain_amount
from cli.catalogue.written_service import Service

_Json = dict[str, Any]
# Returns the sorted place keys of written places.
Places = Callable[[Iterable[str]], list[str]]


def days(first: date | None, last: date | None) -> Mapping[str, str | None]:
    """Return the ends of a validity."""
    return {key: None if day is None else day.isoformat() for key, day in (("from", first), ("to", last))}


def compiled_surcharge(name: str, surcharge: Surcharge, places: Places) -> _Json:
    """Return the compiled form of a surcharge."""
    return {
        "name": name,
        "variable": surcharge.type == "Variable",
        "amount": str(surcharge.amount),
        "perPackage": surcharge.per_package,
        "minimum": _text(surcharge.minimum),
        "maximum": _text(surcharge.maximum),
        **days(surcharge.from_, surcharge.to),
        "places": None if surcharge.destinations is None else places(surcharge.destinations),
        "over": None if surcharge.over is None else _thresholds(surcharge.over),
        **_given(
            origins=surcharge.origins and places(surcharge.origins),
            when=surcharge.when and compiled_condition(surcharge.when),
            of=None if surcharge.of == [OF_RATE] else surcharge.of,
            units=_units(surcharge),
            group=surcharge.group,
            leaves=_text(surcharge.leaves),
            deliveryDays=surcharge.delivery_days and [day in surcharge.delivery_days for day in DAYS],
            residential=surcharge.residential,
            poBox=surcharge.po_box,
            tags=surcharge.tags and sorted(set(surcharge.tags)),
        ),
    }


def _thresholds(over: Over) -> object:
    """Return one threshold as the first versions read it, several as a condition."""
    thresholds = compiled_condition(over)
    if len(thresholds) == 1 and thresholds.keys() <= {Measure.WEIGHT, Measure.LENGTH, Measure.GIRTH}:
        ((measure, (_, threshold)),) = thresholds.items()
        return [measure, threshold]
    return thresholds


def _units(surcharge: Surcharge) -> _Json | None:
    unit = surcharge.per_started or surcharge.per
    if unit is None:
        return None
    ((measure, amount, currency),) = unit.units
    above = plain_amount(unit.above)
    return {
        "measure": measure.value,
        "unit": str(amount),
        "started": surcharge.per_started is not None,
        **_given(above=_text(above), currency=currency),
    }


def compiled_rate(rate: Rate, service: Service, places: Places) -> _Json:
    """Return the compiled form of a rate."""
    above, bands = rate.above, rate.bands
    return {
        "zone": rate.zone,
        "places": places([rate.zone]),
        "transitDays": rate.transit_days,
        "limits": [_text(plain_amount(band.up_to)) for band in bands],
        "prices": [str(band.price or 0) for band in bands],
        "above": above and [str(above.step.amount), str(above.price), str(last_of_steps(rate, service))],
        **_given(
            origins=rate.origin and places([rate.origin]),
            by=None if rate.by == "chargeableWeight" else measure_by(rate.by).value,
            starts=_series([_text(plain_amount(band.from_)) for band in bands], None),
            perKg=_series([str(_per_kg(band)) for band in bands], "0"),
            further=_series([_text(band.further_package) for band in bands], None),
            least=_series([_text(band.minimum) for band in bands], None),
            most=_series([_text(band.maximum) for band in bands], None),
            divisor=_text(rate.divisor),
            minimum=_text(rate.minimum),
            when=rate.when and compiled_condition(rate.when),
        ),
        **{key: day for key, day in days(rate.from_, rate.to).items() if day},
    }


def _per_kg(band: Band) -> Decimal:
    return (band.per_kg or Decimal(0)) + (band.per_100_kg or Decimal(0)) / 100


def _series(items: list[str | None], default: str | None) -> list[str | None] | None:
    return None if all(item == default for item in items) else items


def compiled_weighing(service: Service) -> _Json | None:
    """Return how chargeable weights are worked out, or None where only the divisor says so."""
    weighing = service.chargeable_weight
    return (
        _given(
            byPackage=None if weighing.per is None else weighing.per == "package",
            steps=[[_text(item.up_to), str(item.step)] for item in weighing.round_up_to] or None,
            minimum=_text(weighing.minimum),
            volumetricWhen=weighing.volumetric_when and compiled_condition(weighing.volumetric_when),
            sideStep=_text(weighing.round_sides),
            perLoadingMetre=_text(weighing.per_loading_metre),
            least=[_least(item) for item in weighing.least] or None,
        )
        or None
    )


def _least(item: LeastWeight) -> _Json:
    conditions = {"over": item.over, "when": item.when}
    return {
        "weight": str(item.weight),
        **_given(**{name: written and compiled_condition(written) for name, written in conditions.items()}),
    }


def _given(**values: Any) -> _Json:
    """Return what is not None: what is left out is read as its default."""
    return {key: value for key, value in values.items() if value is not None}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
