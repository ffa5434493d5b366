"""The examples in the docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted(
    ".".join(path.relative_to(home).with_suffix("").parts)
    for home, package in ((ROOT / "layers" / "allocation", "allocation"), (ROOT, "cli"))
    for path in (home / package).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_hold(module: str) -> None:
    outcome = doctest.testmod(importlib.import_module(module))
    assert (outcome.failed, outcome.attempted > 0) == (0, True)
