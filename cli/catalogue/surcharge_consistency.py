"""Finds contradictions in the surcharges of a written catalogue: units, what they are a part of, days and places."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from allocation.engine.catalogue_integrity import MAX_CHAIN, not_worked_out
from allocation.engine.loaded_prices import OF_RATE, OF_VALUE
from allocation.engine.measures import Measure
from cli.catalogue.catalogue_problems import CatalogueProblem, KeyPath, key_path, unknown_name
from cli.catalogue.place_consistency import wrong_origins, wrong_places
from cli.catalogue.rate_consistency import wrong_days
from cli.catalogue.written_catalogue import WrittenCatalogue
from cli.catalogue.written_conditions import wrong_ranges, wrong_thresholds
from cli.catalogue.written_prices import Surcharge, Unit

_Problems = Iterator[CatalogueProblem]


def find_surcharge_contradictions(catalogue: WrittenCatalogue, currencies: set[str]) -> _Problems:
    """Yield what is wrong with the surcharges of a well-formed catalogue."""
    for name, surcharge in catalogue.surcharges.items():
        path = key_path("surcharges", name)
        if name in {OF_RATE, OF_VALUE}:
            fix = f"is a name that of: [{name}] gives to something else: choose another one"
            yield CatalogueProblem(path, None, fix)
        yield from wrong_places(key_path(*path, "destinations"), surcharge.destinations or (), catalogue.zones)
        yield from wrong_origins(key_path(*path, "origins"), surcharge.origins or (), catalogue.zones)
        yield from _amounts(path, surcharge)
        yield from wrong_days(path, surcharge.from_, surcharge.to)
        if surcharge.over is not None:
            yield from wrong_thresholds(key_path(*path, "over"), surcharge.over, currencies)
        if surcharge.when is not None:
            yield from wrong_ranges(key_path(*path, "when"), surcharge.when, currencies)
        yield from _units(path, surcharge, currencies)
        yield from _parts(key_path(*path, "of"), surcharge.of, catalogue.surcharges)
    # What is a part of itself has no end.
    yield from list(_cycles(catalogue.surcharges)) or _long_chains(catalogue.surcharges)


def _parts(path: KeyPath, parts: Sequence[str], surcharges: Mapping[str, Surcharge]) -> _Problems:
    """Yield the parts of a Variable that are none, or are listed twice."""
    for number, part in enumerate(parts):
        if part in parts[:number]:
            yield CatalogueProblem(key_path(*path, number), part, "is listed twice and would count twice: keep one")
        if part not in {OF_RATE, OF_VALUE}:
            yield from unknown_name(key_path(*path, number), part, surcharges, "surcharge")


def _amounts(path: KeyPath, surcharge: Surcharge) -> _Problems:
    if surcharge.type == "Variable":
        if surcharge.per_package:
            fix = "does not go with Variable, which is a part of the whole rate: remove it"
            yield CatalogueProblem(key_path(*path, "perPackage"), None, fix)
        for field, unit in (("per", surcharge.per), ("perStarted", surcharge.per_started)):
            if unit is not None:
                fix = "does not go with Variable: write type: Additive, or of: [value] for a part of the value"
                yield CatalogueProblem(key_path(*path, field), None, fix)
    elif surcharge.of != [OF_RATE]:
        fix = "does not go with Additive, which is an amount: write type: Variable"
        yield CatalogueProblem(key_path(*path, "of"), None, fix)
    if surcharge.leaves is not None and (surcharge.type != "Variable" or surcharge.amount >= 0):
        fix = "is for a discount that is a part of something: write type: Variable and a negative amount"
        yield CatalogueProblem(key_path(*path, "leaves"), surcharge.leaves, fix)
    if surcharge.minimum is not None and surcharge.maximum is not None and surcharge.minimum > surcharge.maximum:
        fix = f"is greater than the maximum, {surcharge.maximum}: change one of them"
        yield CatalogueProblem(key_path(*path, "minimum"), surcharge.minimum, fix)


def _units(path: KeyPath, surcharge: Surcharge, currencies: set[str]) -> _Problems:
    if surcharge.per is not None and surcharge.per_started is not None:
        yield CatalogueProblem(key_path(*path, "per"), None, "is given with perStarted, too: keep one")
    for field, unit in (("per", surcharge.per), ("perStarted", surcharge.per_started)):
        if unit is not None:
            yield from _unit(key_path(*path, field), unit, currencies)


def _unit(path: KeyPath, unit: Unit, currencies: set[str]) -> _Problems:
    if len(unit.units) != 1:
        names = ", ".join([*(measure.value for measure in Measure if not measure.of_consignment), "packages"])
        yield CatalogueProblem(path, None, f"has {len(unit.units)} measures: write one of {names}")
        return
    ((measure, amount, currency),) = unit.units
    name = "packages" if measure is Measure.PACKAGES else measure.value
    if amount == 0:
        yield CatalogueProblem(key_path(*path, name), Decimal(0), "write a unit above 0, such as 1 kg")
    if currency is not None and currency not in currencies:
        yield CatalogueProblem(key_path(*path, name), currency, "can't be compared: add it to exchangeRates")
    kind = currency or measure.unit
    if unit.above is not None and unit.above.kind not in {"", kind}:
        fix = f"is in {unit.above.kind}, and the unit in {kind}: write the same"
        yield CatalogueProblem(key_path(*path, "above"), unit.above.amount, fix)


def _cycles(surcharges: Mapping[str, Surcharge]) -> _Problems:
    """Yield the surcharges that are, by way of others, a part of themselves. A group is worked out as one."""
    needs = _needs(surcharges)
    for name, surcharge in surcharges.items():
        if surcharge.type != "Variable":
            continue
        for number, part in enumerate(surcharge.of):
            if part in surcharges and _reaches(_unit_of(part, surcharges), _unit_of(name, surcharges), needs):
                fix = f"is itself a part of {name}: leave one of them out"
                yield CatalogueProblem(key_path("surcharges", name, "of", number), part, fix)


def _long_chains(surcharges: Mapping[str, Surcharge]) -> _Problems:
    """Yield the first surcharge that is worked out after more others, one upon the other, than functions take."""
    left = not_worked_out(_needs(surcharges))
    for name in [name for name in surcharges if _unit_of(name, surcharges) in left][:1]:
        fix = f"is a part of a part, and so on, through more than {MAX_CHAIN} surcharges: shorten the row"
        yield CatalogueProblem(key_path("surcharges", name, "of"), None, fix)


def _needs(surcharges: Mapping[str, Surcharge]) -> Mapping[str, set[str]]:
    """Return what each unit is worked out from: a surcharge by itself, or a group, which is worked out as one."""
    needs: dict[str, set[str]] = {_unit_of(name, surcharges): set() for name in surcharges}
    for name, surcharge in surcharges.items():
        if surcharge.type == "Variable":
            needs[_unit_of(name, surcharges)] |= {_unit_of(part, surcharges) for part in surcharge.of}
    return needs


def _unit_of(name: str, surcharges: Mapping[str, Surcharge]) -> str:
    group = surcharges[name].group if name in surcharges else None
    return name if group is None else f"group {group}"


def _reaches(start: str, wanted: str, needs: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            ahead += needs.get(name, ())
    return False
