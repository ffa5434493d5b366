"""The files of the console's page, read when a browser asks for them: an environment that serves none pays nothing."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

# Only texts: API Gateway would need the media type of anything else in its settings.
_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
PAGE: Final = Path(__file__).parent / "page"
START: Final = "index.html"


class _PageFile(NamedTuple):
    """A file of the page. `tag` is its entity tag (RFC 9110, 8.8.3), quotes included."""

    text: str
    media_type: str
    tag: str


@lru_cache(64)
def page_file(folder: Path, name: str) -> _PageFile | None:
    """Return the file of a name, or None if the page has none: a name that leads elsewhere is no file's name."""
    media_type = _TYPES.get(Path(name).suffix)
    if media_type is None or name not in {each.name for each in folder.glob("*") if each.is_file()}:
        return None
    content = (folder / name).read_bytes()
    return _PageFile(content.decode("utf-8"), media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
