"""`carrier replay`: what a person reads of another catalogue's effect on a file of orders."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cli.errors import DONE, NOT_SO, WRONG_USAGE
from cli.main import main

ROOT = Path(__file__).parents[4]
SAMPLE = str(ROOT / "cli" / "catalogue" / "sample.yaml")
COMPILED = str(ROOT / "layers" / "allocation" / "allocation" / "engine" / "sample.json")
ORDERS = str(ROOT / "events" / "sample-orders.jsonl")


@pytest.fixture
def dearer(tmp_path: Path) -> str:
    """The sample catalogue with another price of the service CX_NDS up to 1 kg."""
    text = Path(SAMPLE).read_text("utf-8")
    changed = text.replace("{upTo: 1, price: 4.35}", "{upTo: 1, price: 5.35}")
    assert changed != text
    file = tmp_path / "dearer.yaml"
    file.write_text(changed, "utf-8")
    return str(file)


@pytest.mark.usefixtures("eighty_columns")
def test_the_conclusion_comes_first_and_all_fits_80_columns(dearer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--from", COMPILED, "--to", dearer, ORDERS]) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 of 20 consignments moves to another service."
    assert [line for line in lines if len(line) > 80] == []
    assert "  CX_NDS  NS_24       1  4.98 GBP  5.25 GBP   +0.27" in lines


def test_json_has_the_result_and_nothing_else(dearer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--from", COMPILED, "--to", dearer, ORDERS, "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["consignments"], found["moved"], found["newlyFailed"]) == (20, 1, 0)
    assert found["costBefore"].keys() == {"EUR", "GBP"}


def test_a_catalogue_changes_nothing_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--from", COMPILED, "--to", COMPILED, ORDERS, "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert (found["unchanged"], found["repriced"], found["costBefore"]) == (20, 0, found["costAfter"])
    assert found["from"] == found["to"]


def test_another_mode_is_compared_under_the_same_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--from", COMPILED, "--to-group", "valuableGoods", ORDERS]) == DONE
    told = capsys.readouterr().out
    assert "2 newly fail (NoCarrierServiceAvailable 2)." in told
    assert "No carrier service of group valuableGoods can take" in told
    assert "The mode before is as asked, the mode after service_group valuableGoods." in " ".join(told.split())


def test_messages_that_cannot_be_read_are_named_and_the_others_replayed(
    tmp_path: Path, dearer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = Path(ORDERS).read_text("utf-8").splitlines()[0]
    file = tmp_path / "orders.jsonl"
    file.write_text(f'{order}\n{{"eventType": "order-created"}}\n{order}\nnot json\n', "utf-8")
    assert main(["replay", "--from", COMPILED, "--to", dearer, str(file), "--json"]) == NOT_SO
    streams = capsys.readouterr()
    assert json.loads(streams.out)["consignments"] == 1
    assert "line 2: InvalidMessage" in streams.err
    assert "line 4: NotJson" in streams.err
    assert "1 consignment with a reference that occurs before" in streams.err


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([ORDERS], "--from current.yaml"),
        ([ORDERS, "--from", COMPILED], "--to new.yaml"),
        (["--from", COMPILED, "--to", COMPILED], "--since"),
        ([ORDERS, "--to", COMPILED, "--since", "2026-11-25T00:00:00Z"], "leave one out"),
        ([ORDERS, "--from", COMPILED, "--to", COMPILED, "--keep"], "--stack NAME"),
        (["--since", "2026-11-25T00:00:00Z", "--to", COMPILED, "--mapping", "m.yaml"], "--mapping is for ORDERS"),
        ([ORDERS, "--from", COMPILED, "--to-mode", "service_group"], "--to-group valuableGoods"),
        ([ORDERS, "--from", COMPILED, "--to-group", "A", "--to-service", "B"], "--to-service B does not go with"),
        ([ORDERS, "--from", ORDERS, "--to", COMPILED], "carrier catalogue check"),
        ([ORDERS, "--from", COMPILED, "--to", "nowhere.yaml"], "Can't read the catalogue nowhere.yaml"),
    ],
)
def test_wrong_usage_says_what_to_write(arguments: list[str], advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", *arguments]) == WRONG_USAGE
    assert advice in " ".join(capsys.readouterr().err.split())


class Links(HTMLParser):
    """What a page loads, runs or styles in place."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {"src", "href", "style"} | {name for name, _ in attrs if name.startswith("on")}
        self.found += [f"{tag} {name}" for name, _ in attrs if name in names]
        self.found += [tag] if tag in {"script", "link", "iframe", "img"} else []


def test_the_page_is_whole_by_itself_and_has_the_numbers(
    tmp_path: Path, dearer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report.html"
    assert main(["replay", "--from", COMPILED, "--to", dearer, ORDERS, "--html", str(file)]) == DONE
    text = file.read_text("utf-8")
    links = Links()
    links.feed(text)
    assert links.found == []
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "1 of 20 consignments moves to another service." in text
    assert re.search(r"CX_NDS to NS_24: 1", text)
    assert capsys.readouterr().out.startswith("1 of 20")
