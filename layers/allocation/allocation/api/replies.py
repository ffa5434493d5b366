"""Replies of operations before they are written, their links and errors, and whether to write JSON or XML."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from typing_extensions import TypedDict

from allocation.consignments.errors import NotReachedError, Problem, RequestError
from allocation.domain.frozen import frozen

# How long a bulk call begins with further consignments: API Gateway waits for 29 s, and the last may take some.
MAX_DURATION: Final = timedelta(seconds=18)
JSON: Final = "application/json"
_XML_TYPES: Final = ("application/xml", "text/xml")


@frozen
class Reply:
    """A reply. `data` is plain data with PRO's names, None for no body.

    `root` is the name of the XML root element; for a list, the name of the elements in it.
    """

    data: Any = None
    status: int = 200
    root: str = ""


class ApiLinkView(TypedDict):
    """A link to another resource of the API."""

    Rel: str
    Href: str


def consignment_link(base_url: str, reference: str) -> ApiLinkView:
    """Return the link to a consignment. `base_url` has no trailing slash."""
    return ApiLinkView(Rel="Link", Href=f"{base_url}/consignments/{reference}")


class ErrorDetail(TypedDict):
    """One problem with the request. `Target` is the path of the field."""

    Code: str
    Target: str
    Message: str


class ApiError(TypedDict):
    """PRO's error. `CorrelationId` is the request's id in the logs."""

    Code: str
    Message: str
    CorrelationId: str
    Details: list[ErrorDetail]


def error_reply(error: RequestError, request_id: str) -> Reply:
    """Return the reply to a request that can't be carried out."""
    return Reply(api_error(error.code, str(error), request_id, error.problems), error.status, "ApiError")


def api_error(code: str, message: str, request_id: str, problems: Sequence[Problem] = ()) -> ApiError:
    """Return PRO's error object."""
    details = [ErrorDetail(Code=item.code, Target=item.target, Message=item.message) for item in problems]
    return ApiError(Code=code, Message=message, CorrelationId=request_id, Details=details)


class WithMessage(TypedDict):
    """The result for one consignment of a list. `Data` is its reference."""

    IsSuccess: bool
    Message: str
    Data: str
    ApiLinks: list[ApiLinkView] | None


def with_messages(
    references: Sequence[str], act: Callable[[str], None], success: str, now: Callable[[], datetime]
) -> Reply:
    """Act on each reference in turn and report each result; a failure does not stop the others.

    None is begun after `MAX_DURATION`.
    """
    until = now() + MAX_DURATION

    def act_in_time(reference: str) -> None:
        if now() >= until:
            raise NotReachedError(reference)
        act(reference)

    results = [_with_message(reference, act_in_time, success) for reference in references]
    return Reply(results, root="WithMessageOfString")


def _with_message(reference: str, act: Callable[[str], None], success: str) -> WithMessage:
    try:
        act(reference)
    except RequestError as error:
        return WithMessage(IsSuccess=False, Message=str(error), Data=reference, ApiLinks=None)
    return WithMessage(IsSuccess=True, Message=success, Data=reference, ApiLinks=None)


def reply_type(accept: str | None) -> str:
    """Return the media type to reply with (RFC 9110, 12.5.1): XML where it is preferred to JSON, else JSON.

    >>> reply_type("text/xml"), reply_type("application/xml;q=0.4, application/json"), reply_type(None)
    ('text/xml', 'application/json', 'application/json')
    """
    qualities = dict(map(_quality, (accept or "").split(",")))
    of_json = max(qualities.get(JSON, 0.0), qualities.get("application/*", 0.0), qualities.get("*/*", 0.0))
    best = max(_XML_TYPES, key=lambda name: qualities.get(name, 0.0))
    return best if qualities.get(best, 0.0) > of_json else JSON


def _quality(media_range: str) -> tuple[str, float]:
    """Return a media range's name and weight; an unreadable weight is 0."""
    name, *parameters = (part.strip().lower() for part in media_range.split(";"))
    weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
    try:
        return name, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return name, 0.0
