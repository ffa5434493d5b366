"""Tariffs that carriers publish, written as catalogues: they compile, and come out to the penny.

Each `NAME.yaml` is a catalogue that names its source. `NAME.examples.yaml` has examples that were worked out by hand.
"""

from functools import cache
from pathlib import Path

import pytest

from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from cli.catalogue.compilation import compile_text
from tests.support.engines import assessed, reasons
from tests.support.kept_decisions import check_kept
from tests.support.priced_examples import PricedExample, read_examples

FOLDER = Path(__file__).parent
TARIFFS = sorted(path.name.removesuffix(".examples.yaml") for path in FOLDER.glob("*.examples.yaml"))
EXAMPLES = [example for tariff in TARIFFS for example in read_examples(FOLDER / f"{tariff}.examples.yaml")]


@cache
def engine_of_tariff(tariff: str) -> Engine:
    return Engine(read_compiled(compile_text((FOLDER / f"{tariff}.yaml").read_text("utf-8"), FOLDER)))


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_tariff_says_what_its_published_page_says(example: PricedExample) -> None:
    engine = engine_of_tariff(example.tariff)
    assessment = assessed(engine, example.consignment)
    offers = {engine.index.services[offer.position].reference: offer for offer in assessment.offers}
    refused = reasons(assessment, engine)
    assert {name: str(offers[name].net) if name in offers else refused[name] for name in example.prices} == dict(
        example.prices
    )
    breakdowns = {name: engine.breakdown(assessment.question, offers[name].position) for name in example.gross}
    assert {name: found and str(found.price.gross) for name, found in breakdowns.items()} == dict(example.gross)
    for name, code in example.reasons.items():
        assert code in refused.get(name, [f"{name} costs {offers[name].net}" if name in offers else name])
    if example.winner is not None:
        assert next(iter(offers)) == example.winner


@pytest.mark.parametrize("tariff", TARIFFS)
def test_a_tariff_has_ten_examples_and_names_its_source(tariff: str) -> None:
    assert sum(example.tariff == tariff for example in EXAMPLES) >= 10
    assert "Source" in (FOLDER / f"{tariff}.yaml").read_text("utf-8").partition("\nversion:")[0]


@pytest.mark.parametrize("tariff", TARIFFS)
def test_a_tariffs_decisions_are_explained_and_made_again_from_their_records(tariff: str) -> None:
    engine = engine_of_tariff(tariff)
    for example in EXAMPLES:
        if example.tariff == tariff:
            check_kept(engine, example.consignment)
