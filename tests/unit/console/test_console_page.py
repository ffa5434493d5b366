"""The files of the console as a browser gets them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from allocation.api.console_page import ConsolePage, OpenIdSettings, add_page
from allocation.api.routing import AnyCaseResolver
from tests.support.allocation_api import proxy_event

BASE_URL = "https://api.example.com/live"
OPEN_ID = OpenIdSettings(issuer="https://login.example.com/pool", clientId="console")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html>£", "utf-8")
    (page / "app.js").write_text("export {};", "utf-8")
    (page / "notes.txt").write_text("not of a kind that is served", "utf-8")
    (tmp_path / "secret.js").write_text("never served", "utf-8")
    return page


def get(page: ConsolePage, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    resolver = AnyCaseResolver("")
    add_page(resolver, page, lambda: BASE_URL)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    event = proxy_event("GET", path, None, named, "request-1", "live")
    reply: Any = resolver.resolve(event, SimpleNamespace())
    return reply["statusCode"], {k: v[0] for k, v in reply["multiValueHeaders"].items()}, reply["body"]


def test_the_console_s_address_leads_to_its_first_file_below_the_stage(folder: Path) -> None:
    status, headers, _ = get(ConsolePage("shop", folder=folder), "/console")
    assert (status, headers["Location"]) == (302, f"{BASE_URL}/console/index.html")


def test_a_file_is_served_with_its_type_and_asked_for_again_each_time(folder: Path) -> None:
    page = ConsolePage("shop", folder=folder)
    status, headers, body = get(page, "/console/index.html")
    assert (status, body) == (200, "<!doctype html>£")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-cache"
    assert get(page, "/console/app.js")[1]["Content-Type"] == "text/javascript; charset=utf-8"


def test_a_browser_that_has_a_file_is_not_sent_it_again(folder: Path) -> None:
    page = ConsolePage("shop", folder=folder)
    tag = get(page, "/console/app.js")[1]["ETag"]
    for kept in (tag, f"W/{tag}", f'"older", {tag}'):
        assert get(page, "/console/app.js", If_None_Match=kept)[::2] == (304, "")
    assert get(page, "/console/app.js", If_None_Match='"older"')[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/console/missing.js",
        "/console/notes.txt",
        "/console/..",
        "/console/..%2fsecret.js",
        "/console/../secret.js",
        "/console/%2e%2e%2fsecret.js",
        "/console/page/index.html",
        "/console/" + "a" * 5_000 + ".js",
        "/console/\x00.js",
    ],
)
def test_nothing_but_a_file_of_the_page_is_served(folder: Path, path: str) -> None:
    status, _, body = get(ConsolePage("shop", folder=folder), path)
    assert status == 404
    assert "never served" not in body


def test_the_page_may_run_only_its_own_scripts_and_call_only_its_own_stack(folder: Path) -> None:
    policy = get(ConsolePage("shop", folder=folder), "/console/index.html")[1]["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_the_page_may_also_call_those_who_sign_its_users_in(folder: Path) -> None:
    page = ConsolePage("shop", OPEN_ID, lambda: ("https://login.example.com",), folder)
    for path in ("/console", "/console/index.html", "/console/settings.json", "/console/missing.js"):
        headers = get(page, path)[1]
        assert "connect-src 'self' https://login.example.com;" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_learns_its_stack_and_how_to_sign_in(folder: Path) -> None:
    status, headers, body = get(ConsolePage("shop", OPEN_ID, folder=folder), "/console/settings.json")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert json.loads(body) == {"openId": dict(OPEN_ID), "apiBaseUrl": BASE_URL, "stack": "shop"}
    without = json.loads(get(ConsolePage("shop", folder=folder), "/console/settings.json")[2])
    assert without["openId"] is None


def test_the_page_of_the_package_holds_only_files_that_are_served() -> None:
    page = ConsolePage("shop")
    for file in page.folder.glob("*"):
        assert get(page, f"/console/{file.name}")[0] == 200, file.name
