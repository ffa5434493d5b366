"""What a caller of the allocation API can get wrong, each with the code and the status that PRO's clients look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from allocation.domain.errors import AllocationError
from allocation.domain.reference import ConsignmentReference

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
CONFLICT: Final = 409
UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a request; `target` is the path of the field, as `Packages[0].Weight`."""

    code: str
    target: str
    message: str


class RequestError(AllocationError):
    """A request that can't be carried out as it is. `code` is stable, the message says what to do instead."""

    def __init__(self, code: str, message: str, status: int = BAD_REQUEST, problems: Sequence[Problem] = ()) -> None:
        """`status` is the HTTP status that stands for the error; `problems` name fields, where fields are wrong."""
        super().__init__(message)
        self.code = code
        self.status = status
        self.problems = tuple(problems)


class UnknownConsignmentError(RequestError):
    """There is no such consignment."""

    def __init__(self, reference: str) -> None:
        """`reference` is what the caller named."""
        super().__init__("ConsignmentNotFoundException", f"Consignment {reference[:64]} was not found.", NOT_FOUND)


class ConsignmentStateError(RequestError):
    """The consignment's state does not allow the action."""

    def __init__(self, reference: ConsignmentReference, state: str, action: str, allowed: Sequence[str]) -> None:
        """`action` is a participle, as `allocated`; `allowed` are the states that it can be done in."""
        text = f"Consignment {reference} can't be {action} in the state {state}, only in {' or '.join(allowed)}."
        super().__init__("InvalidConsignmentStateException", text)


class UnavailableError(RequestError):
    """What the request needs does not answer now."""

    def __init__(self) -> None:
        text = "The service can't answer at the moment: try again."
        super().__init__("ServiceUnavailableException", text, UNAVAILABLE)


class ChangedMeanwhileError(RequestError):
    """Others changed the consignment again and again while the request was carried out; nothing was done."""

    def __init__(self, reference: ConsignmentReference) -> None:
        """`reference` is the consignment's."""
        text = f"Consignment {reference} is being changed by another request: try again."
        super().__init__("ConsignmentConflictException", text, CONFLICT)
