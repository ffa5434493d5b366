"""Allocates and deallocates consignments on request, one by one, each by a write upon the state it was decided on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from allocation.consignments.allocatable import Consignment as ConsignmentDocument
from allocation.consignments.changes import Changes, ReferenceText, described, mode_of, require_state
from allocation.consignments.errors import RequestError, UnavailableError
from allocation.consignments.intake import problems_of
from allocation.consignments.store import ALLOCATED, ALLOCATION_FAILED, UNALLOCATED, Known
from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import (
    CARRIER_SERVICE_NOT_FOUND,
    CONSIGNMENT_INCOMPLETE,
    SERVICE_GROUP_NOT_FOUND,
    AllocationFailed,
    Deallocated,
    Outcome,
)
from allocation.observability import logger

ALLOCATABLE: Final = (UNALLOCATED, ALLOCATION_FAILED)
DEALLOCATABLE: Final = (ALLOCATED,)
UNKNOWN_SCOPE: Final = frozenset({SERVICE_GROUP_NOT_FOUND, CARRIER_SERVICE_NOT_FOUND})
NOT_TRIED: Final = UNKNOWN_SCOPE | {CONSIGNMENT_INCOMPLETE}
"""Failures that say that the request can't be met at all: the consignment stays in the state it is in."""

Choose = Callable[[Consignment], tuple[AllocationMode, Outcome]]
"""Chooses a carrier service for a consignment; raises `RequestError` where the request itself can't be met."""


@dataclass(frozen=True, slots=True)
class Allocations:
    """The use cases that give a consignment a carrier service and take it back."""

    changes: Changes

    def allocate(self, reference: ReferenceText, choose: Choose, request_id: str) -> Outcome:
        """Allocates one consignment and records the outcome.

        Raises `RequestError` for a consignment, a group or a service that is unknown, for a consignment that lacks
        what is needed and for a state that does not allow it; nothing is recorded then.
        """

        def decide(seen: Known) -> tuple[AllocationMode, Outcome]:
            require_state(seen, "allocated", ALLOCATABLE)
            mode, outcome = choose(consignment_of(seen))
            refuse_what_was_not_tried(outcome)
            return mode, outcome

        return self.changes.change(reference, request_id, decide)

    def allocate_all(
        self, references: Sequence[ReferenceText], choose: Choose, request_id: str
    ) -> list[tuple[ReferenceText, Outcome | RequestError]]:
        """Allocates the consignments in turn; what is wrong with one does not hold the others back.

        Raises `RequestError` where the group or the service is unknown: that is wrong for all of them.
        """
        return [(reference, self._attempt(reference, choose, request_id)) for reference in references]

    def _attempt(self, reference: ReferenceText, choose: Choose, request_id: str) -> Outcome | RequestError:
        try:
            return self.allocate(reference, choose, request_id)
        except RequestError as error:
            if error.code in UNKNOWN_SCOPE:
                raise
            return error
        except RetryableError as error:
            logger.error("not allocated", extra={"cause": str(error)})
            return UnavailableError()

    def deallocate(self, reference: ReferenceText, request_id: str) -> None:
        """Takes the carrier service back. Raises `RequestError` for an unknown consignment or one not allocated."""

        def decide(seen: Known) -> tuple[AllocationMode | None, Deallocated]:
            require_state(seen, "deallocated", DEALLOCATABLE)
            return mode_of(seen.record), Deallocated()

        self.changes.change(reference, request_id, decide)


def consignment_of(seen: Known) -> Consignment:
    """The consignment as the engine sees it.

    Raises `UnknownConsignmentError` where only its record is known, and `RequestError` for one that can't be read.
    """
    try:
        return ConsignmentDocument.model_validate(described(seen).document).to_domain()
    except ValidationError as error:
        text = f"Consignment {seen.reference} can't be used: update it."
        raise RequestError("ValidationException", text, problems=problems_of(error)) from error


def refuse_what_was_not_tried(outcome: Outcome) -> None:
    """Raises `RequestError` for a group or service that does not exist and for a consignment that lacks something."""
    if isinstance(outcome, AllocationFailed) and outcome.failure.code in NOT_TRIED:
        raise RequestError(outcome.failure.code, outcome.failure.message)
