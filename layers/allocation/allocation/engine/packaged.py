"""The sample catalogue that comes with the package, compiled from `cli/catalogue/sample.yaml`."""

from pathlib import Path

from allocation.engine.compiled import read_compiled
from allocation.engine.engine import Engine


def packaged_engine() -> Engine:
    """The engine over the packaged sample catalogue."""
    return Engine(read_compiled(Path(__file__).with_name("sample.json").read_text("utf-8")))
