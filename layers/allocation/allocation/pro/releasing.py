"""What the API does about SortedPRO before and after it records: where that allocates, and where it did so once."""

from collections.abc import Callable, Mapping

from allocation.consignments.changes import Elsewhere
from allocation.consignments.errors import NotReleasedError, UnsettledError
from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import DeferralCause, Deferred
from allocation.domain.record import NamedAtPro
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.ports import Allocator, Deadline
from allocation.pro.settled_first import ADVICE, OpenClaims

_Named = Mapping[ConsignmentReference, NamedAtPro]


@frozen
class SettledAtPro(Elsewhere):
    """For a stack that was switched to the engine: what SortedPRO may have allocated is settled there first."""

    open_claims: OpenClaims

    def require_settled(self, reference: ConsignmentReference) -> None:
        """Raise `UnsettledError` for a consignment that SortedPRO was asked for, without a recorded outcome."""
        if self.open_claims.among((reference,)):
            raise UnsettledError(reference, ADVICE)

    def release(self, reference: ConsignmentReference, named: NamedAtPro | None) -> None:  # noqa: ARG002
        """Raise `UnsettledError` as `require_settled` does: nothing recorded is SortedPRO's."""
        self.require_settled(reference)


@frozen
class Releasing(Elsewhere):
    """Has SortedPRO deallocate and cancel consignments. `deadline` returns that of the request being served."""

    allocator: Allocator
    deadline: Callable[[], Deadline]

    def release(self, reference: ConsignmentReference, named: NamedAtPro | None) -> None:
        """Return when SortedPRO's own state shows no allocation, and nobody can be making one."""
        self._done(self.allocator.release, reference, named, is_cancelled=False)

    def cancel_recorded(self, reference: ConsignmentReference, named: NamedAtPro | None) -> None:
        """Return when what was created there for this stack is cancelled there."""
        self._done(self.allocator.cancel_recorded, reference, named, is_cancelled=True)

    def _done(
        self,
        ask: Callable[[tuple[ConsignmentReference], Deadline, _Named], Mapping[ConsignmentReference, Deferred]],
        reference: ConsignmentReference,
        named: NamedAtPro | None,
        *,
        is_cancelled: bool,
    ) -> None:
        """Return when SortedPRO has done what is asked of it. Raises `NotReleasedError` while that can't be said."""
        try:
            kept = ask((reference,), self.deadline(), {reference: named} if named else {})
        except RetryableError as error:
            logger.warning("consignment not released", extra={"cause": str(error), "consignment": reference})
            cause = DeferralCause.ALLOCATOR_UNAVAILABLE
            raise NotReleasedError(reference, cause, is_cancelled=is_cancelled) from error
        if deferred := kept.get(reference):
            raise NotReleasedError(reference, deferred.cause, deferred.retry_after_seconds, is_cancelled=is_cancelled)
