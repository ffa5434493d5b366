"""The use cases that allocate and deallocate consignments on request, one at a time."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from allocation.consignments.allocatable_consignment import ProConsignment
from allocation.consignments.changes import Changes
from allocation.consignments.errors import NotReachedError, RequestError, UnavailableError, read_as
from allocation.consignments.store import Known, ReferenceText
from allocation.domain.consignment import Consignment
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.mode import AllocationMode
from allocation.domain.outcome import AllocationFailed, Deallocated, FailureCode, Outcome
from allocation.domain.state import UserAction
from allocation.observability import logger

_UNKNOWN_SCOPE: Final = frozenset({FailureCode.SERVICE_GROUP_NOT_FOUND, FailureCode.CARRIER_SERVICE_NOT_FOUND})
# Failures of the request itself: nothing was tried, so the consignment keeps its state.
_NOT_TRIED: Final = _UNKNOWN_SCOPE | {FailureCode.CONSIGNMENT_INCOMPLETE}

# Chooses a carrier service for a consignment. Raises `RequestError` where the request itself can't be met.
Choose = Callable[[Consignment], tuple[AllocationMode, Outcome]]


@frozen
class Allocations:
    """Gives consignments a carrier service and takes it back."""

    changes: Changes

    def allocate(self, reference: ReferenceText, choose: Choose, request_id: str) -> Outcome:
        """Allocate one consignment and record the outcome.

        Raises `RequestError` and records nothing where the consignment, group or carrier service is unknown, where the
        consignment lacks data, and where its state does not allow an allocation.
        """

        def decide(seen: Known) -> tuple[AllocationMode, Outcome]:
            seen.require(UserAction.ALLOCATE)
            self.changes.elsewhere.require_settled(seen.reference)
            mode, outcome = choose(allocatable(seen))
            _require_tried(outcome)
            return mode, outcome

        return self.changes.change(reference, request_id, decide)

    def allocate_all(
        self, references: Sequence[ReferenceText], choose: Choose, request_id: str, until: datetime
    ) -> list[tuple[ReferenceText, Outcome | RequestError]]:
        """Allocate the consignments in turn and return each result in its place. None is begun after `until`.

        Raises `RequestError` only for an unknown group or carrier service, which is wrong for every consignment.
        """
        return [(reference, self._attempt(reference, choose, request_id, until)) for reference in references]

    def _attempt(
        self, reference: ReferenceText, choose: Choose, request_id: str, until: datetime
    ) -> Outcome | RequestError:
        if self.changes.now() >= until:
            return NotReachedError(reference)
        try:
            return self.allocate(reference, choose, request_id)
        except RequestError as error:
            if error.code in _UNKNOWN_SCOPE:
                raise
            return error
        except RetryableError as error:
            logger.error("not allocated", extra={"cause": str(error)})
            return UnavailableError()

    def deallocate(self, reference: ReferenceText, request_id: str) -> None:
        """Take the carrier service back. Raises `RequestError` for an unknown consignment or one not allocated."""

        def decide(seen: Known) -> tuple[AllocationMode | None, Deallocated]:
            seen.require(UserAction.DEALLOCATE)
            self.changes.release(seen)
            return seen.mode, Deallocated()

        self.changes.change(reference, request_id, decide)


def allocatable(seen: Known) -> Consignment:
    """Return the consignment as the engine sees it.

    Raises `UnknownConsignmentError` where only its record is known, and `RequestError` for invalid fields.
    """
    text = f"Consignment {seen.reference} has invalid fields: update it. See Details."
    return read_as(ProConsignment, seen.described().content, text).to_domain()


def _require_tried(outcome: Outcome) -> None:
    """Raise `RequestError` for an unknown group or carrier service, and for a consignment that lacks data."""
    if isinstance(outcome, AllocationFailed) and outcome.failure.code in _NOT_TRIED:
        raise RequestError(outcome.failure.code, outcome.failure.message)
