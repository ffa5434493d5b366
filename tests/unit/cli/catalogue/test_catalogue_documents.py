"""Catalogues as people write them: every mistake is told at once, with its place, its value and what to write."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from holidays import country_holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from allocation.engine import compiled_catalogue
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from cli.catalogue import compilation
from cli.catalogue.calendar_compilation import holiday_dates
from cli.catalogue.catalogue_problems import CatalogueProblemsError
from cli.catalogue.differences import differences
from cli.catalogue.reading import read_catalogue
from cli.catalogue.written_catalogue import catalogue_schema
from tests.support.engines import document, engine_of, problems, rate, service, to, winner
from tests.support.size import sized

SAMPLE = Path(compilation.__file__).with_name("sample.yaml")
COMPILED = Path(compiled_catalogue.__file__).with_name("sample.json")
SCHEMA = Path(__file__).parents[4] / "docs" / "catalogue" / "catalogue.json"


def problems_of(services: dict[str, Any], **changes: Any) -> list[str]:
    return problems(json.dumps(document(services, **changes)))


def test_the_packaged_catalogue_is_the_sample_compiled() -> None:
    """Run `./carrier generate` if this fails."""
    assert COMPILED.read_text("utf-8") == compilation.compile_text(SAMPLE.read_text("utf-8"))


def test_the_sample_is_of_a_size_to_learn_from() -> None:
    catalogue = read_compiled(COMPILED.read_text("utf-8"))
    assert len(catalogue.carriers) >= 8
    assert len(catalogue.services) >= 60
    assert any(len(item.legs) == 2 and item.legs[0].hub for item in catalogue.services)
    assert {"pickUp", "dropOff", "timed", "tracked", "signed"} == set().union(
        *(item.features for item in catalogue.services)
    )


def test_the_schema_in_the_documentation_is_current() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == catalogue_schema()


def test_the_sample_keeps_to_the_schema() -> None:
    jsonschema.validate(_as_json(yaml.safe_load(SAMPLE.read_text("utf-8"))), catalogue_schema())


def test_the_schema_refuses_what_is_not_a_catalogue() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document({"S": service(weigth="30 kg")}), catalogue_schema())


def _as_json(content: Any) -> Any:
    """Dates, which YAML knows and JSON does not, as text."""
    if isinstance(content, dict):
        return {str(key): _as_json(item) for key, item in content.items()}
    if isinstance(content, list):
        return [_as_json(item) for item in content]
    return content.isoformat() if isinstance(content, date) else content


def test_all_mistakes_of_form_are_told_at_once() -> None:
    told = problems_of(
        {
            "A": service(weight="30 stone", excuded=["FR"]),
            "B": service(enabled="perhaps", rates=[]),
            "C": service(rates=[{"zone": "GB", "transitDays": 1, "bands": [{"upTo": 1, "price": "35,65"}]}]),
        },
        currency="pounds",
        timeZone="Europe/Londinium",
    )
    assert told == [
        "currency: 'pounds': write an ISO 4217 code, such as GBP",
        "timeZone: 'Europe/Londinium': write a time zone of the IANA database, such as Europe/London",
        "carriers.ACME.services.A.weight.to: '30 stone': write a number and one of kg, g, lb, oz, such as 30 kg",
        "carriers.ACME.services.A.excuded: is unknown here: remove it; did you mean excluded?",
        "carriers.ACME.services.B.enabled: 'perhaps': write true or false",
        "carriers.ACME.services.B.rates: write at least one item",
        "carriers.ACME.services.C.rates.0.bands.0.price: '35,65': write a decimal point instead of the comma: 35.65",
    ]


def test_all_mistakes_between_parts_are_told_at_once() -> None:
    told = problems_of(
        {
            "A": service(destinations=["UK_MAINLND"], surcharges=["Feul"], currency="USD"),
            "B": service(legs=[{"carrier": "ACNE"}], weight={"from": "5 kg", "to": "1 kg"}),
            "C": service(rates=[rate("GB", 1), rate("GB", 2)]),
            "D": service(
                rates=[{"zone": "GB", "transitDays": 1, "bands": [{"upTo": 5, "price": 1}, {"upTo": 2, "price": 2}]}]
            ),
        },
        zones={"UK_MAINLAND": ["GB"]},
        surcharges={"Fuel": {"type": "Additive", "amount": 1}},
        groups={"fast": ["A", "AA"]},
        taxes={"VAT": {"rate": 0.2, "destinations": ["GB"]}},
    )
    for expected in (
        "carriers.ACME.services.A.currency: 'USD' can't be compared with GBP: add it to exchangeRates",
        'taxes: none covers "*": add one with destinations ["*"], if only with rate 0',
        "carriers.ACME.services.A.surcharges.0: 'Feul' is not a surcharge of this catalogue: did you mean Fuel?",
        "carriers.ACME.services.B.legs.0.carrier: 'ACNE' is not a carrier of this catalogue: did you mean ACME?",
        "carriers.ACME.services.B.weight: goes from 5 to 1: write the smaller one first",
        "carriers.ACME.services.C.rates.1.zone: 'GB' shares GB with rate 0: a place has one rate",
        "carriers.ACME.services.D.rates.0.bands.1.upTo: '2' comes after 5: write the bands lightest first",
        "groups.fast.1: 'AA' is not a carrier service of this catalogue: did you mean A?",
    ):
        assert expected in told
    assert any(
        line.startswith("carriers.ACME.services.A.destinations.0: 'UK_MAINLND': write the name") for line in told
    )
    assert any(line.endswith("did you mean UK_MAINLAND?") for line in told)


NO_CATALOGUE = 'line {}, column {}: is no catalogue: give a YAML or JSON file with lines such as version: "2026-11-23"'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: [", "line 1, column 11: has a sign without a value: write the value, or quotes around it"),
        ("version: 1\n\tcurrency: GBP", "line 2, column 1: is indented with a tab: use spaces"),
        ("version: @1", "line 1, column 10: begins with '@': put the text in quotes"),
        ("version: *x", "line 1, column 10: refers to *x, which is not marked with & before: mark it, or write it out"),
        (
            "version: [1, 2\ncurrency: GBP",
            "line 2, column 9: ends inside brackets, or lacks a comma in them: close them with ]",
        ),
        ("- a\n- b", NO_CATALOGUE.format(1, 1)),
        ("# A page\n\nIt says: this: that.\n", NO_CATALOGUE.format(3, 14)),
        ('{"openapi": "3.1.0", "info": {"title": "An API"}}', NO_CATALOGUE.format(1, 1)),
        ("", "the catalogue: write a mapping, such as name: value"),
        ("[" * 1500, "line 1, column 101: is nested too deeply: nest it less"),
    ],
)
def test_what_is_no_catalogue_at_all_is_told_in_a_line(text: str, told: str) -> None:
    assert problems(text) == [told]


def test_yamls_surprises_are_none_here() -> None:
    """NO is Norway, 16:00 is a time and 0.1 is a tenth."""
    text = json.dumps(document({"S": service(destinations=["NO_"], rates=[rate("NO_", "0.1")])}))
    text = text.replace('"NO_"', "NO").replace('"16:00"', "16:00").replace('"0.1"', "0.1")
    catalogue = read_compiled(compilation.compile_text(text))
    assert catalogue.services[0].destinations == {"NO"}
    assert str(catalogue.services[0].rates[0].prices[0]) == "0.1"
    assert catalogue.locations["Depot"].otherwise is not None


def test_json_is_read_too() -> None:
    assert winner(engine_of({"S": service()})) == "S"


def test_holidays_are_those_of_the_library() -> None:
    years = read_catalogue(SAMPLE.read_text("utf-8")).years
    listed = holiday_dates(read_catalogue(SAMPLE.read_text("utf-8")).holidays["Scotland"], years)
    scottish = country_holidays("GB", subdiv="SCT", years=2027)
    assert {day for day in listed if day.startswith("2027")} == {day.isoformat() for day in scottish}
    assert date(2027, 11, 30).isoformat() in listed


def test_what_changed_is_told_line_by_line() -> None:
    services = {"A": service(), "B": service(name="Old")}
    changed = {"A": service(weight="20 kg", rates=[rate("GB", 6)]), "C": service(name="New")}
    old, new = (read_catalogue(json.dumps(document(items))) for items in (services, changed))
    assert list(map(str, differences(old, new))) == [
        "price of the band up to 1000 Kg of the rate GB of A: 5.00 GBP -> 6.00 GBP",
        "greatest weight of A: none -> 20 kg",
        "removed: service B",
        "added: service C (New)",
    ]
    assert differences(new, new) == []


def test_changed_times_are_told_as_times() -> None:
    late = {"daily": {"collections": [{"days": ["mon"], "cutOff": "17:30", "collection": "18:00:30"}]}}
    early = {"daily": {"collections": [{"days": ["mon"], "cutOff": "16:00", "collection": "18:00:30"}]}}
    old, new = (read_catalogue(json.dumps(document({"S": service()}, calendars=hours))) for hours in (early, late))
    assert list(map(str, differences(old, new))) == ["cut-off of daily at Depot: 16:00 -> 17:30"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text[:-10], "does not match its digest"),
        (lambda text: text.replace('"GBP"', '"EUR"', 1), "does not match its digest"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "has format 2"),
        (lambda _: "", "no compiled catalogue"),
        (lambda _: "version: 1", "no compiled catalogue"),
        (lambda _: "[]\n{}", "no compiled catalogue"),
    ],
)
def test_a_damaged_compiled_catalogue_is_refused(change: Any, told: str) -> None:
    with pytest.raises(InvalidCatalogueError, match=told):
        read_compiled(change(COMPILED.read_text("utf-8")))


def test_a_place_may_be_a_zone_or_written_out() -> None:
    engine = engine_of(
        {"S": service(destinations=["NORTH", "GB-M1"], rates=[rate("NORTH", 9), rate("GB-M1", 3)])},
        zones={"NORTH": ["GB-IV", "GB-KW"]},
    )
    assert winner(engine) == "S"
    assert winner(engine, to("KW1 4AA")) == "S"
    assert winner(engine, to("M2 6LW")) is None


def test_form_is_checked_first_and_consistency_once_the_form_is_right() -> None:
    """A mistake of form is reported with the others of form; contradictions appear when all of those are fixed."""
    contradictory = {
        "A": service(surcharges=["Feul"]),
        "B": service(destinations=["UK"]),
        "C": service(rates=[rate("GB", 1), rate("GB", 2)]),
    }
    surcharges = {"Fuel": {"type": "Additive", "amount": 1}}
    malformed = contradictory | {
        "A": service(weight="30 stone", surcharges=["Feul"]),
        "B": service(rates=[{"transitDays": 1, "bands": [{"upTo": 5, "price": 1}]}], destinations=["UK"]),
    }
    assert problems_of(
        malformed,
        surcharges=surcharges | {"Remote": {"type": "Additive", "amount": "much"}},
        groups={"fast": ["A", "AA"], "slow": ["B", 7]},
        exchangeRates=[{"currency": "EUR", "rate": "0,86", "from": "2026-01-01"}],
    ) == [
        "exchangeRates.0.rate: '0,86': write a decimal point instead of the comma: 0.86",
        "surcharges.Remote.amount: 'much': write a plain number such as 4.95, or -0.50 to take something off",
        "carriers.ACME.services.A.weight.to: '30 stone': write a number and one of kg, g, lb, oz, such as 30 kg",
        "carriers.ACME.services.B.rates.0.zone: is missing: add it",
        "groups.slow.1: '7': write text; put it in quotes if it consists of digits",
    ]
    assert problems_of(contradictory, surcharges=surcharges, groups={"fast": ["A", "AA"]}) == [
        "carriers.ACME.services.A.surcharges.0: 'Feul' is not a surcharge of this catalogue: did you mean Fuel?",
        "carriers.ACME.services.C.rates.1.zone: 'GB' shares GB with rate 0: a place has one rate",
        "carriers.ACME.services.B.destinations.0: 'UK' is not a country of ISO 3166: write GB; zones: none",
        "groups.fast.1: 'AA' is not a carrier service of this catalogue: did you mean A?",
    ]


def test_a_problem_has_the_line_of_its_part_or_of_what_lacks_the_part() -> None:
    text = yaml.safe_dump(_as_json(yaml.safe_load(BIGGER)), sort_keys=False)
    lines = text.replace("weight: 30 kg", "weight: 30 stone").splitlines()
    (wrong,) = [number for number, line in enumerate(lines, start=1) if "30 stone" in line]
    (nameless,) = [number for number, line in enumerate(lines, start=1) if line == "    name: Eire Express"]
    del lines[nameless - 1]
    with pytest.raises(CatalogueProblemsError) as caught:
        read_catalogue("\n".join(lines))
    placed = {problem.path: problem.position for problem in caught.value.problems}
    assert placed["carriers.ACME.services.NEXT.weight.to"] == (wrong, 9)
    assert placed["carriers.EIRE.name"] == (nameless - 1, 3)


def test_a_contradiction_has_the_line_where_it_is_written() -> None:
    text = BIGGER.replace("fast: [NEXT, EIRE_STD]", "fast: [NEXT, EIRE_STDD]")
    with pytest.raises(CatalogueProblemsError) as caught:
        read_catalogue(text)
    (problem,) = caught.value.problems
    assert problem.position is not None
    assert text.splitlines()[problem.position.line - 1][problem.position.column - 1 :].startswith("EIRE_STDD")


def test_what_stands_on_a_mistake_is_not_told_as_one() -> None:
    """The names of parts that could not be read are known, and nothing is said of a currency that is not."""
    told = problems_of(
        {"A": service(surcharges=["Remote"], currency="EUR", maximumValue="5 USD"), "B": service(name=None)},
        currency="pounds",
        surcharges={"Remote": {"type": "Additive", "amount": "much"}},
        taxes={"VAT": {"rate": "a fifth", "destinations": ["*"]}},
        groups={"fast": ["A", "B"]},
        calendars={"daily": {"collections": "never"}},
    )
    assert [line.split(": ")[0] for line in told] == [
        "currency",
        "taxes.VAT.rate",
        "surcharges.Remote.amount",
        "calendars.daily.collections",
        "carriers.ACME.services.B.name",
    ]


@pytest.mark.parametrize(("code", "right"), [("EUR", True), ("JPY", True), ("XYZ", False), ("XAU", False)])
def test_a_currency_is_one_of_iso_4217_that_prices_can_be_in(code: str, right: bool) -> None:
    rates = [{"currency": code, "rate": "0.5", "from": "2026-01-01"}]
    if right:
        assert engine_of({"S": service()}, exchangeRates=rates)
    else:
        (told,) = problems_of({"S": service()}, exchangeRates=rates)
        assert told.startswith(f"exchangeRates.0.currency: '{code}': write a")


REFERENCE = SCHEMA.parent / "reference.md"
(BIGGER,) = re.findall(r"```yaml\n(.*?)```", REFERENCE.read_text("utf-8"), re.DOTALL)
SPOILT = ["null", "true", "7", '""', '"x"', '"*"', "[]", "{}", '["x"]', '{"x": "y"}', '"25:00"', '"GB"', "-1"]


@settings(max_examples=sized(30, 500))
@given(st.data())
def test_no_spoilt_catalogue_crashes_the_check(data: st.DataObject) -> None:
    """Any few values of the reference's example are replaced, whatever they were: it is right, or all is told."""
    content = _as_json(yaml.safe_load(BIGGER))
    for _ in range(data.draw(st.integers(1, 3))):
        holder: Any = {"": content}
        key: Any = ""
        while isinstance(holder[key], dict | list) and holder[key] and data.draw(st.integers(0, 4)):
            holder = holder[key]
            keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = data.draw(st.sampled_from(keys))
        if key != "":
            holder[key] = json.loads(data.draw(st.sampled_from(SPOILT)))
    text = json.dumps(content)
    try:
        assert read_compiled(compilation.compile_text(text))
    except CatalogueProblemsError:
        assert problems(text)
