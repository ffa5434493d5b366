"""Mistakes that people make in catalogues: each is told where it is, and brings no others along."""

import json
from typing import Any

import pytest

from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.compilation import compile_text
from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from tests.support.engines import document, rate, service


def told(text: str) -> list[str]:
    with pytest.raises(CatalogueProblemsError) as caught:
        compile_text(text)
    return [str(problem) for problem in caught.value.problems]


def told_of(services: dict[str, Any], **changes: Any) -> list[str]:
    return told(json.dumps(document(services, **changes)))


PLACE = "carriers.ACME.services.S"
STEPPED = rate("GB", 5, limit=2) | {"above": {"step": "1 kg", "price": 1}}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"weight": [2, 30]}, f"{PLACE}.weight: write a range such as {{from: 2, to: 30}}, or its end only"),
        ({"weight": {"min": 1}}, f"{PLACE}.weight.min: is unknown here: remove it; known: from, over, to"),
        ({"Excluded": []}, f"{PLACE}.Excluded: is unknown here: remove it; did you mean excluded?"),
        ({"dailyLimit": True}, f"{PLACE}.dailyLimit: 'True': write a whole number"),
        ({"dailyLimit": 0}, f"{PLACE}.dailyLimit: '0': write 1 or more"),
        (
            {"locations": ["a b"]},
            f"{PLACE}.locations.0: 'a b': write 1 to 64 letters, digits, '_', '-' or '.', a letter or",
        ),
        ({"delivery": {"window": ["08:00"] * 3}}, f"{PLACE}.delivery.window: write fewer items; a window has two"),
        (
            {"rates": [rate("GB", 5) | {"price": 5}]},
            f"{PLACE}.rates.0.price: is unknown here: write it under bands, such",
        ),
        ({"packages": 3}, f"{PLACE}.packages: is unknown here: write it under consignment, such as consignment: {{pa"),
        (
            {"rates": [rate("GB", 5) | {"bands": [{"upTo": 2, "price": 4, "95": None}]}]},
            f"{PLACE}.rates.0.bands.0.95: is what follows a comma: write a decimal point, such as 4.95",
        ),
        ({"rates": [rate("GB", "4,95")]}, f"{PLACE}.rates.0.bands.0.price: '4,95': write a decimal point instead"),
        ({"weight": "2,5 kg"}, f"{PLACE}.weight.to: '2,5 kg': write a decimal point, not a comma, in a number and"),
        ({"rates": [STEPPED], "weight": "30 kgz"}, f"{PLACE}.weight.to: '30 kgz': write a number and one of kg, g,"),
        (
            {"surcharges": ["fuel"]},
            f"{PLACE}.surcharges.0: 'fuel' is not a surcharge of this catalogue: did you mean Fuel?",
        ),
    ],
)
def test_a_mistake_is_told_by_itself_with_what_to_write(changes: dict[str, Any], problem: str) -> None:
    fuel = {"Fuel": {"type": "Additive", "amount": 1}}
    (line,) = told_of({"S": service(**changes)}, surcharges=fuel)
    assert line.startswith(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"zones": {"EMPTY": None, "HIGHLANDS": ["GB-IV"]}}, "zones.EMPTY: write a list, such as [GB, FR]"),
        ({"surcharges": {"Fuel": {"type": "Additive", "amount": 1}, "New": None}}, "surcharges.New: write a mapping"),
    ],
)
def test_a_name_with_nothing_under_it_hides_no_other_mistake(changes: dict[str, Any], problem: str) -> None:
    first, second = told_of({"S": service(excluded="HIGHLANDS")}, **changes)
    assert first.startswith(problem)
    assert second.startswith(f"{PLACE}.excluded: 'HIGHLANDS': write a list")


def test_an_empty_service_hides_no_mistake_of_its_carrier() -> None:
    first, second = told_of({"EMPTY": None, "S": service(surcharges="Fuel")}, groups={"all": ["EMPTY", "S"]})
    assert first.startswith("carriers.ACME.services.EMPTY: write a mapping")
    assert second.startswith(f"{PLACE}.surcharges: 'Fuel': write a list")


def test_a_wrong_exchange_rate_accuses_no_service_of_those_that_follow() -> None:
    rates = [
        {"currency": "USD", "rate": -1, "from": "2026-01-01"},
        {"currency": "EUR", "rate": 0.86, "from": "2026-01-01"},
    ]
    (line,) = told_of({"S": service(currency="EUR"), "T": service(currency="USD")}, exchangeRates=rates)
    assert line.startswith("exchangeRates.0.rate: '-1'")


@pytest.mark.parametrize("value", ["0", "true", "2026-12-24T00:00:00", "20261224", "2026-02-30"])
def test_a_date_is_written_as_one(value: str) -> None:
    surcharge = {"type": "Additive", "amount": 1, "from": value}
    (line,) = told_of({"S": service()}, surcharges={"Fuel": surcharge})
    assert line.startswith(f"surcharges.Fuel.from: '{value}': write a date")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (f"version: {tag}\n", "line 1, column 10: has a tag (!): leave tags out")
            for tag in ("!!int x", "!!float x", "!!bool maybe", "!!map [a]", "!!timestamp 2026-99-99", "!mine x", "! x")
        ),
        ("version: !!str 2026\n", "taxes"),
        ("version: a\nrates: {price: 12,45}\n", "rates: is unknown here"),
    ],
)
def test_what_yaml_makes_of_a_slip_is_no_traceback(text: str, problem: str) -> None:
    assert any(line.startswith(problem) for line in told(text))


def aliases(first: str, following: str) -> str:
    """YAML of less than 1,200 bytes in which each of 20 parts names the part before nine times."""
    lines = [f"p{number}: &p{number} {following % ','.join([f'*p{number - 1}'] * 9)}" for number in range(1, 20)]
    return "\n".join([f"p0: &p0 {first}", *lines])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (aliases("[x]", "[%s]"), "line 7, column 5: has more than 1,000,000 parts with its aliases: use fewer"),
        (aliases("{x: 1}", "{<<: [%s]}"), "has more than 1,000,000 parts with its aliases: use fewer"),
        ("version: &all [*all]\n", "line 1, column 10: contains itself: remove the alias"),
        ("carriers: &all {<<: *all}\n", "line 1, column 11: contains itself: remove the alias"),
        ("[" * 200_000, "line 1, column 101: is nested too deeply: nest it less"),
        ("".join(" " * depth + "a:\n" for depth in range(1500)), "the catalogue: is nested too deeply: nest it less"),
    ],
    ids=["lists of lists", "merges of merges", "a list in itself", "a merge of itself", "brackets", "indents"],
)
def test_a_small_text_that_never_ends_is_one_problem(text: str, problem: str) -> None:
    (line,) = told(text)
    assert problem in line


def test_a_band_that_is_added_and_one_that_is_changed_are_told_each() -> None:
    old = read_catalogue(json.dumps(document({"S": service(rates=[rate("GB", 1, 2, 3)])})))
    new = read_catalogue(json.dumps(document({"S": service(rates=[rate("GB", 1, 9, 3, 4)])})))
    lines = list(map(str, differences(old, new)))
    assert "price of the band up to 2 Kg of the rate GB of S: 2.00 GBP -> 9.00 GBP" in lines
    assert any(line.startswith("added: the band up to 3 Kg of the rate GB of S") for line in lines)
    assert "price of the band up to 1000 Kg of the rate GB of S: 3.00 GBP -> 4.00 GBP" in lines
    assert len(lines) == 3


def test_a_key_that_is_written_twice_is_a_mistake_of_form() -> None:
    text = json.dumps(document({"S": service(surcharges=["Feul"])}))
    twice = text.replace('"carriers": {', '"zones": {"A": ["GB"], "A": ["FR"]}, "carriers": {', 1)
    (line,) = told(twice)
    assert line.endswith("'A' is written twice in one mapping: keep one")
    first, second = told(twice.replace('"Feul"', "7"))
    assert "written twice" in first
    assert second.startswith(f"{PLACE}.surcharges.0: '7': write text")
