"""A compiled catalogue with anything that this version does not know is refused: a rule must not be ignored."""

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError, write_part
from allocation.engine.loaded_catalogue import Feature, Leg
from allocation.engine.measures import Measure
from cli.catalogue.compilation import compile_text
from tests.support.engines import document, rate, service

Json = dict[str, Any]

WRITTEN = document(
    {"S": service(surcharges=["Fuel"], rates=[rate("GB", 5)], features=["tracked"], dailyLimit=7, weight="30 kg")},
    surcharges={"Fuel": {"type": "Variable", "amount": 0.1, "over": {"length": "50 cm"}}},
    exchangeRates=[{"currency": "EUR", "rate": 0.86, "from": "2026-01-01"}],
)


def content() -> Json:
    """The content of a compiled catalogue with something of every part."""
    read: Json = json.loads(compile_text(json.dumps(WRITTEN)).partition("\n")[2])
    return read


PARTS: dict[str, Callable[[Json], Json]] = {
    "catalogue": lambda found: found,
    "service": lambda found: found["services"][0],
    "rate": lambda found: found["services"][0]["rates"][0],
    "surcharge": lambda found: found["surcharges"][0],
    "calendar": lambda found: found["calendars"][0],
    "location": lambda found: found["locations"][0],
    "carrier": lambda found: found["carriers"]["ACME"],
    "exchangerate": lambda found: found["exchangeRates"][0],
    "tax": lambda found: found["taxes"][0],
}


def refused(changed: Json, told: str) -> None:
    with pytest.raises(InvalidCatalogueError, match=told):
        read_compiled(write_compiled(changed))


def chain(found: Json, count: int) -> None:
    """Make each of so many surcharges a part of the next."""
    first = {**found["surcharges"][0], "over": None}
    names = ["Fuel", *(f"S{number}" for number in range(1, count))]
    found["surcharges"] = [first, *({**first, "name": name, "of": [part]} for part, name in pairwise(names))]
    found["services"][0]["surcharges"] = names


def crowd(found: Json, count: int) -> None:
    """Give a rate so many origins, and as many places."""
    places = {
        "origins": [f"FR:{number}" for number in range(count)],
        "places": [f"DE:{number}" for number in range(count)],
    }
    found["services"][0]["rates"][0].update(places)


def test_what_the_compiler_writes_is_read() -> None:
    (found,) = read_compiled(write_compiled(content())).services
    assert (found.reference, found.daily_limit, found.features) == ("S", 7, frozenset({Feature.TRACKED}))


@pytest.mark.parametrize("part", PARTS)
def test_an_unknown_key_is_refused_in_every_part(part: str) -> None:
    changed = content()
    PARTS[part](changed)["sumOfSides"] = [None, "200"]
    refused(changed, rf"unknown here \({part}: sumOfSides\): deploy the version that compiled it")


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_key_is_refused_in_every_part(part: str) -> None:
    keys = [key for key in PARTS[part](content()) if key not in {"dailyLimit", *Measure}]
    optional = {"surcharge": {"minimum", "maximum", "from", "to", "places", "over"}, "exchangerate": {"from", "to"}}
    for key in set(keys) - optional.get(part, set()) - {"above"}:
        changed = content()
        del PARTS[part](changed)[key]
        refused(changed, key)


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("service", "features", ["tracked", "refrigerated"]),
        ("service", "direction", "Sideways"),
        ("service", "weight", [None, "30", "40"]),
        ("service", "weekdays", [True] * 6),
        ("service", "enabled", "no"),
        ("service", "excluded", "GB"),
        ("service", "dailyLimit", "7"),
        ("surcharge", "over", ["sumOfSides", "200"]),
        ("calendar", "week", [[57_600, 61_200]] * 8),
        ("catalogue", "currency", None),
        ("catalogue", "carriers", []),
        ("catalogue", "timeZones", None),
        ("catalogue", "services", {}),
        ("catalogue", "taxes", ""),
        ("catalogue", "groups", {"g": "S"}),
        ("calendar", "exceptions", "2026-12-24"),
        ("calendar", "week", [[57_600, "17:00"]] * 7),
        ("exchangerate", "from", ""),
        ("rate", "prices", [5]),
        ("rate", "places", [1]),
        ("service", "divisor", "NaN"),
        ("service", "legs", [["ACME", 1]]),
        ("service", "weekdays", [1] * 7),
        ("service", "window", ["08:00", "18:00"]),
    ],
)
def test_an_unknown_value_is_refused(part: str, key: str, value: object) -> None:
    changed = content()
    PARTS[part](changed)[key] = value
    refused(changed, "no compiled catalogue")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: found["groups"].update(g=["GONE"]), "group 'g' names the service 'GONE', which is not there"),
        (lambda found: found["services"][0]["destinations"].append("@X"), "there is no zone '@X'"),
        (lambda found: found["services"][0]["origins"].append("Leeds"), "'Leeds' is no place"),
        (lambda found: found["services"].append(found["services"][0]), "two services have the same reference"),
        (lambda found: found["services"][0].update(reference="S/.."), "'S/..' is no reference"),
        (lambda found: found["services"][0].update(legs=[]), "service 'S' has no legs"),
        (lambda found: found["services"][0].update(handlingDays=10**9), "has 1000000000 handling days"),
        (lambda found: found["services"][0]["rates"][0].update(prices=[]), "without as many prices as bands"),
        (lambda found: found["services"][0]["rates"][0].update(limits=["9"], prices=["1E+9"]), "the amount 1E[+]9"),
        (lambda found: found["surcharges"][0].update(of=["GONE"]), "'Fuel' is a part of 'GONE', which is not there"),
        (lambda found: found["surcharges"][0].update(of=["Fuel"]), "surcharges are parts of each other: Fuel"),
        (lambda found: chain(found, 102), "more than 100 surcharges are parts of each other"),
        (lambda found: found["services"][0]["rates"][0].update(above=["0.001", "1", "1003"]), "more than 2,000 steps"),
        (lambda found: crowd(found, 1_001), "more than 1,000,000 pairs of origin and place"),
        (lambda found: found["taxes"].clear(), "no tax holds in '[*]'"),
        (lambda found: found["locations"][0]["byCarrier"].update(GONE=0), "names the carrier 'GONE'"),
        (lambda found: found["timeZones"]["Europe/London"][0].clear(), "the changes of a time zone"),
        (lambda found: found["calendars"][0].update(week=[[90_000, 91_000]] * 7), "not within a day"),
    ],
)
def test_what_no_decision_could_work_with_is_refused_by_its_name(change: Callable[[Json], object], told: str) -> None:
    changed = content()
    change(changed)
    refused(changed, told)


@pytest.mark.parametrize("text", ["[" * 200_000, "9" * 100_000, '"' + "x" * 100_000 + '"'])
def test_a_document_that_is_no_catalogue_at_all_is_refused_in_few_words(text: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(InvalidCatalogueError) as error:
        read_compiled(json.dumps({"format": 1, "digest": digest}) + "\n" + text)
    assert len(str(error.value)) < 500


def test_an_unknown_key_beside_the_format_is_refused() -> None:
    header, _, rest = write_compiled(content()).partition("\n")
    with pytest.raises(InvalidCatalogueError, match="first line: compression"):
        read_compiled(json.dumps(json.loads(header) | {"compression": "none"}) + "\n" + rest)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_an_unknown_format_is_refused(version: object) -> None:
    header, _, rest = write_compiled(content()).partition("\n")
    with pytest.raises(InvalidCatalogueError, match="has format"):
        read_compiled(json.dumps(json.loads(header) | {"format": version}) + "\n" + rest)


def test_a_field_that_is_not_plain_is_never_left_out_in_silence() -> None:
    with pytest.raises(TypeError, match="carrier is not plain"):
        write_part(Leg, object())
