"""Why a service was chosen is read from the record as it was told then, and the decision can be made again."""

import hashlib
import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from hypothesis import given, settings

from allocation.domain.consignment import Consignment
from allocation.domain.contents import Content
from allocation.domain.errors import InvalidMessageError, UnreadableExplanationError
from allocation.domain.limit import LimitedDay
from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules, ServiceGroup
from allocation.domain.outcome import Allocated, AllocationFailed
from allocation.domain.preference import Preference, PreferenceName
from allocation.engine.asked import asked_consignment
from allocation.engine.compiled_catalogue import packaged_catalogue, read_compiled, write_compiled
from allocation.engine.engine import Engine
from allocation.engine.kept_explanation import explanation_of, found_bytes, is_worded
from allocation.engine.rule import RuleCode
from allocation.orders.order_created import read_order
from allocation.records.explanations import Explanations, winner_of
from cli.paths import ROOT
from tests.benchmarks.catalogues import full_catalogue
from tests.benchmarks.memory import varied
from tests.benchmarks.work import decide
from tests.properties.engine.test_engine_properties import SAMPLE, consignments, modes, moments
from tests.support.engines import NOW, PARCEL, assessed, engine_of, package, rate, service
from tests.support.kept_decisions import check_kept, decided, recorded, worded
from tests.support.ports import InMemoryCatalogues, InMemoryLimits
from tests.support.samples import record_of

FASTEST = Preference(PreferenceName.FASTEST)
MODES: tuple[AllocationMode, ...] = (
    DefaultRules(),
    DefaultRules(FASTEST),
    ServiceGroup("valuableGoods", FASTEST),
    ServiceGroup("nowhere"),
    CarrierService("CX_NDS"),
)


def sample_consignments() -> list[Consignment]:
    """Those of every order in `events/`."""
    bodies = [path.read_text("utf-8") for path in sorted((ROOT / "events").glob("order-created-v1*.json"))]
    bodies += (ROOT / "events" / "sample-orders.jsonl").read_text("utf-8").splitlines()
    found: list[Consignment] = []
    for body in bodies:
        try:
            found += read_order(body).order.consignments
        except InvalidMessageError:
            continue
    return found


def test_every_sample_order_is_explained_and_decided_again_from_its_record() -> None:
    samples = sample_consignments()
    assert len(samples) > 30
    explained = [check_kept(SAMPLE, consignment, mode) for consignment in samples for mode in MODES]
    assert sum(told is not None for told in explained) > len(samples)


@settings(max_examples=60)
@given(consignments, modes, moments)
def test_any_decision_is_explained_and_made_again_from_its_record(
    consignment: Consignment, mode: AllocationMode, now: datetime
) -> None:
    told = check_kept(SAMPLE, consignment, mode, now)
    assert told is None or told["omitted"] == {"runnersUp": 0, "excluded": 0}


def test_what_is_kept_of_a_decision_does_not_depend_on_those_before_it() -> None:
    used, other = (Engine(read_compiled(write_compiled(full_catalogue(40)))) for _ in range(2))
    for consignment in varied(300):
        other.found.clear()
        assert found_bytes(used, decide(used, consignment)) == found_bytes(other, decide(other, consignment))


def test_a_limit_that_was_reached_is_told_and_counts_again() -> None:
    engine = engine_of({"CHEAP": service(dailyLimit=2, rates=[rate("GB", 1)]), "DEAR": service()})
    told = check_kept(engine, PARCEL, limits=InMemoryLimits({LimitedDay("CHEAP", date(2027, 6, 9)): 2}))
    assert told
    assert told["excluded"] == {"CHEAP": {"LimitReached": "at most 2 collected on 2027-06-09"}}


def test_prices_in_several_currencies_come_back_as_they_were_written() -> None:
    engine = engine_of(
        {
            "POUNDS": service(rates=[rate("GB", "4.50")]),
            "YEN": service(rates=[rate("GB", "500")], currency="JPY"),
            "DINARS": service(rates=[rate("GB", "1.125")], currency="KWD"),
        },
        exchangeRates=[
            {"currency": "JPY", "rate": "0.0051", "from": "2027-01-01"},
            {"currency": "KWD", "rate": "2.57", "from": "2027-01-01"},
        ],
    )
    told = check_kept(engine, PARCEL)
    assert told
    assert [offer["net"] for offer in (told["winner"], *told["runnersUp"])] == ["500", "1.125", "4.50"]


def test_services_keep_their_order_where_some_collect_at_other_exchange_rates() -> None:
    engine = engine_of(
        {
            "TODAY": service(rates=[rate("GB", "5.00")], currency="EUR"),
            "THURSDAY": service(rates=[rate("GB", "4.00")], currency="EUR", handlingDays=1),
        },
        exchangeRates=[
            {"currency": "EUR", "rate": "0.5", "from": "2027-01-01", "to": "2027-06-09"},
            {"currency": "EUR", "rate": "0.9", "from": "2027-06-10"},
        ],
    )
    told = check_kept(engine, PARCEL)
    assert told
    assert [offer["net"] for offer in (told["winner"], *told["runnersUp"])] == ["5.00", "4.00"]


def test_what_earlier_versions_found_is_told_as_they_told_it() -> None:
    engine = engine_of(
        {
            "POUNDS": service(rates=[rate("GB", "4.50")]),
            "YEN": service(rates=[rate("GB", "500")], currency="JPY"),
            "HEAVY": service(weight="1 g"),
            "DINARS": service(rates=[rate("GB", "1.125")], currency="KWD"),
        },
        exchangeRates=[
            {"currency": "JPY", "rate": "0.0051", "from": "2027-01-01"},
            {"currency": "KWD", "rate": "2.57", "from": "2027-01-01"},
        ],
    )
    kept = b64decode(
        "AZ2UOX9Qr08XJlB1dIxZwvwanHtk6ljA9xkdZ+/txh1fAYDYpeAGoDgAAoDhAaD6AwNWQVQCBGNkYRRgYmZmbNhw+gAvE9uBFlvWr59sWO6ZAAA="
    )
    asked = asked_consignment(b64decode("AYDQ9OXbj5wDAAAwAQVEZXBvdAYCR0IGTTEgNVdHAQEBAgoBFAEUARQAAA=="))
    assert explanation_of(kept, engine, asked) == worded(engine, PARCEL, DefaultRules(), NOW, InMemoryLimits())


def test_a_record_is_explained_by_the_catalogue_of_then_after_it_changed() -> None:
    archive, before = InMemoryCatalogues(), engine_of({"A": service(), "GONE": service(weight="1 g")})
    read = recorded(decided(before, PARCEL, DefaultRules(), NOW, archive), PARCEL.reference)
    decided(engine_of({"B": service()}), PARCEL, DefaultRules(), NOW, archive)
    told = Explanations(archive).of(read)
    assert told
    assert told["catalogueDigest"] == before.catalogue.digest
    assert told["excluded"] == {"GONE": {"WeightOutOfRange": "at most 0.001 Kg"}}


@pytest.mark.parametrize("weight", ["0.5", "50"], ids=["allocated", "failed"])
def test_what_is_decided_while_catalogues_can_not_be_kept_is_explained_without_them(weight: str) -> None:
    engine = engine_of({"A": service(weight="10 kg"), "B": service(rates=[rate("GB", 7)], weight="5 kg")})
    parcel = replace(PARCEL, packages=(package(weight),))
    kept = decided(engine, parcel, DefaultRules(), NOW, archive := InMemoryCatalogues())
    alone = decided(engine, parcel, DefaultRules(), NOW, InMemoryCatalogues(broken=True))
    assert isinstance(alone, Allocated | AllocationFailed)
    assert alone.decision
    assert is_worded(alone.decision.explanation or b"")
    nothing = Explanations(InMemoryCatalogues())
    assert nothing.of(recorded(alone, PARCEL.reference)) == Explanations(archive).of(recorded(kept, PARCEL.reference))


def test_the_winners_dates_and_tax_need_no_catalogue() -> None:
    engine = engine_of({"A": service()})
    for archive in (InMemoryCatalogues(), InMemoryCatalogues(broken=True)):
        read = recorded(decided(engine, PARCEL, DefaultRules(), NOW, archive), PARCEL.reference)
        winner = winner_of(read)
        assert winner["tax"] == {"reference": "VAT", "rate": "0.2"}
        assert (winner["deliveredOn"], winner["deliveryWindow"]) == ("2027-06-10", ["08:00", "18:00"])
    assert winner_of(recorded(record_of(PARCEL.reference).outcome, PARCEL.reference)) == {}  # type: ignore[arg-type]


def test_what_can_not_be_read_is_said_and_not_guessed() -> None:
    archive, engine = InMemoryCatalogues(), engine_of({"A": service(), "B": service(weight="1 g")})
    read = recorded(decided(engine, PARCEL, DefaultRules(), NOW, archive), PARCEL.reference)
    assert isinstance(read.explanation, bytes)
    other = InMemoryCatalogues({engine.catalogue.digest: engine_of({"A": service()}).catalogue.compiled})
    cases = [
        (b"\x09" + read.explanation[1:], archive, "form 9"),
        (read.explanation[:-3], archive, "damaged|ends after"),
        (read.explanation.replace(b"VAT", b"\xffAT"), archive, "a text that is damaged"),
        (b"\x02rubbish", archive, "damaged"),
        ("bm90IGd6aXA=", archive, "damaged"),
        (read.explanation, InMemoryCatalogues(), "is not in the table of catalogues"),
        (read.explanation, InMemoryCatalogues({engine.catalogue.digest: "{}"}), "can't read the catalogue"),
        (read.explanation, other, "not about the 1 services"),
    ]
    for kept, kept_catalogues, message in cases:
        with pytest.raises(UnreadableExplanationError, match=message):
            Explanations(kept_catalogues).of(read.model_copy(update={"explanation": kept}))


def test_an_offer_stands_as_it_was_recorded_whatever_this_version_would_charge() -> None:
    archive, engine = InMemoryCatalogues(), engine_of({"A": service(rates=[rate("GB", 5)])})
    read = recorded(decided(engine, PARCEL, DefaultRules(), NOW, archive), PARCEL.reference)
    changed = engine.catalogue.compiled.replace('"5"', '"6"')
    assert changed != engine.catalogue.compiled
    content = changed.partition("\n")[2]
    explanations = Explanations(InMemoryCatalogues({engine.catalogue.digest: recompiled(content)}))
    told = explanations.of(read)
    assert told
    assert (told["winner"]["net"], told["winner"]["lines"]) == ("5.00", [["as recorded", "5.00"]])


def recompiled(content: str) -> str:
    return write_compiled(json.loads(content))


def test_the_sample_catalogue_takes_few_bytes_a_decision() -> None:
    engine = Engine(packaged_catalogue())
    sizes = []
    for consignment in sample_consignments():
        outcome = decided(
            engine, consignment, DefaultRules(), datetime(2026, 11, 24, 9, tzinfo=UTC), InMemoryCatalogues()
        )
        assert isinstance(outcome, Allocated | AllocationFailed)
        sizes += [len(outcome.decision.explanation or b"")] if outcome.decision else []
    assert max(sizes) < 330


def test_hundreds_of_offers_take_three_bytes_each_at_most() -> None:
    engine = Engine(read_compiled(write_compiled(full_catalogue(1000))))
    found = [assessment for each in varied(40) if len((assessment := assessed(engine, each)).offers) > 200]
    assert len(found) > 3
    assert max(len(found_bytes(engine, each)) - 125 * len(each.failures) - 3 * len(each.offers) for each in found) < 0


@pytest.mark.parametrize(
    ("kept_by_place", "count", "digest"),
    [
        (RuleCode, 38, "8a00d0966cac50ad"),
        (PreferenceName, 5, "3aa9d2568539a8c1"),
        (Content, 17, "604dba87e1349461"),
    ],
)
def test_what_records_keep_by_its_place_never_moves(kept_by_place: type[StrEnum], count: int, digest: str) -> None:
    """Who adds a member adds it at the end. Whatever else changes here makes records say something else."""
    names = ",".join(list(kept_by_place)[:count])
    assert hashlib.sha256(names.encode()).hexdigest()[:16] == digest
