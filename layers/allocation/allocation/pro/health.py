"""What the answers of a batch say about SortedPRO's health, for the circuits."""

from collections.abc import Callable, Mapping
from typing import Final

from allocation.domain.outcome import DeferralCause, Deferred
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger
from allocation.pro.ports import (
    Circuit,
    CircuitOpenError,
    CircuitStateError,
    CredentialsError,
    NothingTriedError,
    OutageError,
)

# Causes of no outcome that say nothing about PRO's health.
_SAY_NOTHING: Final = frozenset(
    {
        DeferralCause.OUT_OF_TIME,
        DeferralCause.STATE_FORBIDDEN,
        DeferralCause.ALLOCATOR_CRASHED,
        DeferralCause.UNDER_WAY,
        DeferralCause.REPLY_UNREADABLE,
    }
)
# Causes that are a reply of PRO's own: it works, and takes its time, asks for fewer calls or refuses our set-up.
_SHOW_THAT_PRO_WORKS: Final = frozenset(
    {
        DeferralCause.ALLOCATING,
        DeferralCause.THROTTLED,
        DeferralCause.NOT_FOUND_YET,
        DeferralCause.MISCONFIGURED,
    }
)


def run_guarded(circuit: Circuit, work: Callable[[], None]) -> Deferred:
    """Run `work` unless a circuit is open. Return the answer for whatever it leaves without one.

    `work` tells PRO's health as `raise_trouble` does. Another `RetryableError` passes through.
    """
    try:
        circuit.run(work)
    except CircuitOpenError as error:
        return Deferred(error.cause, error.retry_after_seconds)
    except (OutageError, CredentialsError, NothingTriedError, CircuitStateError) as error:
        logger.warning("PRO is not healthy", extra={"error": type(error).__name__, "cause": str(error)})
    return Deferred(DeferralCause.OUTAGE)


def raise_trouble(answers: Mapping[ConsignmentReference, object]) -> None:
    """Raise what tells the circuit how healthy PRO is, by the `Deferred` of a batch and its other answers.

    One reply of PRO's own in a batch shows that it works.
    """
    causes = {answer.cause for answer in answers.values() if isinstance(answer, Deferred)}
    if any(not isinstance(answer, Deferred) for answer in answers.values()):
        return
    if DeferralCause.CREDENTIALS in causes:
        raise CredentialsError("PRO rejected the subscription key, or there is none")
    if causes & _SHOW_THAT_PRO_WORKS:
        return
    if causes <= _SAY_NOTHING:
        raise NothingTriedError(f"PRO's health is unknown: {', '.join(sorted(causes)) or 'there was nothing to ask'}")
    raise OutageError(f"PRO answered for no consignment of {len(answers)}: {', '.join(sorted(causes))}")
