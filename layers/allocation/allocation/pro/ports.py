"""What the allocator over SortedPRO needs of others: claims, the circuit, and errors that say how healthy PRO is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, Protocol

from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.domain.outcome import DeferralCause
from allocation.domain.reference import ConsignmentReference

# Where no record names a claim.
NO_CLAIMS: Final[Mapping[ConsignmentReference, str]] = MappingProxyType({})

OpenCause = Literal[DeferralCause.OUTAGE, DeferralCause.CREDENTIALS]


class Watch(StrEnum):
    """Why a claim was left. Nobody is asking for the consignment.

    Its state may be read meanwhile and an allocation adopted, but for `TAKING_BACK`, `NOT_ASKED` and `SETTLED`.
    """

    # PRO may still execute a call that it has not answered itself.
    OPEN = "open"
    # PRO has accepted the allocation. Its state was a failure then, which may be older.
    ACCEPTED = "accepted"
    # PRO has accepted it, or shows `Allocating`. A failure that its state shows later is the outcome.
    ACCEPTED_AFRESH = "accepted_afresh"
    # PRO may still execute a deallocation that it has not answered itself: what its state shows allocated may go.
    TAKING_BACK = "taking_back"
    # PRO was certainly not asked for it, by this caller or before: no call reached it. The next caller starts afresh.
    NOT_ASKED = "not_asked"
    # Its failure is recorded. Whoever read the records before that must neither ask for it nor take it back.
    SETTLED = "settled"


@frozen
class Claimed:
    """The result of claiming.

    A consignment in neither `asked_before`, `held` nor `elsewhere` is claimed, and nobody has ever asked PRO for it.
    """

    # Claimed now; an earlier caller asked PRO for these, and has ended.
    asked_before: frozenset[ConsignmentReference] = frozenset()
    # Not claimed: another caller may be asking PRO for these, for up to so many seconds.
    held: Mapping[ConsignmentReference, int] = field(default_factory=dict)
    # When the new claims end, in milliseconds since 1970 UTC.
    until: int = 0
    # What the new claims name as their holder: a new name for each call.
    holder: str = field(default="", compare=False)
    # Whether the new claims are for taking allocations back.
    takes_back: bool = False
    # Those of `held` that nobody asks for any more, and why they wait.
    watched: Mapping[ConsignmentReference, Watch] = field(default_factory=dict)
    # Not claimed: PRO was asked for these under another base URL a while ago, and that may not be over.
    elsewhere: Mapping[ConsignmentReference, str] = field(default_factory=dict)
    # When PRO was first asked for each of the others, by a try that may not be over; aware UTC on AWS's clock.
    since: Mapping[ConsignmentReference, datetime] = field(default_factory=dict)
    # What to add to our own clock for AWS's: clocks of execution environments may differ.
    clock: timedelta = timedelta(0)


class Claims(Protocol):
    """Remembers which consignments PRO was asked for."""

    def take(
        self,
        references: Sequence[ConsignmentReference],
        seconds: float,
        over: Mapping[ConsignmentReference, str] | None = None,
        *,
        takes_back: bool = False,
    ) -> Claimed:
        """Claim the consignments for so many seconds, where nobody has a claim that has not ended.

        With `over`, also over claims that are settled: left so, or with the holder that `over` has of the consignment's
        record. A claim that `takes_back` says so from the beginning. Raises `RetryableError`.
        """

    def ever_taken(self, references: Sequence[ConsignmentReference]) -> frozenset[ConsignmentReference]:
        """Return the consignments that somebody has claimed, now or before. Raises `RetryableError`."""

    def give_back(
        self,
        claimed: Claimed,
        references: Sequence[ConsignmentReference],
        seconds: float,
        watch: Watch | None = None,
        *,
        is_over: bool = False,
    ) -> None:
        """Let others ask in so many seconds, where the claims are those that were `claimed`.

        With `watch` they may read the state at once. `is_over` says that the try has ended: the next one is a new one.
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
