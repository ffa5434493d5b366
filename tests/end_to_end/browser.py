"""A browser without a window for tests of pages: Debian's Chromium, driven through WebDriver."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PROGRAMS = ("chromium", "chromedriver")
REQUIRED = "REQUIRE_BROWSER"
"""Set where the programs have to be there, as in CI; elsewhere tests that need them are left out."""
FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium has none where root runs it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1200",
)


def _programs() -> list[str]:
    """The browser and its driver. Leaves the test out where they are not installed and not required."""
    found = [shutil.which(name) for name in PROGRAMS]
    if all(found):
        return [path for path in found if path]
    text = "needs Chromium and its driver (Debian: apt-get install chromium chromium-driver)"
    if os.environ.get(REQUIRED):
        pytest.fail(text)
    pytest.skip(text)


@contextmanager
def opened_browser(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser that keeps what it keeps in an empty folder."""
    browser, driver = _programs()
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    with webdriver.Chrome(options, Service(driver)) as chrome:
        yield chrome
