"""`python -m tests.benchmarks.memory SIZE`: MB in use with a catalogue loaded, and when what is kept is full."""

import gc
import json
import random
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from resource import getpagesize
from typing import Final

from allocation.domain.consignment import Address, Consignment
from allocation.engine.compiled_catalogue import read_compiled
from allocation.engine.engine import Engine
from tests.benchmarks.catalogues import AREAS, consignments
from tests.benchmarks.work import decide

VARIED: Final = 2_000


def in_use() -> int:
    """MB of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() // 1_000_000


def varied(count: int) -> list[Consignment]:
    """Consignments of which no two have the same weight, to many postcodes; every fifth has two packages."""
    chance, base = random.Random(1), consignments(300)
    return [_varied(base[number % len(base)], number, chance) for number in range(count)]


def _varied(like: Consignment, number: int, chance: random.Random) -> Consignment:
    package = replace(like.packages[0], weight_kg=Decimal(chance.randrange(100, 27_000)) / 1000)
    packages = (package,) if number % 5 else (package, replace(package, weight_kg=package.weight_kg / 3))
    place = like.destination
    if place is not None and place.country == "GB":
        postcode = f"{chance.choice((*AREAS, 'M', 'LS', 'B'))}{chance.randrange(1, 9)} {chance.randrange(1, 9)}AB"
        place = Address(country="GB", postcode=postcode)
    return replace(like, packages=packages, destination=place)


def main(size: int) -> None:
    """Write the figures as JSON. The catalogue is made by another process, as functions do not compile theirs."""
    engine = Engine(read_compiled(sys.stdin.read()))
    gc.collect()
    loaded = in_use()
    for consignment in varied(VARIED):
        decide(engine, consignment)
    sys.stdout.write(json.dumps({"services": size, "loaded": loaded, "full": in_use()}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
