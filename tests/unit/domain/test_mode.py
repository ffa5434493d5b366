"""The allocation modes are a closed set: text becomes one of them or an error, and code answers for each of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from allocation.domain.errors import InvalidReferenceError, UnknownModeError
from allocation.domain.mode import ModeName, allocation_mode

ROOT = Path(__file__).parents[3]
MODE = ROOT / "layers/allocation/allocation/domain/mode.py"
ANSWERS_FOR_EACH_MODE = (
    "layers/allocation/allocation/domain/mode.py",
    "layers/allocation/allocation/engine/engine.py",
    "layers/allocation/allocation/engine/nearest_miss.py",
    "layers/allocation/allocation/pro/calls.py",
    "cli/commands/options.py",
)


@pytest.mark.parametrize("name", ModeName)
def test_a_mode_is_read_back_from_its_name_and_reference(name: ModeName) -> None:
    mode = allocation_mode(name, "CX_NDS")
    assert mode.name is name
    assert mode.reference in {None, "CX_NDS"}
    assert allocation_mode(str(mode.name), mode.reference) == mode


@pytest.mark.parametrize("name", ["cheapest", "", "DEFAULT_RULES", "default_rules "])
def test_a_name_that_no_mode_has_is_refused(name: str) -> None:
    with pytest.raises(UnknownModeError, match=r"no allocation mode .*: use default_rules, service_group, carrier_ser"):
        allocation_mode(name, "CX_NDS")


@pytest.mark.parametrize("reference", [None, "", "a/b"])
@pytest.mark.parametrize("name", [ModeName.SERVICE_GROUP, ModeName.CARRIER_SERVICE])
def test_a_mode_that_needs_a_reference_is_refused_without_a_usable_one(name: str, reference: str | None) -> None:
    with pytest.raises(InvalidReferenceError, match=name.replace("_", " ")):
        allocation_mode(name, reference)


def test_another_mode_is_an_error_of_types_wherever_code_answers_for_each_mode(tmp_path: Path) -> None:
    fourth = tmp_path / "mode.py"
    text = re.sub(
        r"(class ModeName.*?)\n\n\n", r'\1\n    CHEAPEST = "cheapest"\n\n\n', MODE.read_text(), count=1, flags=re.DOTALL
    )
    text = text.replace("ReferencedMode = Literal[", "ReferencedMode = Literal[ModeName.CHEAPEST, ")
    text = re.sub(
        r"^AllocationMode = .*$",
        "class Cheapest:\n"
        "    name: ClassVar[Literal[ModeName.CHEAPEST]] = ModeName.CHEAPEST\n"
        '    reference: str = ""\n\n\n'
        r"\g<0> | Cheapest",
        text,
        flags=re.MULTILINE,
    )
    fourth.write_text(text)

    mypy = (sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "--shadow-file", str(MODE), str(fourth))
    command = [*mypy, *ANSWERS_FOR_EACH_MODE]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own
    assert {name for name in ANSWERS_FOR_EACH_MODE if name in told} == set(ANSWERS_FOR_EACH_MODE)
