"""A replay by several processes is the same as by one, daily limits included."""

import json
from dataclasses import replace
from datetime import timedelta

from allocation.domain.mode import DefaultRules
from allocation.domain.reference import ConsignmentReference
from allocation.replay.decisions import Replayable
from cli.catalogue.compilation import compile_text
from cli.replay.processes import SideText, replayed_in_parts
from tests.support.engines import NOW, PARCEL, document, package, rate, service

BEFORE = {"A": service(), "B": service(rates=[rate("GB", 4, 6)])}
AFTER = {"A": service(), "B": service(rates=[rate("GB", 4, 6)], dailyLimit=700)}


def test_any_number_of_processes_gives_the_same_result() -> None:
    before, after = (SideText(compile_text(json.dumps(document(services)))) for services in (BEFORE, AFTER))
    consignments = [
        Replayable(
            replace(PARCEL, reference=ConsignmentReference(f"C-{number}"), packages=(package(str(1 + number % 2)),)),
            DefaultRules(),
            NOW - timedelta(seconds=number),
        )
        for number in range(2_600)
    ]
    told: list[int] = []
    alone = replayed_in_parts(before, after, consignments, 1, told.append).result().document()
    together = replayed_in_parts(before, after, consignments, 2, told.append).result().document()
    assert together == alone
    assert alone["limits"][0]["used"] == 700
    assert told.count(2_600) == 2
