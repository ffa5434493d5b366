"""A compiled catalogue with a right digest that anybody changed anywhere is refused, or decides without a crash."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from itertools import product
from typing import Any, Final

import pytest

from allocation.domain.consignment import Address
from allocation.domain.mode import AllocationMode, DefaultRules, ServiceGroup
from allocation.domain.outcome import Failure
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from allocation.engine.explanation import explain
from allocation.engine.question import NO_FILTERS
from cli.catalogue.compilation import compile_text
from tests.support.engines import NOW, PARCEL, document, package, service, to
from tests.support.ports import InMemoryLimits
from tests.support.size import sized

Path = tuple[str | int, ...]

_BANDS = [{"upTo": 1, "price": 5, "perKg": 1, "minimum": 2, "maximum": 9}, {"upTo": 10, "price": 6}]
_HOURS = {"cutOff": "10:00", "collection": "11:00"}
WRITTEN = document(
    {
        "S": service(
            features=["tracked"],
            surcharges=["Fuel", "Long", "Unit"],
            locations=["Depot"],
            excluded=["FAR"],
            dailyLimit=7,
            weight="40 kg",
            handlingDays=1,
            maximumValue="500 GBP",
            divisor="139 in3/lb",
            rates=[
                {"zone": "NORTH", "transitDays": 1, "bands": _BANDS, "above": {"step": 1, "price": 1}},
                {"zone": "GB", "transitDays": 1, "when": {"weight": {"to": 40}}, "bands": [{"upTo": 30, "price": 8}]},
            ],
        ),
        "T": service(
            currency="EUR",
            handicap=1,
            pricePer="package",
            delivery={"exceptions": [{"destinations": ["FAR"], "days": ["tue"]}]},
            chargeableWeight={
                "divisor": 5000,
                "roundUpTo": [{"upTo": 1, "step": "0.5 kg"}, {"step": "1 kg"}],
                "roundSides": "1 cm",
                "least": [{"weight": "2 kg", "over": {"length": "50 cm"}}],
                "volumetricWhen": {"weight": {"to": "10 kg"}},
            },
        ),
    },
    calendars={
        "daily": {
            "collections": [{"days": ["mon", "wed", "thu"], "cutOff": "16:00", "collection": "17:00"}],
            "holidays": "E",
            "exceptions": {"2026-12-24": "closed", "2027-06-10": _HOURS},
        }
    },
    locations={
        "Depot": {
            "country": "GB",
            "postcode": "M2 6LW",
            "collections": {"default": "daily", "carriers": {"ACME": "daily"}, "services": {"S": "daily"}},
        }
    },
    groups={"g": ["S", "T"]},
    zones={"NORTH": ["GB:M", "GB:G"], "FAR": ["ES-CN", "GB:KW"]},
    holidays={"E": {"country": "GB", "subdivision": "ENG"}},
    deliveryHolidays=[{"destinations": ["GB"], "holidays": "E"}],
    packageSizes={"box": {"length": "10 cm", "width": "10 cm", "height": "10 cm"}},
    exchangeRates=[{"currency": "EUR", "rate": 0.86, "from": "2026-01-01"}],
    surcharges={
        "Fuel": {"type": "Variable", "amount": 0.1, "minimum": 0.5, "maximum": 9, "of": ["rate", "Long"]},
        "Long": {
            "type": "Additive",
            "amount": 1,
            "perPackage": True,
            "group": "size",
            "destinations": ["NORTH"],
            "deliveryDays": ["mon", "thu"],
            "over": {"length": "50 cm"},
            "when": {"weight": {"to": "20 kg"}},
        },
        "Unit": {"type": "Additive", "amount": 1, "perStarted": {"weight": "1 kg", "above": 0.1}, "tags": ["t"]},
    },
    routing={
        "default": {"mode": "service_group", "reference": "g"},
        "options": {"late": {"mode": "default_rules", "preference": {"fastestWithin": "2 GBP"}}},
    },
)
_NUMBERS: Final = [0, -1, 7, 10**6, 10**12, 10**30, 1.5, "0", "-1", "1E+999999", "1E-999999", "NaN", "9" * 60]
_TEXTS: Final = ["", "x", "@X", "@FAR", "S", "GB", "Fuel", "2027-01-01", "0001-01-01", "9999-12-31", "\ud800", "\0"]
VALUES: Final = [None, True, False, *_NUMBERS, *_TEXTS, [], {}, [None], [[]], ["x"], {"x": 1}]
TALL = package("12", ("60", "10", "10"), "50")
CONSIGNMENTS = (
    PARCEL,
    replace(to("G1 3SL"), packages=(TALL, package())),
    replace(to("35001", "ES"), origin=Address(country="GB", postcode="M2 6LW")),
)


def content() -> Any:
    return json.loads(compile_text(json.dumps(WRITTEN)).partition("\n")[2])


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in some JSON; of a list the first three items and the last."""
    yield path
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(number, item) for number, item in enumerate(value) if number < 3 or number == len(value) - 1]
    for key, item in items:
        yield from paths(item, (*path, key))


def changed(root: Any, path: Path, value: object) -> Any:
    if not path:
        return value
    copy = part = deepcopy(root)
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return copy


def decide(engine: Engine) -> int:
    """Decide and explain everything that can be asked. Return how many offers there were."""
    catalogue = engine.catalogue
    routed: list[AllocationMode] = []
    if catalogue.routing:
        routed = [catalogue.routing.default, *catalogue.routing.options.values()]
    offers = 0
    for consignment, mode in product(CONSIGNMENTS, [DefaultRules(), *map(ServiceGroup, catalogue.groups), *routed]):
        inquiry, scope = engine.inquire(consignment), engine.scope(mode)
        if not isinstance(inquiry, Failure) and not isinstance(scope, Failure):
            answer = engine.assess(inquiry, scope, NOW, NO_FILTERS, InMemoryLimits().used)
            explain(engine, answer, mode, NOW)
            offers += len(answer.offers)
    return offers


def test_what_is_changed_offers_something_as_it_was_compiled() -> None:
    assert decide(Engine(read_compiled(write_compiled(content())))) > len(CONSIGNMENTS)


@pytest.mark.parametrize("first", range(sized(2, len(VALUES))))
def test_a_changed_document_is_refused_or_decides(first: int) -> None:
    """Each run puts another value into each place."""
    root = content()
    for number, path in enumerate(paths(root)):
        value = VALUES[(number * 7 + first) % len(VALUES)]
        try:
            catalogue = read_compiled(write_compiled(changed(root, path, value)))
        except InvalidCatalogueError:
            continue
        try:
            decide(Engine(catalogue))
        except Exception as error:
            raise AssertionError(f"{value!r} at {path} is neither refused nor works") from error
