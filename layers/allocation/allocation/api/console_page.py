"""The console's page: static files that need no key, since they hold no data.

All their links are relative: API Gateway serves them below the name of a stage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response
from typing_extensions import TypedDict

from allocation.console.page_files import PAGE, START, page_file
from allocation.exact_json import written

_NOT_FOUND: Final = "There is no such page. The console begins at index.html."
_TEXT: Final = "text/plain; charset=utf-8"
# A file may be kept, but is asked for again: its name stays when its content changes.
_KEPT: Final = "no-cache"


class OpenIdSettings(TypedDict):
    """The OpenID provider that may sign users in."""

    issuer: str
    clientId: str


class PageSettings(TypedDict):
    """What the page needs to know before anybody has signed in."""

    openId: OpenIdSettings | None
    apiBaseUrl: str
    stack: str


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """The page of a stack.

    `open_id` is None where only API keys are accepted. `sign_in_origins` returns the origins, beside its own, that the
    page may call: those of the OpenID provider.
    """

    stack: str
    open_id: OpenIdSettings | None = None
    sign_in_origins: Callable[[], tuple[str, ...]] = tuple
    folder: Path = PAGE

    def settings(self, base_url: str) -> PageSettings:
        """Return the page's settings. `base_url` is the API's address, without a trailing slash."""
        return PageSettings(openId=self.open_id, apiBaseUrl=base_url, stack=self.stack)

    def headers(self) -> dict[str, str]:
        """Return the headers of every file: the page runs its own scripts only, in no frame, and calls nobody else."""
        called = " ".join(("'self'", *self.sign_in_origins()))
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"connect-src {called}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Strict-Transport-Security": "max-age=31536000",
        }


def add_page(resolver: APIGatewayRestResolver, page: ConsolePage, base_url: Callable[[], str]) -> None:
    """Add the routes of the page. `base_url` returns the API's address, as the current request knows it."""

    @resolver.get("/console")
    def console() -> Response[str]:
        location = {"Location": f"{base_url()}/console/{START}", "Cache-Control": "no-store"}
        return Response(302, body="", headers={**page.headers(), **location})

    @resolver.get("/console/settings.json")
    def settings() -> Response[str]:
        headers = {**page.headers(), "Cache-Control": "no-store"}
        return Response(200, "application/json; charset=utf-8", written(page.settings(base_url())), headers=headers)

    @resolver.get("/console/<name>")
    def file(name: str) -> Response[str]:
        return _file_reply(page, name, resolver.current_event.headers)


def _file_reply(page: ConsolePage, name: str, asked: Mapping[str, str]) -> Response[str]:
    found = page_file(page.folder, name)
    if found is None:
        return Response(404, _TEXT, _NOT_FOUND, headers={**page.headers(), "Cache-Control": "no-store"})
    headers = {**page.headers(), "Cache-Control": _KEPT, "ETag": found.tag}
    if _is_kept(found.tag, asked.get("if-none-match") or ""):
        return Response(304, body="", headers=headers)
    return Response(200, found.media_type, found.text, headers=headers)


def _is_kept(tag: str, kept: str) -> bool:
    """Return whether a browser that has the entity tags `kept` has this one (RFC 9110, 13.1.2: weak comparison)."""
    return tag in {each.strip().removeprefix("W/") for each in kept.split(",")}
