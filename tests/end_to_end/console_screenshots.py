"""The console's pictures in the documents: the samples, at a moment that stands still.

python -m tests.end_to_end.console_screenshots   # as `make screenshots`
"""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from PIL import Image

from allocation.domain.outcome import Allocated
from cli.paths import ROOT
from tests.end_to_end.browser import opened_browser
from tests.end_to_end.console_page import NARROW, WIDE, ConsolePage
from tests.support.console_server import KEY, SHOP, served_console

FOLDER = ROOT / "docs" / "console"
MAX_BYTES = 150_000
_COLOURS = 256


class Picture(NamedTuple):
    """What a picture shows: a place of the page, from an element on."""

    place: str
    width: int
    height: int
    theme: str
    begins_at: str = "h1"


def pictures() -> dict[str, Picture]:
    """The pictures by their files' names."""
    allocated = [each for each in SHOP.samples if isinstance(each.outcome, Allocated)]
    home = next(each for each in allocated if each.item["carrier"] == "CARRIER_X")
    return {
        "orders": Picture("orders", WIDE, 900, "light"),
        "consignment": Picture(f"consignments/{home.reference}", WIDE, 1180, "light"),
        "consignment-narrow": Picture(f"consignments/{home.reference}", NARROW, 900, "dark"),
        "failures": Picture("failures", WIDE, 900, "light"),
        "carriers": Picture("carriers", WIDE, 900, "dark", ".plot"),
        "replay": Picture("replays/2026-11-23", WIDE, 900, "light"),
    }


def save(png: bytes, file: Path) -> None:
    """Save a picture with few colours. Raises `ValueError` for one that is too large to keep."""
    image = Image.open(BytesIO(png)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    image.save(file, "PNG", optimize=True)
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes, and the most is {MAX_BYTES}: show less")


def main() -> None:
    """Write all pictures."""
    FOLDER.mkdir(exist_ok=True)
    with served_console() as server, TemporaryDirectory() as profile, opened_browser(Path(profile)) as browser:
        page = ConsolePage(browser, server.address)
        page.open()
        page.sign_in(KEY)
        page.found(".frame")
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        for name, picture in pictures().items():
            page.look(picture.width, picture.theme, picture.height)
            page.go(picture.place)
            page.until(lambda: len(page.all(".plot canvas")) == len(page.all(".plot")))
            page.show(picture.begins_at)
            save(browser.get_screenshot_as_png(), FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
