"""Releases at SortedPRO what it has allocated, for the API: deallocated there first, and only then recorded here."""

from collections.abc import Callable

from allocation.consignments.errors import NotReleasedError
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import DeferralCause
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Allocator, Deadline


@frozen
class Releasing:
    """Has SortedPRO deallocate or cancel consignments. `deadline` returns that of the request being served."""

    allocator: Allocator
    deadline: Callable[[], Deadline]

    def release(
        self, reference: ConsignmentReference, named: ConsignmentReference | None, /, *, for_good: bool
    ) -> None:
        """Return when SortedPRO's own state shows no allocation, and nobody can be making one.

        `named` is SortedPRO's own reference, where the record names it. What was created there for this stack is
        cancelled there, too, where that is `for_good`. Raises `NotReleasedError` while that can't be said.
        """
        try:
            release = self.allocator.cancel if for_good else self.allocator.release
            kept = release((reference,), self.deadline(), {reference: named} if named else {})
        except RetryableError as error:
            logger.warning("consignment not released", extra={"cause": str(error), "consignment": reference})
            raise NotReleasedError(reference, DeferralCause.ALLOCATOR_UNAVAILABLE) from error
        if deferred := kept.get(reference):
            raise NotReleasedError(reference, deferred.cause, deferred.retry_after_seconds)
