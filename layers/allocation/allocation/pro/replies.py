"""Reading what SortedPRO answers (`pro-api.md`): allocation replies, errors, and how long it asks us to wait.

Whatever bytes arrive, nothing here raises anything but `UnreadableReplyError`. What can't be read is left out, never
guessed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any, Final
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import from_json

from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import Failure, FailureCode
from allocation.domain.summary import AllocationSummary

# A longer `Retry-After` is cut to this: a server that asks for days is more often wrong than down for days.
MAX_RETRY_AFTER_SECONDS: Final = 900
# A larger summary could not be kept and published; an ordinary one has about a thousand.
MAX_SUMMARY_CHARACTERS: Final = 100_000
# More summaries than any call here asks for. Each one that can't be read takes time.
MAX_ITEMS: Final = 200
# Details of one error, or legs of one consignment.
MAX_PARTS: Final = 100
MAX_MESSAGE_CHARACTERS: Final = 1_000


class UnreadableReplyError(RetryableError):
    """A reply is not what PRO documents: cut short, not JSON, HTML, or of another shape.

    The message says what it is instead, in words that go on from "PRO's reply".
    """


@frozen
class ReplyItem:
    """What an allocation endpoint answered for one consignment. `failure` is the reason if it is not allocated."""

    reference: str
    status: int
    summary: AllocationSummary | None
    failure: Failure


def retry_after_seconds(header: str | None, now: datetime) -> int | None:
    """Return how long a `Retry-After` header (RFC 9110, 10.2.3) asks to wait from `now` (aware), in whole seconds.

    The result is at most `MAX_RETRY_AFTER_SECONDS`, and None without a readable header.

    >>> retry_after_seconds("120", datetime(2026, 1, 1, tzinfo=UTC))
    120
    >>> retry_after_seconds("Thu, 01 Jan 2026 00:00:30 GMT", datetime(2026, 1, 1, tzinfo=UTC))
    30
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(text[:64])
        seconds = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(ceil(seconds.total_seconds()), 0), MAX_RETRY_AFTER_SECONDS)


def read_items(body: bytes) -> dict[str, ReplyItem]:
    """Return the items of an allocation reply by reference. The body is an array, or one object (older API).

    Items that name no consignment or can't be read are left out, and so are references for which two items differ.
    Raises `UnreadableReplyError` unless the body is JSON of either shape, with an item of the documented fields.
    """
    document = _read_json(body)
    candidates = document if isinstance(document, list) else [document]
    if len(candidates) > MAX_ITEMS or not all(isinstance(candidate, dict) for candidate in candidates):
        raise UnreadableReplyError("is neither a list of Allocation Summaries nor one")
    items: dict[str, ReplyItem] = {}
    contradicted: set[str] = set()
    for item in _readable_items(candidates):
        if items.setdefault(item.reference, item) != item:
            contradicted.add(item.reference)
    if candidates and not items and not any(candidate.keys() & _KNOWN_NAMES for candidate in candidates):
        raise UnreadableReplyError(other_shape(candidates[0], "no Allocation Summary"))
    return {reference: item for reference, item in items.items() if reference not in contradicted}


def other_shape(document: dict[str, Any], otherwise: str) -> str:
    """Return what an object with none of the documented fields is: PRO's names in another case, or something else."""
    other_case = next((name for name in document if name and to_pascal(name) != name), None)
    shown = other_case if other_case and other_case.isidentifier() else None
    return f"has field names in another case, such as {shown[:64]}" if shown else f"is JSON, and {otherwise}"


def _readable_items(candidates: list[Any]) -> Iterator[ReplyItem]:
    for candidate in candidates:
        try:
            # `allow_nan=False` also refuses numbers that no JSON can hold, as 1e999.
            if len(json.dumps(candidate, allow_nan=False)) <= MAX_SUMMARY_CHARACTERS:
                yield _message_item(candidate) if "IsSuccess" in candidate else _summary_item(candidate)
        except ValueError:
            continue


def _summary_item(candidate: dict[str, Any]) -> ReplyItem:
    summary = AllocationSummary.model_validate(candidate)
    failure = _failure(candidate.get("Code"), summary.description)
    return ReplyItem(_reference_in(summary), summary.status_code, summary, failure)


def _message_item(candidate: dict[str, Any]) -> ReplyItem:
    """Return the item of the 2016 API, `WithMessage`. It never names the carrier service, so it has no summary."""
    message = _WithMessage.model_validate(candidate)
    return ReplyItem(message.data, 202 if message.is_success else 400, None, _failure(None, message.message))


def _reference_in(summary: AllocationSummary) -> str:
    """Return the last path segment of the `detail` link. Raises `ValueError` if there is none."""
    for link in summary.api_links:
        if link.rel.lower() == "detail":
            path = link.href.partition("?")[0].partition("#")[0]
            return unquote(path.rstrip("/").rpartition("/")[2])
    raise ValueError("the summary has no detail link")


# The fields by which an item is known.
_KNOWN_NAMES: Final = frozenset(
    {"IsSuccess", *(field.alias for field in AllocationSummary.model_fields.values() if field.alias)}
)


class ReplyPart(BaseModel):
    """A part of a reply. Only the fields that are used here are read."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)


class _WithMessage(ReplyPart):
    is_success: bool
    message: str | None = None
    data: str


class _ErrorDetail(ReplyPart):
    code: str | None = None
    target: str | None = None
    message: str | None = None


class _ApiError(ReplyPart):
    code: str = Field(min_length=1)
    message: str | None = None
    # A list stops at its maximum; a tuple would collect the errors of everything that follows.
    details: list[_ErrorDetail] | None = Field(None, max_length=MAX_PARTS)


def read_error(body: bytes) -> Failure | None:
    """Return the error in a reply, or None if PRO wrote none, as in a gateway's own page."""
    try:
        error = _ApiError.model_validate_json(body)
    except ValidationError:
        return None
    details = [detail.message for detail in error.details or () if detail.message]
    return _failure(error.code, " ".join([error.message or "", *details]).strip())


def _failure(code: object, message: str | None) -> Failure:
    known = code if isinstance(code, str) and code else FailureCode.ALLOCATION_REFUSED
    return Failure(known[:MAX_MESSAGE_CHARACTERS], (message or "PRO gave no reason")[:MAX_MESSAGE_CHARACTERS])


def _read_json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableReplyError(_not_json(body)) from error


def _not_json(body: bytes) -> str:
    """Return what a body that is not JSON is."""
    if not body.strip():
        return "is empty"
    return "is HTML or XML" if body.lstrip().startswith(b"<") else "is not JSON"


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object in a reply. Raises `UnreadableReplyError`."""
    document = _read_json(body)
    if not isinstance(document, dict):
        raise UnreadableReplyError("is JSON, and no object")
    return document
