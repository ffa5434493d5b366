"""What precedes a consignment and is kept beside them: PRO's orders, and the delivery options that were offered.

Each is JSON under a key that no consignment can have. A change is written only if nobody else changed the draft since.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from allocation.consignments.changes import MAX_ATTEMPTS
from allocation.consignments.errors import RequestError
from allocation.domain.frozen import frozen


@frozen
class Draft:
    """An order or an offer of delivery options. `version` counts its changes from 1; `expires_at` is aware UTC."""

    key: str
    content: Mapping[str, Any]
    expires_at: datetime
    version: int = 1


class DraftStore(Protocol):
    """Keeps drafts. Every method raises `RetryableError` on an outage."""

    def find(self, key: str) -> Draft | None:
        """Return a draft, read consistently, or None."""

    def find_all(self, keys: Sequence[str]) -> Mapping[str, Draft]:
        """Return those drafts that there are by their keys, read consistently."""

    def add(self, draft: Draft) -> bool:
        """Keep a new draft. False: its key is taken."""

    def replace(self, draft: Draft, seen: Draft) -> bool:
        """Replace a draft. False: it changed since it was `seen`."""


def change(
    store: DraftStore, read: Callable[[], Draft], decide: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Read a draft, decide on its content and write what was decided, again if another request was faster.

    Returns the content. Raises what `read` and `decide` raise, and `RequestError` after `MAX_ATTEMPTS`.
    """
    for _ in range(MAX_ATTEMPTS):
        seen = read()
        content = decide(seen.content)
        if content == seen.content or store.replace(replace(seen, content=content, version=seen.version + 1), seen):
            return content
    raise RequestError("ConflictException", "Another request is changing it. Try again.", 409)
