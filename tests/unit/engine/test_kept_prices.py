"""What the engine keeps of prices is bounded, and changes no answer."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allocation.engine import engine as deciding
from allocation.engine import price_book
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.engine import Engine
from tests.benchmarks.catalogues import consignments, full_catalogue
from tests.support.engines import assessed, offered

ASKED = [
    replace(asked, packages=(replace(asked.packages[0], weight_kg=weight),))
    for asked in consignments(60)
    for weight in (Decimal(1), Decimal(9), Decimal(24))
]


def _with_little_room(monkeypatch: pytest.MonkeyPatch) -> Engine:
    for name in ("_MAX_BYTES", "_MAX_AMOUNTS", "_MAX_EXACT_PRICES"):
        monkeypatch.setattr(price_book, name, 7)
    monkeypatch.setattr(deciding, "_MAX_LANE_SERVICES", 7)
    return Engine(read_compiled(write_compiled(full_catalogue(40))))


def test_prices_that_are_forgotten_are_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    plenty = Engine(read_compiled(write_compiled(full_catalogue(40))))
    little = _with_little_room(monkeypatch)
    for asked in (*ASKED, *ASKED):
        assert offered(assessed(little, asked)) == offered(assessed(plenty, asked))


def test_amounts_never_are_more_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    little = _with_little_room(monkeypatch)
    for asked in ASKED:
        assessed(little, asked)
        assert len(little.book._amounts) <= 7
        assert len(little.book._cells._kept) <= 8
