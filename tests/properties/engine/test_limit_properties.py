"""What holds of the limits of every service and of every box."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from allocation.domain.consignment import Address, AddressFlags, Dimensions, Package
from allocation.domain.contents import Content
from allocation.domain.currencies import Money
from allocation.engine.engine import Engine
from tests.properties.engine.oracle import cheapest_by_search, failed_checks
from tests.support.engines import NOW, PARCEL, assessed, engine_of, reasons, service

sides = st.decimals("0.1", "12", places=1)
boxes = st.builds(Dimensions, sides, sides, sides)
money = st.builds(Money, st.decimals("0", "40", places=0), st.sampled_from(["GBP", "EUR", "JPY"]))
# Few enough that services and items often meet.
contents = st.sampled_from([Content.DANGEROUS, Content.RESTRICTED, Content.LIQUID, Content.BATTERIES, Content.UNKNOWN])
packages = st.builds(
    Package,
    weight_kg=st.decimals("0.1", "12", places=1),
    dimensions=boxes,
    value=st.none() | money,
    contents=st.frozensets(st.frozensets(contents, min_size=1), max_size=2),
)
flags = st.builds(AddressFlags, st.none() | st.booleans(), st.none() | st.booleans())
consignments = st.builds(
    lambda found, flag: replace(
        PARCEL, packages=tuple(found), destination=Address(country="GB", postcode="M1 5WG", flags=flag)
    ),
    st.lists(packages, min_size=1, max_size=4),
    flags,
)


def ranges(most: int, unit: str = "") -> st.SearchStrategy[Any]:
    """Ranges with one end or both, from 0 to `most`."""
    ends = st.integers(0, most).map(lambda end: f"{end} {unit}".strip())
    both = st.tuples(st.integers(0, most), st.integers(0, most)).map(
        lambda pair: {"from": f"{min(pair)} {unit}".strip(), "to": f"{max(pair)} {unit}".strip()}
    )
    return st.one_of(ends, ends.map(lambda end: {"from": end}), both)


LENGTHS = ("length", "width", "height", "girth", "lengthPlusGirth", "lengthPlusHeight", "sidesTotal")
metres = st.sampled_from(["0.001 ldm", {"from": "0.0005"}, {"from": "0.0005 ldm", "to": "0.0015 ldm"}])
limits = st.fixed_dictionaries(
    {},
    optional={
        **{name: ranges(40) for name in LENGTHS},
        "lengthToWidth": ranges(3),
        "weight": ranges(12),
        "poBoxes": st.booleans(),
        "contents": st.lists(contents, unique=True),
        "residential": st.sampled_from([True, False, "only"]),
        "volume": ranges(900),
        "loadingMetres": metres,
        "value": st.sampled_from(["GBP", "EUR"]).flatmap(lambda currency: ranges(40, currency)),
        "chargeableWeight": ranges(12),
        "divisor": st.integers(10, 200),
        "pricePer": st.sampled_from(["package", "consignment"]),
        "consignment": st.fixed_dictionaries(
            {},
            optional={
                "packages": ranges(4),
                "weight": ranges(40),
                "volume": ranges(2000),
                "loadingMetres": metres,
                "value": st.sampled_from(["GBP", "EUR"]).flatmap(lambda currency: ranges(90, currency)),
                "chargeableWeight": ranges(40),
            },
        ),
    },
)
EUROS = [{"currency": "EUR", "rate": 0.5, "from": "2020-01-01"}]


def limited(*services: dict[str, Any]) -> Engine:
    named = {f"S{number}": service(**item) for number, item in enumerate(services)}
    return engine_of(named, exchangeRates=EUROS, years={"first": 2027, "last": 2027})


@given(st.lists(limits, min_size=1, max_size=3), st.lists(consignments, min_size=1, max_size=3))
def test_services_fail_the_limits_that_a_search_finds(services: list[dict[str, Any]], asked: list[Any]) -> None:
    engine = limited(*services)
    for consignment in asked:
        assessment = assessed(engine, consignment)
        found = reasons(assessment, engine)
        event("taken" if assessment.winner else "not taken")
        for item in engine.catalogue.services:
            assert set(found.get(item.reference, ())) == failed_checks(engine.catalogue, item, consignment, NOW)
        best = assessment.winner
        assert (best and (engine.index.services[best.position].reference, best.cost)) == cheapest_by_search(
            engine.catalogue, consignment, NOW
        )


@given(boxes, boxes, boxes)
def test_a_box_fits_a_size_if_one_of_its_six_turnings_does(box: Dimensions, one: Dimensions, other: Dimensions) -> None:
    least, most = ([pick(pair) for pair in zip(_sorted(one), _sorted(other), strict=True)] for pick in (min, max))
    engine = limited({"size": {"from": _size(least), "to": _size(most)}})
    turned = permutations((box.length_cm, box.width_cm, box.height_cm))
    fits = any(all(low <= side <= high for low, side, high in zip(least, sides, most, strict=True)) for sides in turned)
    event("fits" if fits else "does not fit")
    consignment = replace(PARCEL, packages=(Package(Decimal(1), box),))
    assert (assessed(engine, consignment).winner is not None) == fits


@given(limits, consignments)
def test_the_turning_of_boxes_and_the_order_of_packages_change_nothing(
    written: dict[str, Any], consignment: Any
) -> None:
    engine = limited(written)
    expected = reasons(assessed(engine, consignment), engine)
    # What a box takes of a truck's bed depends on which side is up.
    upright = "loadingMetres" in str(written)
    turned = [
        replace(package, dimensions=_turned(package.dimensions, upright=upright))
        for package in reversed(consignment.packages)
        if package.dimensions
    ]
    assert reasons(assessed(engine, replace(consignment, packages=tuple(turned))), engine) == expected


def _turned(box: Dimensions, *, upright: bool) -> Dimensions:
    if upright:
        return Dimensions(box.width_cm, box.length_cm, box.height_cm)
    return Dimensions(box.height_cm, box.length_cm, box.width_cm)


def _sorted(box: Dimensions) -> list[Decimal]:
    return sorted((box.length_cm, box.width_cm, box.height_cm), reverse=True)


def _size(sides_cm: list[Decimal]) -> str:
    return f"{' x '.join(map(str, sides_cm))} cm"
