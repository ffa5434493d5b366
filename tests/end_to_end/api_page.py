"""The API's page in a browser."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, TypeVar

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.end_to_end.browser import opened_browser

Found = TypeVar("Found")
PATIENCE_SECONDS = 120


class ApiPage:
    """The page, as somebody uses it who opens an operation, fills in what it needs and presses Execute."""

    def __init__(self, browser: webdriver.Chrome, address: str) -> None:
        self.browser = browser
        browser.get(address)

    def ask(self, tag: str, operation: str, **parameters: str) -> Any:
        """The data that an operation answers; it was not used on this page before."""
        box = self.found(By.ID, f"operations-{tag}-{operation}")
        self.show(box)
        self.found(By.CSS_SELECTOR, ".opblock-summary-control", box).click()
        execute = self.found(By.CSS_SELECTOR, ".execute", box)
        for name, value in parameters.items():
            field = self.found(By.CSS_SELECTOR, f'tr[data-param-name="{name}"] input', box)
            field.clear()
            field.send_keys(value)
        execute.click()
        answer = self.found(By.CSS_SELECTOR, ".live-responses-table .response-col_description code", box)
        return json.loads(answer.get_attribute("textContent") or "")

    def file(self) -> Image.Image:
        """The image that is shown of a file in an answer."""
        image = self.found(By.CSS_SELECTOR, "img.file")
        self.until(lambda: bool(image.get_property("complete")))
        self.show(image)
        return Image.open(BytesIO(image.screenshot_as_png))

    def saved(self) -> bytes:
        """The file that can be saved from an answer."""
        address = self.found(By.CSS_SELECTOR, "a.file[download]").get_attribute("href") or ""
        return b64decode(address.partition(";base64,")[2])

    def show(self, element: WebElement) -> None:
        """Scrolls to where the element begins."""
        self.browser.execute_script("arguments[0].scrollIntoView()", element)

    def complaints(self) -> list[str]:
        """What the browser had to say of the page."""
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]

    def found(self, by: str, what: str, where: WebElement | None = None) -> WebElement:
        """An element, as soon as it is there."""
        place = where or self.browser

        def first() -> WebElement | Literal[False]:
            return next(iter(place.find_elements(by, what)), False)

        return self.until(first)

    def until(self, found: Callable[[], Found | Literal[False]]) -> Found:
        return WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.1).until(lambda _: found())


@contextmanager
def opened(address: str, profile: Path) -> Iterator[ApiPage]:
    """A page in a browser of its own."""
    with opened_browser(profile) as browser:
        yield ApiPage(browser, address)
