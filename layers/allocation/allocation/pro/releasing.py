"""Releases at SortedPRO what it has allocated, for the API: deallocated there first, and only then recorded here."""

from collections.abc import Callable
from dataclasses import dataclass

from allocation.consignments.errors import NotReleasedError
from allocation.domain.errors import RetryableError
from allocation.domain.outcome import DeferralCause
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Allocator, Deadline


@dataclass(frozen=True, slots=True)
class Releasing:
    """Has SortedPRO deallocate consignments. `deadline` returns that of the request being served."""

    allocator: Allocator
    deadline: Callable[[], Deadline]

    def release(self, reference: ConsignmentReference) -> None:
        """Return when SortedPRO's own state shows no allocation, and nobody can be making one.

        Raises `NotReleasedError` while that can't be said.
        """
        try:
            kept = self.allocator.release((reference,), self.deadline())
        except RetryableError as error:
            logger.warning("consignment not released", extra={"cause": str(error), "consignment": reference})
            raise NotReleasedError(reference, DeferralCause.ALLOCATOR_UNAVAILABLE) from error
        if deferred := kept.get(reference):
            raise NotReleasedError(reference, deferred.cause, deferred.retry_after_seconds)
