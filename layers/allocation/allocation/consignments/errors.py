"""Errors that a caller of the allocation API can make, each with the code and HTTP status that PRO's clients read.

An error names every wrong field by its path and never repeats a value, which may be personal data.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from allocation.consignments.allocatable_consignment import PLAIN_TEXT_PATTERN
from allocation.consignments.pro_values import COUNTRY_CODE_PATTERN, CURRENCY_CODE_PATTERN
from allocation.domain.errors import AllocationError
from allocation.domain.frozen import frozen
from allocation.domain.reference import (
    CONSIGNMENT_REFERENCE_ADVICE,
    CONSIGNMENT_REFERENCE_PATTERN,
    SERVICE_REFERENCE_ADVICE,
    SERVICE_REFERENCE_PATTERN,
    ConsignmentReference,
)
from allocation.json_places import path_of

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
_CONFLICT: Final = 409
NOT_IMPLEMENTED: Final = 501
UNAVAILABLE: Final = 503
_MAX_PROBLEMS: Final = 50
_Model = TypeVar("_Model", bound=BaseModel)

# By Pydantic's name of the problem; the braces hold its context.
_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be text",
    "datetime_type": "must be a time such as 2026-11-26T09:00:00Z",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have {max_length} or fewer characters",
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have {max_length} or fewer entries",
}
_FORMS: Final[Mapping[str, str]] = {
    PLAIN_TEXT_PATTERN: "must not have control characters",
    CONSIGNMENT_REFERENCE_PATTERN: f"must be a consignment reference: {CONSIGNMENT_REFERENCE_ADVICE}",
    SERVICE_REFERENCE_PATTERN: f"must be a reference: {SERVICE_REFERENCE_ADVICE}",
    COUNTRY_CODE_PATTERN: "must be a two-letter country code such as GB",
    CURRENCY_CODE_PATTERN: "must be a three-letter currency code such as GBP",
}


@frozen
class Problem:
    """One problem with a request. `target` is the path of the field, such as `Packages[0].Weight`."""

    code: str
    target: str
    message: str


class RequestError(AllocationError):
    """A request that can't be carried out. `code` is stable; the message says what to do."""

    def __init__(self, code: str, message: str, status: int = BAD_REQUEST, problems: Sequence[Problem] = ()) -> None:
        """`status` is the HTTP status to answer; `problems` are the wrong fields, if any."""
        super().__init__(message)
        self.code = code
        self.status = status
        self.problems = tuple(problems)


class UnknownConsignmentError(RequestError):
    """No such consignment exists."""

    def __init__(self, reference: str) -> None:
        """`reference` is the caller's text."""
        super().__init__("ConsignmentNotFoundException", f"Consignment {reference[:64]} was not found.", NOT_FOUND)


class ConsignmentStateError(RequestError):
    """The consignment's state does not allow the action."""

    def __init__(self, reference: ConsignmentReference, state: str, action: str, allowed: Sequence[str]) -> None:
        """`action` is a participle such as `allocated`; `allowed` are the states that allow it."""
        text = f"Consignment {reference} is in the state {state}. It can be {action} only in {' or '.join(allowed)}."
        super().__init__("InvalidConsignmentStateException", text)


class NotReachedError(RequestError):
    """A long request ended before it got to the consignment."""

    def __init__(self, reference: str) -> None:
        """`reference` is the caller's text."""
        text = f"Consignment {reference[:64]} was not reached in the time that a request may take. Send it again."
        super().__init__("RequestTimeoutException", text, UNAVAILABLE)


class UnavailableError(RequestError):
    """A service that the request needs does not answer."""

    def __init__(self) -> None:
        super().__init__(
            "ServiceUnavailableException", "The service is temporarily unavailable. Try again.", UNAVAILABLE
        )


class TooBroadError(RequestError):
    """Too many consignments must be read to answer a search."""

    def __init__(self, text: str) -> None:
        """`text` says how many were read, or found."""
        advice = "Narrow the search by State, Carriers, CarrierService or a time."
        super().__init__("SearchTooBroadException", f"{text} {advice}")


class MissingIndexError(RequestError):
    """A table that this stack adopted was made by an earlier version, without an index that is needed."""

    def __init__(self, table: str, index: str) -> None:
        """`table` and `index` are DynamoDB's names."""
        text = f"Table {table} has no index {index}: add it (docs/teardown.md, Tables of an earlier version)."
        super().__init__("IndexMissingException", text, UNAVAILABLE)


class NotReleasedError(RequestError):
    """SortedPRO, which allocated the consignment, does not confirm yet that it has no carrier service any more."""

    def __init__(
        self, reference: ConsignmentReference, cause: str, seconds: int | None = None, *, is_cancelled: bool = False
    ) -> None:
        """`cause` is why, as a `DeferralCause` names it; `seconds` is how long another try is useless, if known.

        `is_cancelled` says that it has none any more, and that its cancellation is recorded.
        """
        awaited = "is cancelled" if is_cancelled else "has no carrier service any more"
        here = "It is cancelled here" if is_cancelled else "Nothing was recorded here"
        text = (
            f"SortedPRO does not confirm yet that consignment {reference} {awaited} ({cause}). "
            f"{here}. Try again{f' in {seconds} s' if seconds else ''}."
        )
        super().__init__("ConsignmentNotReleasedException", text, _CONFLICT)


class UnsettledError(RequestError):
    """SortedPRO was asked to allocate the consignment, before the engine was to, and nobody knows the outcome."""

    def __init__(self, reference: ConsignmentReference, advice: str) -> None:
        """`advice` says what to do."""
        text = f"SortedPRO was asked for consignment {reference}, and nobody has seen what became of it: {advice}."
        super().__init__("ConsignmentUnsettledException", text, _CONFLICT)


class OutOfReachError(RequestError):
    """Another SortedPRO than this stack calls, or one where this stack calls none, has allocated the consignment."""

    def __init__(self, reference: ConsignmentReference, advice: str) -> None:
        """`advice` says where it was allocated and what to set."""
        text = f"Consignment {reference} {advice}. Nothing was changed."
        super().__init__("AllocatedElsewhereException", text, _CONFLICT)


class LaterRecordError(RequestError):
    """A later version of this software wrote the allocation record, and this version neither reads nor changes it."""

    def __init__(self, reference: ConsignmentReference) -> None:
        """`reference` is the consignment's."""
        text = (
            f"A later version of this service recorded the allocation of consignment {reference}. Nothing was changed. "
            "Try again when that version is deployed again."
        )
        super().__init__("LaterRecordVersionException", text, UNAVAILABLE)


class ChangedMeanwhileError(RequestError):
    """Other requests kept changing the consignment, so this one changed nothing."""

    def __init__(self, reference: ConsignmentReference) -> None:
        """`reference` is the consignment's."""
        text = f"Another request is changing consignment {reference}. Try again."
        super().__init__("ConsignmentConflictException", text, _CONFLICT)


def read_as(kind: type[_Model], data: Any, text: str = "The request has invalid fields: see Details.") -> _Model:
    """Return data as a model. Raises `RequestError` with this text, and with what is wrong with each field."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise RequestError("ValidationException", text, problems=problems_of(error)) from error


def problems_of(error: ValidationError) -> list[Problem]:
    """Return the first problems that Pydantic found, each by the path of its field and without its value."""
    return [
        Problem(details["type"], path_of(details["loc"]), message_of(details))
        for details in error.errors(include_url=False, include_input=False)[:_MAX_PROBLEMS]
    ]


def message_of(details: ErrorDetails) -> str:
    """Return what is wrong with a field without a regular expression or a class name."""
    context = details.get("ctx", {})
    if details["type"] == "string_pattern_mismatch":
        return _FORMS.get(context["pattern"], "has the wrong form")
    message = _MESSAGES.get(details["type"])
    return message.format(**context) if message else details["msg"].removeprefix("Value error, ")
