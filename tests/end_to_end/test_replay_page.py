"""The page of a replay in a browser: wide and narrow, light and dark, for a screen reader, under its own policy."""

from pathlib import Path

from cli.main import main
from cli.paths import COMPILED_SAMPLE, SAMPLE_ORDERS
from tests.end_to_end.browser import opened_browser
from tests.end_to_end.console_page import NARROW, WIDE, ConsolePage


def test_the_page_of_a_replay_can_be_read_by_everybody(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    options = ["--from", str(COMPILED_SAMPLE), "--to-group", "valuableGoods", "--html", str(file)]
    assert main(["replay", str(SAMPLE_ORDERS), *options]) == 0
    with opened_browser(tmp_path / "profile") as browser:
        page = ConsolePage(browser, file.as_uri())
        for width in (WIDE, NARROW):
            for theme in ("light", "dark"):
                page.look(width, theme)
                browser.get(file.as_uri())
                assert page.overflow() <= 0
                assert page.violations() == []
        assert page.complaints() == []
        assert "consignments move" in browser.title
