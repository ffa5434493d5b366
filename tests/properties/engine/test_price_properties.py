"""What holds of every price list: it costs what the plainest sum says, whatever the order, the units and the path."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from allocation.domain.consignment import Consignment, Dimensions, Package
from allocation.domain.currencies import Money
from allocation.engine.engine import Engine
from tests.properties.engine.oracle import cheapest_by_search, failed_checks, priced_by_search
from tests.support.engines import EVERY_DAY, NOW, PARCEL, assessed, engine_of, offered, package, reasons, service, to
from tests.support.size import sized

EXCHANGE = [
    {"currency": "EUR", "rate": "0.86", "from": "2026-01-01", "to": "2027-06-11"},
    {"currency": "EUR", "rate": "0.90", "from": "2027-06-12"},
    {"currency": "JPY", "rate": "0.0055", "from": "2026-01-01", "to": "2027-06-13"},
]
# Around the days on which prices change, a weekend among them.
moments = st.datetimes(datetime(2027, 6, 9), datetime(2027, 6, 16), timezones=st.just(UTC))  # noqa: DTZ001 - aware

amounts = st.decimals("0.01", "40", places=2).map(str)
weights = st.sampled_from(["0.5", "1", "1.2", "2", "2.5", "3", "3.001", "5", "6", "8", "9.99", "10", "25", "31.5"])
sides = st.sampled_from(["1", "10", "25", "60", "61", "100", "120.5"])
values = st.none() | st.builds(
    Money, st.sampled_from(["0", "1", "50", "100", "100.01", "999.99"]).map(Decimal), st.sampled_from(["GBP", "EUR"])
)
boxes = st.builds(
    lambda weight, three, value: replace(package(weight, three), value=value),
    weights,
    st.tuples(sides, sides, sides),
    values,
)
consignments = st.builds(
    lambda packages, tags, place: to(place, consignment=replace(PARCEL, packages=tuple(packages), tags=tags)),
    st.lists(boxes, min_size=1, max_size=3),
    st.frozensets(st.sampled_from(["Fragile", "Alcohol"]), max_size=2),
    st.sampled_from(["M1 5WG", "IV27 4AB"]),
)

weight_ranges = st.sampled_from(["1 kg", "10 kg", {"from": "2 kg"}, {"from": "2 kg", "to": "10 kg"}])
metres = st.sampled_from(["0.1 ldm", {"over": "0.15"}, {"from": "0.05 ldm", "to": 0.5}])
conditions = st.fixed_dictionaries(
    {},
    optional={
        "weight": weight_ranges,
        "length": st.sampled_from(["60 cm", {"from": "61 cm"}]),
        "width": st.sampled_from(["25 cm", {"over": "25 cm"}]),
        "height": st.sampled_from(["10 cm", {"from": "11 cm"}]),
        "volume": st.sampled_from(["20 l", {"from": "1 l"}]),
        "loadingMetres": metres,
        "consignment": st.fixed_dictionaries(
            {},
            optional={
                "packages": st.sampled_from([1, {"from": 2}]),
                "weight": weight_ranges,
                "loadingMetres": metres,
                "value": st.sampled_from(["100 GBP", {"from": "60 EUR"}]),
            },
        ),
    },
)
of_size = st.fixed_dictionaries({}, optional={"weight": weight_ranges, "length": st.just({"from": "61 cm"})})
# Some packages of a consignment are in such a class, some are not.
classes = st.sampled_from([{"weight": "2 kg"}, {"length": "60 cm"}, {"weight": {"over": "1 kg", "to": "10 kg"}}])
days = st.sampled_from([{}, {"to": "2027-06-11"}, {"from": "2027-06-12"}, {"from": "2027-06-10", "to": "2027-06-14"}])
units = st.sampled_from(
    [
        {"chargeableWeight": "1 kg"},
        {"weight": "2 kg", "above": "5 kg"},
        {"value": "100 GBP"},
        {"value": "30 EUR", "above": "20 EUR"},
        {"packages": 1, "above": 1},
        {"length": "10 cm", "above": "60 cm"},
        {"volume": "5 l"},
        {"width": "10 cm"},
        {"loadingMetres": "0.1 ldm", "above": "0.15 ldm"},
    ]
)
# At most two restrictions, so that most surcharges apply.
restrictions = st.lists(
    st.one_of(
        st.builds(lambda found: {"when": found}, conditions),
        st.sampled_from(
            [
                {"over": {"length": "60 cm", "width": "30 cm"}},
                {"over": {"weight": "2 kg"}},
                {"over": {"height": "10 cm"}},
                {"over": {"width": "25 cm", "loadingMetres": "0.3 ldm"}},
                {"over": {"chargeableWeight": "5 kg"}},
                {"deliveryDays": ["sat"]},
                {"deliveryDays": ["mon", "tue"]},
                {"destinations": ["GB-IV"]},
                {"origins": ["GB-M"]},
                {"origins": ["FR"]},
                {"tags": ["Alcohol", "Fragile"]},
            ]
        ),
    ),
    max_size=2,
).map(lambda found: {key: value for item in found for key, value in item.items()})
ends = st.sampled_from([{}, {}, {"minimum": "0.10"}, {"minimum": "3"}, {"maximum": "3.01"}, {"maximum": "8"}])
additive = st.builds(
    lambda amount, started, unit, each, group, bounds, when, valid: (
        {"type": "Additive", "amount": amount, "perPackage": each}
        | ({} if unit is None else {"perStarted" if started else "per": unit})
        | ({} if group is None else {"group": group})
        | bounds
        | when
        | valid
    ),
    st.sampled_from(["1.25", "-2.5", "0.333"]),
    st.booleans(),
    st.none() | units,
    st.booleans(),
    st.sampled_from([None, "ONE", "ONE", "OTHER"]),
    ends,
    restrictions,
    st.just({}) | days,
)


def _variable(number: int) -> st.SearchStrategy[dict[str, Any]]:
    """A percentage of the rate, the value or earlier surcharges: no circle, as groups are of additions only."""
    parts = st.lists(
        st.sampled_from(["rate", "value", *(f"S{each}" for each in range(number))]), min_size=1, unique=True
    )
    return st.builds(
        lambda amount, of, bounds, when, group: (
            {"type": "Variable", "amount": amount, "of": of}
            | ({key: end for key, end in bounds.items() if key != "leaves" or amount.startswith("-")})
            | when
            | ({"group": "PARTS"} if group else {})
        ),
        st.sampled_from(["0.1", "0.065", "-0.2", "-0.6"]),
        parts,
        ends | st.just({"leaves": "5"}),
        restrictions,
        st.booleans() if number == 0 else st.just(False),
    )


surcharges = st.integers(1, 4).flatmap(
    lambda count: st.tuples(*(additive | _variable(number) for number in range(count)))
)


def _banded(
    scale: Decimal, steps: list[int], items: list[dict[str, Any]], gap: bool, last: dict[str, Any]
) -> list[dict[str, Any]]:
    ends = zip(accumulate(steps[:-1]), items, strict=False)
    last = {"from": str(scale * sum(steps))} | last if gap else last
    return [*({"upTo": str(scale * end)} | item for end, item in ends), last]


def _bands(scale: Decimal) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.builds(
        _banded,
        st.just(scale),
        st.lists(st.sampled_from([1, 2, 5, 10]), min_size=2, max_size=4),
        st.lists(
            st.fixed_dictionaries({"price": amounts, "furtherPackage": amounts}, optional={"perKg": amounts}),
            min_size=4,
            max_size=4,
        ),
        st.booleans(),
        st.sampled_from([{"price": "50", "upTo": "400"}, {"perKg": "1.11"}, {"price": "3", "per100Kg": "66.6"}]),
    )


bands = _bands(Decimal(1))
# What the bands are multiplied by, so that packages of the sizes above meet all of them.
_SCALES = {"loadingMetres": Decimal("0.02"), "width": Decimal(5), "height": Decimal(5)}


def _rates(by: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.builds(
        lambda found, more: {"zone": "GB", "transitDays": 1, "by": by, "bands": found} | more,
        _bands(_SCALES.get(by, Decimal(1))),
        st.fixed_dictionaries({}, optional={"minimum": amounts, "divisor": st.sampled_from([250, 4000])})
        | st.builds(lambda found: {"when": found}, conditions),
    )
    further = st.builds(lambda rate: rate | {"zone": "GB-IV"}, one)
    return st.builds(
        lambda firsts, more: [*firsts, *more],
        st.builds(lambda first: [first], one)
        | st.builds(lambda first, then: [first | {"to": "2027-06-11"}, then | {"from": "2027-06-12"}], one, one)
        | st.builds(lambda first, when, then: [first | {"when": when}, then], one, classes | conditions, one),
        st.lists(further, max_size=1),
    )


weighing = st.fixed_dictionaries(
    {},
    optional={
        "divisor": st.sampled_from([200, 5000]),
        "per": st.just("package"),
        "roundUpTo": st.sampled_from(["0.5 kg", [{"upTo": "2 kg", "step": "0.3 kg"}, {"step": "1 kg"}]]),
        "minimum": st.just("1 kg"),
        "perLoadingMetre": st.just("40 kg"),
        "volumetricWhen": of_size,
    },
)
services = st.sampled_from(
    ["chargeableWeight", "weight", "packages", "volume", "length", "width", "value", "sidesTotal", "loadingMetres"]
).flatmap(
    lambda by: st.builds(
        lambda rates, scale, each, currency, handling, when, more: service(
            rates=rates if each else _without_further(rates),
            chargeableWeight=scale,
            pricePer="package" if each else "consignment",
            currency=currency,
            tags=["Fragile", "Alcohol"],
            delivery={"days": EVERY_DAY},
            # Services that are collected on different days have prices of different days.
            handlingDays=handling,
            **when,
            **more,
        ),
        _rates(by),
        weighing,
        st.booleans(),
        st.sampled_from(["GBP", "EUR", "JPY"]),
        st.integers(0, 1),
        st.just({}) | days,
        st.sampled_from([{}, {}, {"roundTo": 1}, {"pricesIncludeTax": True}, {"pricesIncludeTax": True, "roundTo": 5}]),
    )
)


def _without_further(rates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only services with a price for each package have one for further packages."""
    kept = ("upTo", "from", "price", "perKg", "per100Kg")
    return [
        rate | {"bands": [{key: band[key] for key in kept if key in band} for band in rate["bands"]]} for rate in rates
    ]


catalogues = st.builds(
    lambda items, found: engine_of(
        {
            f"A{number}": item | {"surcharges": [f"S{each}" for each in range(len(found))][number % 2 :]}
            for number, item in enumerate(items)
        },
        surcharges={f"S{number}": item for number, item in enumerate(found)},
        exchangeRates=EXCHANGE,
    ),
    st.lists(services, min_size=1, max_size=3),
    surcharges,
)


@settings(max_examples=sized(80, 250))
@given(catalogues, consignments, moments)
def test_a_price_is_what_the_plainest_sum_says(engine: Engine, consignment: Consignment, now: datetime) -> None:
    assessment = assessed(engine, consignment, now=now)
    found = reasons(assessment, engine)
    for item in engine.catalogue.services:
        checks = failed_checks(engine.catalogue, item, consignment, now)
        event(f"{'priced' if not checks else ' '.join(sorted(checks))}")
        assert set(found.get(item.reference, ())) == checks
    best = assessment.winner
    cheapest = best and (engine.index.services[best.position].reference, best.cost)
    assert cheapest == cheapest_by_search(engine.catalogue, consignment, now)
    assert len({offer.position for offer in assessment.offers}) == len(assessment.offers)
    _is_as_searched(engine, consignment, now)


def _is_as_searched(engine: Engine, consignment: Consignment, now: datetime) -> None:
    """Compare every offer, line by line, with the plainest sum."""
    assessment = assessed(engine, consignment, now=now)
    for offer in assessment.offers:
        breakdown = engine.breakdown(assessment.question, offer.position)
        assert breakdown is not None
        assert sum(line.amount for line in breakdown.lines) == offer.net >= 0
        item = engine.index.services[offer.position]
        searched = priced_by_search(engine.catalogue, item, consignment, now)
        assert searched is not None
        lines, net = searched
        assert (offer.net, breakdown.price.net) == (net, net)
        if item.prices_include_tax:
            assert breakdown.price.gross == sum(amount for _, amount in lines)
        else:
            assert list(map(tuple, breakdown.lines)) == lines


PLAIN_PARTS = {"Fuel": {"type": "Variable", "amount": "0.1"}}
discounts = st.builds(
    lambda amount, end, leaves: {"type": "Variable", "amount": amount} | end | leaves,
    st.sampled_from(["-0.2", "-0.6"]),
    ends,
    st.sampled_from([{}, {"leaves": "5"}, {"leaves": "12"}]),
)
by_unit = st.builds(
    lambda amount, name, unit, each, end: {"type": "Additive", "amount": amount, name: unit, "perPackage": each} | end,
    st.sampled_from(["1.25", "0.333"]),
    st.sampled_from(["per", "perStarted"]),
    units,
    st.booleans(),
    ends,
)


@settings(max_examples=sized(60, 250))
@given(discounts | by_unit, amounts, st.booleans(), st.lists(consignments, min_size=2, max_size=3))
def test_a_surcharge_alone_is_what_the_plainest_sum_says(
    found: dict[str, Any], price: str, each: bool, asked: list[Consignment]
) -> None:
    rates = [{"zone": "GB", "transitDays": 1, "bands": [{"upTo": "1000 kg", "price": price}]}]
    item = service(rates=rates, surcharges=["X", "Fuel"], tags=["Fragile", "Alcohol"])
    item |= {"pricePer": "package" if each else "consignment"}
    engine = engine_of({"S": item}, surcharges={"X": found, **PLAIN_PARTS}, exchangeRates=EXCHANGE)
    for consignment in asked:
        _is_as_searched(engine, consignment, NOW)


@settings(max_examples=sized(40, 150))
@given(bands, st.lists(consignments, min_size=3, max_size=5))
def test_prices_that_are_kept_are_those_of_each_consignment(
    found: list[dict[str, Any]], asked: list[Consignment]
) -> None:
    """Consignments of one engine share what it keeps; no price per Kg, so that all are kept by brackets."""
    kept = [{key: band[key] for key in ("upTo", "from", "price", "furtherPackage") if key in band} for band in found]
    plain = [band | {"price": band.get("price", "1")} for band in kept]
    item = service(
        rates=[{"zone": "GB", "transitDays": 1, "bands": plain}], pricePer="package", tags=["Fragile", "Alcohol"]
    )
    engine = engine_of({"A": item, "B": item | {"divisor": 5000}}, exchangeRates=EXCHANGE)
    for consignment in asked:
        _is_as_searched(engine, consignment, NOW)


@settings(max_examples=sized(30, 100))
@given(catalogues, consignments, moments, st.randoms(use_true_random=False))
def test_the_order_of_packages_changes_no_price(
    engine: Engine, consignment: Consignment, now: datetime, random: Any
) -> None:
    shuffled = list(consignment.packages)
    random.shuffle(shuffled)
    other = assessed(engine, replace(consignment, packages=tuple(shuffled)), now=now)
    assert offered(other) == offered(assessed(engine, consignment, now=now))


rising = st.builds(
    lambda steps, prices, per_kg, scale, each: service(
        rates=[
            {
                "zone": "GB",
                "transitDays": 1,
                "bands": [
                    {"upTo": str(end), "price": price, "perKg": per_kg}
                    for end, price in zip(accumulate(steps), sorted(prices), strict=False)
                ],
            }
        ],
        chargeableWeight=scale,
        pricePer="package" if each else "consignment",
        surcharges=["Fuel", "Heavy", "Kilo"],
    ),
    st.lists(st.sampled_from([1, 2, 5, 40]), min_size=3, max_size=3),
    st.lists(st.integers(1, 40), min_size=3, max_size=3),
    st.sampled_from(["0", "0.37"]),
    weighing.map(lambda found: {key: part for key, part in found.items() if key != "volumetricWhen"}),
    st.booleans(),
)
RISING = {
    "Fuel": {"type": "Variable", "amount": "0.1", "of": ["rate", "Heavy"]},
    "Heavy": {"type": "Additive", "amount": 3, "perPackage": True, "over": {"weight": "5 kg"}},
    "Kilo": {"type": "Additive", "amount": "0.42", "perStarted": {"chargeableWeight": "1 kg", "above": "2 kg"}},
}


@settings(max_examples=sized(30, 100))
@given(rising, st.lists(boxes, min_size=1, max_size=2), st.sampled_from(["0.01", "0.5", "3"]))
def test_a_heavier_parcel_never_costs_less_where_bands_rise(
    item: dict[str, Any], packages: list[Package], more: str
) -> None:
    engine = engine_of({"S": item}, surcharges=RISING, exchangeRates=EXCHANGE)
    light = replace(PARCEL, packages=tuple(packages))
    heavier = replace(packages[0], weight_kg=packages[0].weight_kg + Decimal(more))
    heavy = assessed(engine, replace(light, packages=(heavier, *packages[1:])))
    before = assessed(engine, light)
    if heavy.winner is not None:
        assert before.winner is not None
        assert before.winner.net <= heavy.winner.net


@settings(max_examples=sized(25, 100))
@given(st.integers(1, 40), st.integers(1, 200), st.lists(boxes, min_size=1, max_size=2))
def test_the_units_of_a_price_list_change_no_price(pounds: int, inches: int, packages: list[Package]) -> None:
    def engine(weight: str, length: str) -> Engine:
        bands = [{"upTo": weight, "price": 3}, {"perKg": "0.5"}]
        surcharge = {"type": "Additive", "amount": 1, "perStarted": {"weight": weight}, "over": {"length": length}}
        return engine_of(
            {"S": service(rates=[{"zone": "GB", "transitDays": 1, "bands": bands}], surcharges=["X"])},
            surcharges={"X": surcharge},
            exchangeRates=EXCHANGE,
        )

    consignment = replace(PARCEL, packages=tuple(packages))
    kilograms, centimetres = pounds * Decimal("0.45359237"), inches * Decimal("2.54")
    engines = [
        engine(f"{pounds} lb", f"{inches} in"),
        engine(f"{pounds * 16} oz", f"{centimetres} cm"),
        engine(f"{kilograms} kg", f"{centimetres * 10} mm"),
    ]
    nets = {assessed(each, consignment).offers[0].net for each in engines}
    assert len(nets) == 1


@settings(max_examples=sized(25, 100))
@given(catalogues, consignments, moments)
def test_turning_a_box_changes_no_price(engine: Engine, consignment: Consignment, now: datetime) -> None:
    # What a box takes of a truck's bed depends on which side is up.
    upright = "oadingMetre" in engine.catalogue.compiled

    def turned(box: Package) -> Package:
        assert box.dimensions is not None
        length, width, height = box.dimensions.length_cm, box.dimensions.width_cm, box.dimensions.height_cm
        sides = (width, length, height) if upright else (height, length, width)
        return replace(box, dimensions=Dimensions(*sides))

    other = replace(consignment, packages=tuple(map(turned, consignment.packages)))
    assert offered(assessed(engine, other, now=now)) == offered(assessed(engine, consignment, now=now))
