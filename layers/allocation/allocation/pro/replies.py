"""Reads SortedPRO's allocation replies and errors (`pro-api.md`), whatever bytes come.

Nothing here raises but `UnreadableReplyError`, and what can't be read is left out rather than guessed at.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal
from pydantic_core import from_json

from allocation.domain.errors import RetryableError
from allocation.domain.outcome import Failure
from allocation.domain.summary import AllocationSummary

ALLOCATION_REFUSED: Final = "AllocationRefused"
"""Failure code of an item that PRO refused without naming a code."""
MAX_SUMMARY_CHARACTERS: Final = 100_000
"""A larger summary could not be kept and published; a reasonable one has about a thousand."""
MAX_ITEMS: Final = 200
"""More summaries than any call here asks for; each one that can't be read takes its time."""
MAX_PARTS: Final = 100
"""Details of one error, or legs of one consignment."""
MAX_MESSAGE_CHARACTERS: Final = 1_000


class UnreadableReplyError(RetryableError):
    """A reply is not what PRO documents: cut short, not JSON, HTML, or of another shape."""


@dataclass(frozen=True, slots=True)
class Item:
    """What an allocation endpoint answered for one consignment. `failure` says why, where it is not allocated."""

    reference: str
    status: int
    summary: AllocationSummary | None
    failure: Failure


def read_items(body: bytes) -> dict[str, Item]:
    """The items of an allocation reply by reference: an array, or one object where an old client expects that.

    Left out are items that name no consignment or can't be read, and references that two items answer differently
    for. Raises `UnreadableReplyError` unless the body is JSON of either shape.
    """
    document = _read_json(body)
    candidates = document if isinstance(document, list) else [document]
    if len(candidates) > MAX_ITEMS or not all(isinstance(candidate, dict) for candidate in candidates):
        raise UnreadableReplyError("the reply is neither a list of summaries nor one summary")
    items: dict[str, Item] = {}
    contradicted: set[str] = set()
    for item in _readable_items(candidates):
        if items.setdefault(item.reference, item) != item:
            contradicted.add(item.reference)
    return {reference: item for reference, item in items.items() if reference not in contradicted}


def _readable_items(candidates: list[Any]) -> Iterator[Item]:
    for candidate in candidates:
        try:
            # Also refuses numbers that no JSON can hold, as 1e999.
            if len(json.dumps(candidate, allow_nan=False)) <= MAX_SUMMARY_CHARACTERS:
                yield _message_item(candidate) if "IsSuccess" in candidate else _summary_item(candidate)
        except ValueError:
            continue


def _summary_item(candidate: dict[str, Any]) -> Item:
    summary = AllocationSummary.model_validate(candidate)
    failure = _failure(candidate.get("Code"), summary.description)
    return Item(_reference_in(summary), summary.status_code, summary, failure)


def _message_item(candidate: dict[str, Any]) -> Item:
    """The item of the 2016 API, `WithMessage`: it never tells the carrier service, so it holds no summary."""
    message = _WithMessage.model_validate(candidate)
    return Item(message.data, 202 if message.is_success else 400, None, _failure(None, message.message))


def _reference_in(summary: AllocationSummary) -> str:
    """The last path segment of the `detail` link. Raises `ValueError` where there is none."""
    for link in summary.api_links:
        if link.rel.lower() == "detail":
            path = link.href.partition("?")[0].partition("#")[0]
            return unquote(path.rstrip("/").rpartition("/")[2])
    raise ValueError("the summary has no detail link")


class ReplyPart(BaseModel):
    """A part of a reply, of which only what is used here is read."""

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
    # A list stops at its maximum; a tuple would collect the errors of all that comes after it.
    details: list[_ErrorDetail] | None = Field(None, max_length=MAX_PARTS)


def read_error(body: bytes) -> Failure | None:
    """The error in a reply; None where the body holds none, as a gateway's own page."""
    try:
        error = _ApiError.model_validate_json(body)
    except ValidationError:
        return None
    details = [detail.message for detail in error.details or () if detail.message]
    return _failure(error.code, " ".join([error.message or "", *details]).strip())


def _failure(code: object, message: str | None) -> Failure:
    known = code if isinstance(code, str) and code else ALLOCATION_REFUSED
    return Failure(known[:MAX_MESSAGE_CHARACTERS], (message or "PRO gave no reason")[:MAX_MESSAGE_CHARACTERS])


def _read_json(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableReplyError("the reply is not JSON") from error
