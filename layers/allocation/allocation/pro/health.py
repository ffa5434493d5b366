"""How well SortedPRO is, as a batch of calls shows it, and the circuit that keeps calls away while it is not."""

from collections.abc import Callable
from typing import Literal, Protocol

from allocation.domain.errors import RetryableError

OpenCause = Literal["outage", "credentials"]


class OutageError(RetryableError):
    """PRO answered for no consignment of a batch."""


class CredentialsError(RetryableError):
    """PRO rejected the key, or there is none."""


class NothingTriedError(RetryableError):
    """A batch says nothing about PRO, for it had no time to ask."""


class CircuitOpenError(RetryableError):
    """PRO is not called now. `retry_after_seconds`: for so long, at least 1."""

    def __init__(self, cause: OpenCause, retry_after_seconds: int) -> None:
        super().__init__(f"the {cause} circuit is open for {retry_after_seconds} s")
        self.cause = cause
        self.retry_after_seconds = retry_after_seconds


class CircuitStateError(RetryableError):
    """The circuits' own state could not be kept or read; `work` may have been run."""


class Circuit(Protocol):
    """Lets work through while PRO is believed to be well."""

    def run(self, work: Callable[[], None]) -> None:
        """Runs `work`, which tells PRO's health by returning, or raising one of the errors above; they pass through.

        Raises `CircuitOpenError` where it does not run it, and `CircuitStateError` where it can't tell.
        """
