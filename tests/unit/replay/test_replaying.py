"""What a replay counts: moves, prices, new failures and limits, from one catalogue to another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from allocation.domain.consignment import Consignment
from allocation.domain.mode import CarrierService, DefaultRules, ServiceGroup
from allocation.domain.reference import ConsignmentReference
from allocation.engine.engine import Engine
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import MixedReplaysError, replay
from allocation.replay.partial import replayed as part_of
from allocation.replay.result import MAX_KEPT, CatalogueName, FullDay, result_of
from allocation.replay.tally import FromTo, Moved, Tally
from tests.support.engines import NOW, PARCEL, engine_of, package, rate, service

FIVE = service()
FOUR = service(rates=[rate("GB", 4)])


def priced(price: object, **changes: Any) -> dict[str, Any]:
    return service(rates=[rate("GB", price)], **changes)


def asked(number: int, consignment: Consignment = PARCEL, mode: Any = None, *, routed: bool = False) -> Replayable:
    named = replace(consignment, reference=ConsignmentReference(f"C-{number}"))
    return Replayable(named, mode or DefaultRules(), NOW + timedelta(seconds=number), routed)


def ways(document: Mapping[str, Any]) -> dict[tuple[str | None, str | None], int]:
    return {(move["from"], move["to"]): move["count"] for move in document["moves"]}


def replayed(before: Engine, after: Engine, consignments: Sequence[Replayable]) -> dict[str, Any]:
    return replay(Side(before), Side(after), consignments).document()


def test_a_lower_price_moves_consignments_and_what_they_cost() -> None:
    before, after = engine_of({"A": FIVE, "B": priced(6)}), engine_of({"A": FIVE, "B": priced("3.50")})
    found = replayed(before, after, [asked(1), asked(2)])
    counts = {name: found[name] for name in ("consignments", "unchanged", "moved", "newlyFailed", "newlyAllocated")}
    assert counts == {"consignments": 2, "unchanged": 0, "moved": 2, "newlyFailed": 0, "newlyAllocated": 0}
    assert (found["costBefore"], found["costAfter"]) == ({"GBP": "10.00"}, {"GBP": "7.00"})
    assert found["moves"] == [
        {
            "from": "A",
            "to": "B",
            "count": 2,
            "costBefore": "10.00",
            "costAfter": "7.00",
            "currencyBefore": "GBP",
            "currencyAfter": "GBP",
        }
    ]
    assert [change["difference"] for change in found["largest"]["cheaper"]] == ["-1.50", "-1.50"]
    assert found["largest"]["dearer"] == []
    assert found["to"] == {"name": "", "version": "test", "digest": after.catalogue.digest}


def test_a_new_price_of_the_same_service_moves_nothing() -> None:
    found = replayed(engine_of({"A": FIVE}), engine_of({"A": priced(7)}), [asked(1)])
    assert (found["unchanged"], found["repriced"], found["moved"]) == (1, 1, 0)
    assert found["largest"]["dearer"][0]["difference"] == "2.00"


def test_new_failures_are_named_with_their_code_and_an_example_of_why() -> None:
    heavy = replace(PARCEL, packages=(package("40"),))
    before, after = engine_of({"A": FIVE}), engine_of({"A": FIVE | {"weight": "30 kg"}})
    found = replayed(before, after, [asked(2, heavy), asked(1, heavy), asked(3)])
    assert (found["newlyFailed"], found["unchanged"]) == (2, 1)
    (failure,) = found["failures"]
    assert (failure["code"], failure["consignments"]) == ("NoCarrierServiceAvailable", ["C-1", "C-2"])
    assert "30 kg" in failure["example"]
    back = replayed(after, before, [asked(1, heavy)])
    assert (back["newlyAllocated"], back["failures"], ways(back)) == (1, [], {(None, "A"): 1})


def test_a_daily_limit_is_counted_in_the_order_of_the_decisions() -> None:
    before, after = engine_of({"A": FIVE, "B": FOUR}), engine_of({"A": FIVE, "B": FOUR | {"dailyLimit": 2}})
    found = replayed(before, after, [asked(4), asked(3), asked(2), asked(1)])
    assert ways(found) == {("B", "A"): 2, ("B", "B"): 2}
    assert {change["consignment"] for change in found["largest"]["dearer"]} == {"C-3", "C-4"}
    assert found["limits"] == [{"service": "B", "day": "2027-06-09", "limit": 2, "used": 2, "turnedAway": 2}]


def test_a_consignment_fails_where_every_limit_is_used_up() -> None:
    found = replayed(engine_of({"A": FIVE}), engine_of({"A": FIVE | {"dailyLimit": 1}}), [asked(1), asked(2)])
    assert found["failures"][0]["consignments"] == ["C-2"]
    assert "limit" in found["failures"][0]["example"]


def test_an_amount_for_speed_counts_from_the_cheapest_whose_limit_is_not_used_up() -> None:
    services = {
        "CHEAP": service(rates=[rate("GB", 4, days=3)], dailyLimit=1),
        "MIDDLE": service(rates=[rate("GB", 6, days=2)]),
        "QUICK": service(rates=[rate("GB", 7, days=1)]),
    }
    engine = engine_of(services, preference={"fastestWithin": "2 GBP"})
    only = asked(1, mode=CarrierService("CHEAP"))
    assert ways(replayed(engine, engine, [asked(2)])) == {("MIDDLE", "MIDDLE"): 1}
    assert ways(replayed(engine, engine, [only, asked(2)])) == {("CHEAP", "CHEAP"): 1, ("QUICK", "QUICK"): 1}


def test_each_side_may_have_a_mode_of_its_own() -> None:
    engine = engine_of({"A": FIVE, "B": FOUR}, groups={"slow": ["A"]})
    found = replay(Side(engine), Side(engine, ServiceGroup("slow")), [asked(1), asked(2, mode=CarrierService("A"))])
    assert ways(found.document()) == {("B", "A"): 1, ("A", "A"): 1}
    missing = replay(Side(engine), Side(engine, ServiceGroup("quick")), [asked(1)]).document()
    assert missing["failures"][0]["code"] == "ServiceGroupNotFoundException"


def test_routing_tables_choose_where_the_queue_would_let_them() -> None:
    table = {
        "default": {"mode": "default_rules"},
        "options": {"next-day": {"mode": "carrier_service", "reference": "A"}},
        "unknown": "fail",
    }
    before, after = engine_of({"A": FIVE, "B": FOUR}), engine_of({"A": FIVE, "B": FOUR}, routing=table)
    optional = replace(PARCEL, delivery_option="next-day")
    found = replayed(before, after, [asked(1, optional, routed=True), asked(2, optional)])
    assert ways(found) == {("B", "A"): 1, ("B", "B"): 1}


def test_amounts_of_different_currencies_are_neither_added_nor_compared() -> None:
    rates = [{"currency": "EUR", "rate": 0.5, "from": "2026-01-01"}]
    before = engine_of({"A": FIVE, "B": priced(9)}, exchangeRates=rates)
    after = engine_of({"A": FIVE, "B": priced(8, currency="EUR")}, exchangeRates=rates)
    heavy = asked(2, replace(PARCEL, packages=(package("4"),)), CarrierService("A"))
    found = replayed(before, after, [asked(1), heavy])
    assert (found["costBefore"], found["costAfter"]) == ({"GBP": "10.00"}, {"EUR": "8.00", "GBP": "5.00"})
    assert found["largest"] == {"dearer": [], "cheaper": []}


def test_the_twenty_largest_changes_are_named_the_largest_first() -> None:
    bands = range(1, 31)
    before, after = engine_of({"A": service(rates=[rate("GB", *bands)])}), engine_of({"A": priced(31)})
    consignments = [asked(n, replace(PARCEL, packages=(package(str(n)),))) for n in range(1, 31)]
    changes = replayed(before, after, consignments)["largest"]["dearer"]
    assert [change["difference"] for change in changes] == [f"{number}.00" for number in range(30, 10, -1)]


def test_parts_of_replays_under_different_catalogues_are_not_mixed() -> None:
    side, other = Side(engine_of({"A": FIVE})), Side(engine_of({"A": FOUR}))
    with pytest.raises(MixedReplaysError, match="different catalogues"):
        part_of(side, side, [asked(1)]).merge(part_of(side, other, [asked(2)]))


def test_what_the_console_is_kept_fits_a_reply_however_many_services_there_are() -> None:
    """API Gateway sends up to 6 MB, and `S3StackFiles` reads up to 4."""
    services = [f"{at:064}" for at in range(300)]
    pairs = [FromTo(before, after, "GBP", "GBP") for before in services for after in services]
    moved = Moved(10**9, Decimal("1234567890.1234"), Decimal("1234567890.1234"))
    days = [FullDay(each, NOW.date(), 10**9, 10**9, 10**9) for each in services for _ in range(365)]
    name = CatalogueName("v", "d" * 64)
    result = result_of(name, name, Tally(dict.fromkeys(pairs, moved)), days)
    kept = result.document(MAX_KEPT)
    assert len(json.dumps(kept, indent=2)) < 1_000_000
    assert kept["leftOut"] == {"moves": len(pairs) - 1_000, "limits": len(days) - 1_000}
    whole = result.document()
    assert (len(whole["moves"]), len(whole["limits"])) == (len(pairs), len(days))
    assert whole["leftOut"] == {"moves": 0, "limits": 0}
    assert kept["consignments"] == whole["consignments"] == len(pairs) * 10**9
    assert kept["costAfter"] == whole["costAfter"]
