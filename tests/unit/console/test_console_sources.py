"""The console's files as they are written: nothing that the security policy forbids, and files of others as taken."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from allocation.api.console_page import PAGE
from allocation.domain.mode import ModeName
from cli.paths import ROOT

DECISION = ROOT / "docs" / "decisions" / "0118-the-console-is-plain-files.md"
TAKEN = {each.name: each for each in (*PAGE.glob("uPlot.*"), *(ROOT / "tests" / "end_to_end" / "axe").glob("*.js"))}
OURS = sorted(each for each in PAGE.iterdir() if each.name not in TAKEN)
IMPORTED = re.compile(r'from "\./([^"]+)"')
SCRIPTS = [each for each in OURS if each.suffix == ".js"]


def named(path: Path) -> str:
    return path.name


def test_files_of_others_are_those_of_the_decision() -> None:
    hashes = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", DECISION.read_text("utf-8"), re.MULTILINE))
    assert {hashlib.sha256(path.read_bytes()).hexdigest(): name for name, path in TAKEN.items()} == hashes


@pytest.mark.parametrize("path", [each for each in OURS if each.suffix == ".html"], ids=named)
def test_a_page_has_no_script_and_no_style_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script[^>]*>[^<]", text) == []
    for name in re.findall(r'(?:src|href)="([^"#]+)"', text):
        assert (PAGE / name).is_file(), name


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_a_script_makes_no_markup_of_text_and_stores_nothing(path: Path) -> None:
    text = path.read_text("utf-8")
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\("
    storage = r"localStorage|sessionStorage|indexedDB|document\.cookie"
    assert re.findall(f"{markup}|{storage}", text) == []
    for name in IMPORTED.findall(text) + re.findall(r'import\("\./([^"]+)"\)', text):
        assert (PAGE / name).is_file(), name
    assert len(text.splitlines()) <= 250


def test_what_signing_in_needs_is_asked_for_at_once() -> None:
    asked = set(re.findall(r'(?:modulepreload" href|src)="([\w.-]+\.js)"', (PAGE / "index.html").read_text("utf-8")))
    needed = {"main.js"}
    while more := {name for each in needed for name in IMPORTED.findall((PAGE / each).read_text("utf-8"))} - needed:
        needed |= more
    assert asked == needed


def test_every_allocation_mode_can_be_tried() -> None:
    (modes,) = re.findall(r"^const MODES = (\[.*\]);$", (PAGE / "words.js").read_text("utf-8"), re.MULTILINE)
    assert json.loads(modes) == list(ModeName)
