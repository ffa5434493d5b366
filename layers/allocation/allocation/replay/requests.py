"""What a replay of a stack's records is asked, as JSON beside its parts."""

import json
from datetime import datetime
from typing import Any

from allocation.domain.errors import AllocationError, InvalidReferenceError, UnknownModeError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode, allocation_mode


class InvalidRequestError(AllocationError):
    """A request of a replay can't be read. The message says what to write."""


@frozen
class ReplayRequest:
    """A replay of the consignments that were decided at `since` (aware) or later.

    `before` and `after` are the keys of the compiled catalogues. A mode is used for all consignments, unless it is
    None. `stack_mode` is the stack's own, for consignments that a routing table routed.
    """

    since: datetime
    before: str
    after: str
    mode_before: AllocationMode | None
    mode_after: AllocationMode | None
    stack_mode: AllocationMode


def request_text(request: ReplayRequest) -> str:
    """Return a request as JSON text."""
    return json.dumps(
        {
            "since": request.since.isoformat(),
            "from": {"catalogue": request.before, "mode": _mode(request.mode_before)},
            "to": {"catalogue": request.after, "mode": _mode(request.mode_after)},
            "stackMode": _mode(request.stack_mode),
        },
        indent=2,
    )


def read_request(text: str) -> ReplayRequest:
    """Return the request of a JSON text. Raises `InvalidRequestError`."""
    try:
        content = json.loads(text)
        before, after = content["from"], content["to"]
        request = ReplayRequest(
            datetime.fromisoformat(content["since"]),
            str(before["catalogue"]),
            str(after["catalogue"]),
            _read_mode(before["mode"]),
            _read_mode(after["mode"]),
            _known_mode(content["stackMode"]),
        )
    except (LookupError, TypeError, ValueError, InvalidReferenceError, UnknownModeError) as error:
        text = f"the replay's request can't be read ({error}): docs/replay.md has an example"
        raise InvalidRequestError(text) from error
    if request.since.tzinfo is None:
        raise InvalidRequestError("since has no UTC offset in the replay's request: write 2026-12-01T00:00:00Z")
    return request


def _mode(mode: AllocationMode | None) -> dict[str, str | None] | None:
    return None if mode is None else {"name": mode.name.value, "reference": mode.reference}


def _read_mode(found: Any) -> AllocationMode | None:
    return None if found is None else _known_mode(found)


def _known_mode(found: Any) -> AllocationMode:
    return allocation_mode(found["name"], found["reference"])
