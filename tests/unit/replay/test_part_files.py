"""A part of a replay is the same after it was written to a file and read again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allocation.domain.mode import AllocationMode, CarrierService, DefaultRules
from allocation.domain.reference import ConsignmentReference
from allocation.replay.decisions import Replayable, Side
from allocation.replay.partial import replayed
from allocation.replay.partial_json import UnreadablePartError, part_text, read_part
from tests.support.engines import NOW, PARCEL, engine_of, rate, service

SERVICES = {
    "LIMITED": service(rates=[rate("GB", "4.10")], dailyLimit=1),
    "PLAIN": service(rates=[rate("GB", 5)]),
}
MODES: tuple[AllocationMode, ...] = (DefaultRules(), CarrierService("PLAIN"), DefaultRules(), CarrierService("UNKNOWN"))


def test_a_part_survives_its_file() -> None:
    before = Side(engine_of({"PLAIN": service(rates=[rate("GB", 7)]), "UNKNOWN": service(rates=[rate("GB", 9)])}))
    after = Side(engine_of(SERVICES, preference={"fastestWithin": "1 GBP"}))
    asked = [
        Replayable(replace(PARCEL, reference=ConsignmentReference(f"C-{at}")), mode, NOW + timedelta(microseconds=at))
        for at, mode in enumerate(MODES)
    ]
    part = replayed(before, after, asked)
    assert part.open
    assert part.tally.failures
    assert read_part(part_text(part)) == part
    assert read_part(part_text(part)).result().document() == part.result().document()


def test_consignments_that_are_decided_alike_take_little_of_the_function_that_adds_parts_up() -> None:
    """It has 3.5 GB for all that daily limits leave open: 27 KB each with twenty services would be 130,000 of them."""
    limited = {f"S{at}": service(rates=[rate("GB", 4 + at)], dailyLimit=9) for at in range(20)}
    side = Side(engine_of(limited))
    asked = [
        Replayable(replace(PARCEL, reference=ConsignmentReference(f"C-{at}")), DefaultRules(), NOW) for at in range(500)
    ]
    part = replayed(side, side, asked)
    text = part_text(part)
    assert len(text) / len(part.open) < 100
    for open_ones in (part.open, read_part(text).open):
        assert len({id(decision) for each in open_ones for decision in (each.before, each.after)}) == 1


@pytest.mark.parametrize("text", ["", "{}", '{"format": 1}', '{"format": 1, "from": 3}'])
def test_what_is_no_part_of_this_version_is_refused(text: str) -> None:
    with pytest.raises(UnreadablePartError, match="replay it"):
        read_part(text)
