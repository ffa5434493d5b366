"""Signing in to the console at an OpenID provider of another origin, and out again, in a browser.

The page, the provider's tokens and what judges them are real. `tests/contract/test_sign_in_at_provider.py` has the
attacks that need no window.
"""

from collections.abc import Iterator

import pytest

from tests.end_to_end.browser import opened_browser
from tests.end_to_end.console_page import ConsolePage
from tests.support.console_server import ConsoleServer, served_console
from tests.support.open_id_provider import Provider, served_provider

BUTTON = "Sign in with your organisation"
# What the API answers to the page's own origin without what the page's script holds.
STATUS = "const [path, done] = arguments; fetch(path).then((reply) => done(reply.status))"


@pytest.fixture(scope="module")
def server() -> Iterator[ConsoleServer]:
    with served_console() as served:
        yield served


@pytest.fixture(scope="module")
def opened(server: ConsoleServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsolePage]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield ConsolePage(browser, server.address)


@pytest.fixture
def page(server: ConsoleServer, opened: ConsolePage) -> Iterator[ConsolePage]:
    """The page before anybody has signed in."""
    opened.open()
    yield opened
    provider = server.provider
    server.user_of = provider.id_tokens().user_of
    for said in (provider.discovered, provider.claimed):
        said.clear()
    opened.complaints()


@pytest.fixture
def provider(server: ConsoleServer) -> Provider:
    return server.provider


def signed_in(page: ConsolePage) -> None:
    page.click(BUTTON)
    page.found(".frame")
    page.until(lambda: len(page.browser.window_handles) == 1)


def test_nothing_of_a_sign_in_is_stored_and_no_cookie_is_ever_set(page: ConsolePage, provider: Provider) -> None:
    signed_in(page)
    page.go("carriers")
    assert page.kept()[:3] == [{}, {}, ""]
    assert page.browser.execute_cdp_cmd("Network.getAllCookies", {}) == {"cookies": []}
    stores = "arguments[0](indexedDB.databases().then(async (all) => [all, await caches.keys()]))"
    assert page.browser.execute_async_script(stores) == [[], []]
    assert not any(token in page.browser.current_url for token in provider.tokens)


def test_signing_out_ends_it_for_the_page_its_history_and_its_origin(page: ConsolePage) -> None:
    signed_in(page)
    page.go("carriers")
    page.click("Sign out")
    page.found("main.sign-in")
    assert page.browser.execute_async_script(STATUS, "api/consignments") == 401
    page.browser.back()
    page.found("main.sign-in")
    assert page.all(".frame") == []


def test_a_token_that_is_no_longer_taken_asks_for_another_sign_in(page: ConsolePage, server: ConsoleServer) -> None:
    signed_in(page)
    server.user_of = lambda _: None
    page.browser.execute_script("location.hash = '#/failures'")
    assert page.shows("Sign in again")
    page.click("Sign out", "dialog")
    page.found("main.sign-in")


@pytest.mark.parametrize("nonce", [None, "of another sign-in"])
def test_a_token_of_another_sign_in_is_not_taken(page: ConsolePage, provider: Provider, nonce: str | None) -> None:
    provider.claimed["nonce"] = nonce
    page.click(BUTTON)
    assert page.shows("The provider's token is of another sign-in.")
    assert page.all(".frame") == []


def test_a_token_that_has_expired_opens_nothing(page: ConsolePage, provider: Provider) -> None:
    provider.claimed["exp"] = 1
    page.click(BUTTON)
    assert page.shows("this console does not accept its token")
    assert page.all(".frame") == []


def test_a_provider_that_is_another_is_not_opened(page: ConsolePage, provider: Provider) -> None:
    before = provider.issued
    provider.discovered["issuer"] = "https://evil.example"
    page.click(BUTTON)
    assert page.shows("document has another issuer")
    assert len(page.browser.window_handles) == 1
    assert provider.issued == before


def test_a_code_is_sent_to_no_other_origin(page: ConsolePage, provider: Provider) -> None:
    """The content security policy stops it, whatever the provider's document says."""
    with served_provider() as other:
        provider.discovered["token_endpoint"] = f"{other.issuer}/token"
        page.click(BUTTON)
        page.until(lambda: any("Content Security Policy" in each for each in page.complaints()))
        assert page.all(".frame") == []
        assert other.redeemed == []
