"""What an operation answers, before it is written as JSON or XML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from typing_extensions import TypedDict

from allocation.consignments.errors import Problem, RequestError


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `data` is plain data with PRO's names, None for no body at all."""

    data: Any = None
    status: int = 200
    root: str = ""
    """The name of the XML document's root element; for a list, of the element in it."""


class ErrorDetail(TypedDict):
    """One thing that is wrong; `Target` is the path of the field."""

    Code: str
    Target: str
    Message: str


class ApiError(TypedDict):
    """PRO's error. `CorrelationId` is the request's id, as it stands in the logs."""

    Code: str
    Message: str
    CorrelationId: str
    Details: list[ErrorDetail]


def error_reply(error: RequestError, request_id: str) -> Reply:
    """The reply to a request that can't be carried out."""
    return Reply(api_error(error.code, str(error), request_id, error.problems), error.status, "ApiError")


def api_error(code: str, message: str, request_id: str, problems: Sequence[Problem] = ()) -> ApiError:
    """PRO's error object."""
    details = [ErrorDetail(Code=item.code, Target=item.target, Message=item.message) for item in problems]
    return ApiError(Code=code, Message=message, CorrelationId=request_id, Details=details)
