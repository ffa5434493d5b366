"""`python -m tests.proof.bounds`: the numbers of what is bounded, as `docs/proof.md` has them."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "layers/allocation"))

from allocation.aws.file_stores import AppConfigStore
from allocation.aws.maintained_files import MaintainedFile
from allocation.documents.customs_documents import CustomsPapers
from allocation.documents.label_files import label_file
from allocation.engine.compiled_catalogue import read_compiled, write_compiled
from allocation.engine.compiled_parts import InvalidCatalogueError
from allocation.engine.engine import Engine
from allocation.orders.redelivery import shortest_patience
from tests.integration.catalogue_source import GOOD, Clock, engine_of
from tests.integration.test_appconfig_store import AppConfig
from tests.properties.engine.test_compiled_mutations import VALUES, changed, content, decide, paths
from tests.support.document_samples import DESTINATION, ITEM, ORIGIN, PACKAGE, consignment, summary

_LONG: Final = {f"AddressLine{line}": "W" * 60 for line in (1, 2, 3)} | {"Town": "Q" * 60, "CompanyName": "C" * 60}
_ADDRESSES: Final = [ORIGIN | _LONG, DESTINATION | _LONG]
# The queue's, in template.yaml.
_VISIBILITY_SECONDS: Final = 361


def _labels(label_format: str, count: int) -> int:
    """Characters of the file with so many labels, with the longest addresses."""
    tracking = tuple(f"TRK{number:08}" for number in range(count))
    many = consignment(Packages=[PACKAGE] * count, Addresses=_ADDRESSES)
    return len(label_file(many, summary(tracking), label_format)["File"])


def _customs() -> int:
    """Characters of all customs documents of the largest consignment."""
    many = consignment(Packages=[{**PACKAGE, "Items": [ITEM] * 20}] * 100, Addresses=_ADDRESSES)
    documents: Any = CustomsPapers(many, summary(), date(2026, 11, 27), {}).all()
    return sum(len(each["Value"]) for files in documents.values() for each in files)


def _polls_refused() -> tuple[int, int]:
    """Polls of AppConfig in an hour, and how many it refuses as too early; each is answered in 0.3 s."""
    clock = Clock()
    appconfig = AppConfig(clock)
    appconfig.answer_seconds, appconfig.text = 0.3, GOOD
    store = AppConfigStore(appconfig, "shop", "live", "catalogue")
    source = MaintainedFile(store, "catalogue", engine_of, clock=clock, refused=lambda _: None)
    while clock.seconds < 1000.0 + 3600:
        source()
        clock.seconds += 0.5
    return appconfig.token, appconfig.refusals


def _catalogues() -> Counter[str]:
    """What becomes of a compiled catalogue with a right digest and another value in each place in turn."""
    root, came_to = content(), Counter[str]()
    for number, path in enumerate(paths(root)):
        try:
            catalogue = read_compiled(write_compiled(changed(root, path, VALUES[number % len(VALUES)])))
        except InvalidCatalogueError:
            came_to["refused"] += 1
            continue
        decide(Engine(catalogue))
        came_to["decide"] += 1
    return came_to


def _timed(name: str, draw: Callable[[], int]) -> None:
    began = time.process_time()
    size = draw()
    print(f"{name:24} {time.process_time() - began:5.1f} s of a processor, {size:9,} characters of base64")


def main() -> int:
    """Print the numbers."""
    for label_format, count in (("PNG", 60), ("PDF", 1000), ("ZPL", 1000)):
        _timed(f"{count} labels, {label_format}", partial(_labels, label_format, count))
    _timed("100 customs forms", _customs)
    print(f"shortest patience        {shortest_patience(_VISIBILITY_SECONDS) / 3600:5.1f} h")
    polls, refused = _polls_refused()
    print(f"AppConfig, an hour       {polls:5} polls, {refused} refused")
    came_to = _catalogues()
    print(f"changed catalogues       {came_to['refused']:5} refused, {came_to['decide']} decide, 0 crash")
    return 0


if __name__ == "__main__":
    sys.exit(main())
