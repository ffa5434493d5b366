"""The sample catalogue that comes with the package."""

import json
from pathlib import Path

from allocation.engine.engine import Engine


def packaged_engine() -> Engine:
    """The engine over the packaged sample catalogue."""
    return Engine(json.loads(Path(__file__).with_name("sample.json").read_text("utf-8")))
