"""Calls that take a list of references, one after the other, and answer for each."""

from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import TypedDict

from allocation.api.allocation_requests import MAX_REFERENCES
from allocation.api.links import ApiLink
from allocation.api.replies import Reply
from allocation.consignments.errors import RequestError


class WithMessage(TypedDict):
    """What became of one consignment; `Data` is its reference."""

    IsSuccess: bool
    Message: str
    Data: str
    ApiLinks: list[ApiLink] | None


def references_in(data: Any) -> list[str]:
    """The references of a body that is a list of them. Raises `RequestError`."""
    if not isinstance(data, list) or not all(isinstance(item, str) and item for item in data):
        raise RequestError("ValidationException", 'The body has to be a list of references, as ["EC-000-05B-MMA"].')
    if not 1 <= len(data) <= MAX_REFERENCES:
        raise RequestError("ValidationException", f"The body has to name 1 to {MAX_REFERENCES} consignments.")
    return data


def with_messages(references: Sequence[str], act: Callable[[str], None], success: str) -> Reply:
    """Acts on each reference in turn; one that can't be acted on does not hold the others back."""
    return Reply([with_message(reference, act, success) for reference in references], root="WithMessageOfString")


def with_message(reference: str, act: Callable[[str], None], success: str) -> WithMessage:
    """Acts on one reference and tells what became of it."""
    try:
        act(reference)
    except RequestError as error:
        return WithMessage(IsSuccess=False, Message=str(error), Data=reference, ApiLinks=None)
    return WithMessage(IsSuccess=True, Message=success, Data=reference, ApiLinks=None)
