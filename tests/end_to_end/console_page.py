"""The console in a browser, as somebody uses it who reads, clicks and types, at a moment that stands still."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.console_samples import NOW

Found = TypeVar("Found")
AXE = Path(__file__).parent / "axe" / "axe.min.js"
PATIENCE_SECONDS = 30
WIDE, NARROW = 1440, 360
# The page's clock stands at the samples' moment, and what it does every so many seconds is done sooner.
_CLOCK = """{
  const now = NOW, Real = Date, wait = setInterval;
  globalThis.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(now); }
    static now() { return now; }
  };
  globalThis.setInterval = (task, delay) => wait(task, delay / 50);
}""".replace("NOW", str(int(NOW.timestamp() * 1000)))
# Also where the page is there already: then it is opened again. The page hears of a change before its listener here.
_GO = """
const [place, done] = arguments;
if (location.hash === place) history.replaceState(null, "", "#/reset");
addEventListener("hashchange", () => done(), { once: true });
location.hash = place;"""
# Rows, cards and bars beyond the fifth are like those before, and most of the time that axe takes.
_VIOLATIONS = """
const alike = ["tr", ".service", ".offer", ".reason", "option", ".cause"].map((each) => `${each}:nth-of-type(n+6)`);
const place = { include: document, exclude: alike.map((each) => [each]) };
axe.run(place, { resultTypes: ["violations"] }).then((found) => arguments[0](
  found.violations.map((each) => each.id + ": " + each.help + " " + each.nodes.map((node) => node.html).join(" ")))
);"""


class ConsolePage:
    """The page at `address`, before anybody has signed in."""

    def __init__(self, browser: webdriver.Chrome, address: str) -> None:
        self.browser, self.address = browser, address
        self._command("Emulation.setTimezoneOverride", timezoneId="Europe/London")
        self._command("Page.addScriptToEvaluateOnNewDocument", source=_CLOCK)
        self.look(WIDE, "light")

    def open(self) -> None:
        self.browser.get("about:blank")
        self.browser.get(self.address)
        self.found("main.sign-in")

    def look(self, width: int, theme: str, height: int = 900) -> None:
        """Look at the page in a window of a size, with a reader's preference for light or dark."""
        self._command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width == NARROW}
        self._command("Emulation.setDeviceMetricsOverride", **size)

    def sign_in(self, key: str) -> None:
        field = self.found("input[name=key]")
        field.clear()
        field.send_keys(key, Keys.ENTER)

    def go(self, place: str) -> None:
        """Go to a place of the page, such as `orders`, and wait until it has loaded."""
        self.browser.execute_async_script(_GO, f"#/{place}")
        self.loaded()

    def loaded(self) -> None:
        self.until(lambda: self.texts("main h1") and not self.all(".skeleton, [aria-busy]"))

    def click(self, text: str, within: str = "body") -> None:
        """Press the first button or link with this text."""
        path = f".//*[self::a or self::button or self::summary][contains(normalize-space(.), '{text}')]"

        def pressed() -> bool:
            shown = (each for each in self.found(within).find_elements(By.XPATH, path) if each.is_displayed())
            element = next(shown, None)
            if element is None:
                return False
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.until(pressed)

    def show(self, selector: str) -> None:
        """Scroll to where an element begins, a little above it."""
        script = "scrollTo(0, Math.max(0, scrollY + arguments[0].getBoundingClientRect().top - 40))"
        self.browser.execute_script(script, self.found(selector))

    def field(self, label: str, within: str = "main") -> WebElement:
        path = f".//label[normalize-space(.)='{label}']"
        name = self.until(lambda: next(iter(self.found(within).find_elements(By.XPATH, path)), None))
        return self.found(f"#{name.get_attribute('for')}")

    def found(self, selector: str) -> WebElement:
        return self.until(lambda: next(iter(self.all(selector)), None))

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements, read at once: the page may change meanwhile."""
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)"
        found: list[str] = self.browser.execute_script(script, selector)
        return found

    def shows(self, text: str, within: str = "body") -> bool:
        """Wait until a text is on the page."""
        return self.until(lambda: any(text in each for each in self.texts(within)))

    def violations(self) -> list[str]:
        """What axe-core objects to."""
        if not self.browser.execute_script("return 'axe' in globalThis"):
            self.browser.execute_script(AXE.read_text("utf-8"))
        found: list[str] = self.browser.execute_async_script(_VIOLATIONS)
        return found

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(
            self.browser.execute_script(
                "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
            )
        )

    def complaints(self) -> list[str]:
        """What the browser said of the page since it was last asked, and what the security policy blocked."""
        return [each["message"] for each in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]

    def kept(self) -> Any:
        """Everything that the browser keeps of the page, and its addresses."""
        script = "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
        return json.loads(self.browser.execute_script(script))

    def until(self, found: Callable[[], Found | Literal[False] | None]) -> Found:
        """Return what is found, as soon as it is there."""
        ignored = [StaleElementReferenceException]
        waiting = WebDriverWait(self.browser, PATIENCE_SECONDS, poll_frequency=0.03, ignored_exceptions=ignored)
        return waiting.until(lambda _: found() or False)

    def _command(self, name: str, **parameters: Any) -> None:
        self.browser.execute_cdp_cmd(name, parameters)
