"""The console's page: static files that need no key, since they hold no data.

All their links are relative: API Gateway serves them below the name of a stage. They are read when a browser asks for
them: an environment that serves none pays nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from typing_extensions import TypedDict

from allocation.api.routing import AnyCaseResolver, GatewayEvent, Response
from allocation.domain.frozen import frozen
from allocation.exact_json import written

PAGE: Final = Path(__file__).parent.parent / "console" / "page"

_START: Final = "index.html"
# Only texts: API Gateway would need the media type of anything else in its settings.
_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_NOT_FOUND: Final = "There is no such page. The console begins at index.html."
_TEXT: Final = "text/plain; charset=utf-8"
# A file may be kept, but is asked for again: its name stays when its content changes.
_KEPT: Final = "no-cache"


class _PageFile(NamedTuple):
    """A file of the page. `tag` is its entity tag (RFC 9110, 8.8.3), quotes included."""

    text: str
    media_type: str
    tag: str


class OpenIdSettings(TypedDict):
    """The OpenID provider that may sign users in."""

    issuer: str
    clientId: str


class PageSettings(TypedDict):
    """What the page needs to know before anybody has signed in."""

    openId: OpenIdSettings | None
    apiBaseUrl: str
    stack: str


@frozen
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


def add_page(resolver: AnyCaseResolver, page: ConsolePage, base_url: Callable[[], str]) -> None:
    """Add the routes of the page. `base_url` returns the API's address, as the current request knows it."""

    def console(_: GatewayEvent, __: dict[str, str]) -> Response:
        location = {"Location": f"{base_url()}/console/{_START}", "Cache-Control": "no-store"}
        return Response(302, headers={**page.headers(), **location})

    def settings(_: GatewayEvent, __: dict[str, str]) -> Response:
        headers = {**page.headers(), "Cache-Control": "no-store"}
        return Response(200, "application/json; charset=utf-8", written(page.settings(base_url())), headers)

    def file(event: GatewayEvent, path: dict[str, str]) -> Response:
        return _file_reply(page, path["name"], event.headers)

    resolver.add("GET", "/console", console)
    resolver.add("GET", "/console/settings.json", settings)
    resolver.add("GET", "/console/{name}", file)


def _file_reply(page: ConsolePage, name: str, asked: Mapping[str, str]) -> Response:
    found = _page_file(page.folder, name)
    if found is None:
        return Response(404, _TEXT, _NOT_FOUND, headers={**page.headers(), "Cache-Control": "no-store"})
    headers = {**page.headers(), "Cache-Control": _KEPT, "ETag": found.tag}
    if _is_kept(found.tag, asked.get("if-none-match") or ""):
        return Response(304, headers=headers)
    return Response(200, found.media_type, found.text, headers=headers)


@lru_cache(64)
def _page_file(folder: Path, name: str) -> _PageFile | None:
    """Return the file of a name, or None if the page has none: a name that leads elsewhere is no file's name."""
    media_type = _TYPES.get(Path(name).suffix)
    if media_type is None or name not in {each.name for each in folder.glob("*") if each.is_file()}:
        return None
    content = (folder / name).read_bytes()
    return _PageFile(content.decode("utf-8"), media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _is_kept(tag: str, kept: str) -> bool:
    """Return whether a browser that has the entity tags `kept` has this one (RFC 9110, 13.1.2: weak comparison)."""
    return tag in {each.strip().removeprefix("W/") for each in kept.split(",")}
