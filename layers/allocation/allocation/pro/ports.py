"""What the allocator over SortedPRO needs of others: claims, the circuit, and errors that say how healthy PRO is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from allocation.domain.errors import RetryableError
from allocation.domain.outcome import DeferralCause
from allocation.domain.reference import ConsignmentReference

OpenCause = Literal[DeferralCause.OUTAGE, DeferralCause.CREDENTIALS]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The result of claiming. A consignment in neither set is claimed, and nobody has ever asked PRO for it."""

    # Claimed now; an earlier caller asked PRO for these, and has ended.
    asked_before: frozenset[ConsignmentReference] = frozenset()
    # Not claimed: another caller may be asking PRO for these, for up to so many seconds.
    held: Mapping[ConsignmentReference, int] = field(default_factory=dict)
    # When the new claims end, in milliseconds since 1970 UTC.
    until: int = 0
    # Those of `held` that nobody asks for any more, but that PRO has accepted: its state may be read meanwhile.
    accepted: frozenset[ConsignmentReference] = frozenset()


class Claims(Protocol):
    """Remembers which consignments PRO was asked for."""

    def take(self, references: Sequence[ConsignmentReference], seconds: float) -> Claimed:
        """Claim the consignments for so many seconds. Raises `RetryableError`."""

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that somebody has claimed, now or before. Raises `RetryableError`."""

    def give_back(
        self, references: Sequence[ConsignmentReference], until: int, seconds: float, *, accepted: bool = False
    ) -> None:
        """Let others ask in so many seconds, where the claims are those that end at `until`.

        `accepted` says that PRO is allocating: others may read its state at once.
        Never raises: a claim that is not given back ends by itself.
        """


class OutageError(RetryableError):
    """PRO answered for no consignment of a batch."""


class CredentialsError(RetryableError):
    """PRO rejected the key, or there is none."""


class NothingTriedError(RetryableError):
    """A batch says nothing about PRO's health, for example because there was no time to ask."""


class CircuitOpenError(RetryableError):
    """PRO is not called for now. `retry_after_seconds` is at least 1."""

    def __init__(self, cause: OpenCause, retry_after_seconds: int) -> None:
        super().__init__(f"the {cause} circuit is open for {retry_after_seconds} s")
        self.cause: Final = cause
        self.retry_after_seconds: Final = retry_after_seconds


class CircuitStateError(RetryableError):
    """The circuits' own state could not be written or read. `work` may have run."""


class Circuit(Protocol):
    """Lets work through while PRO is believed to be healthy."""

    def run(self, work: Callable[[], None]) -> None:
        """Run `work`, which tells PRO's health by returning or by raising one of the errors above; they pass through.

        Raises `CircuitOpenError` if it does not run it, and `CircuitStateError` if it can't tell.
        """
