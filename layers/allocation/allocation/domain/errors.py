"""The errors that the workflow tells apart: what can never succeed, and what may pass."""


class AllocationError(Exception):
    """The root of this package's errors."""


class InvalidReferenceError(AllocationError):
    """A reference does not have the form that its kind has."""


class UnknownModeError(AllocationError):
    """No allocation mode has this name."""


class InvalidMessageError(AllocationError):
    """A message can never be read. `code` is stable and goes to the DLQ with the text."""

    def __init__(self, code: str, message: str) -> None:
        """`code` names the kind of refusal, as `NotJson`; `message` the field, its value and what to do."""
        super().__init__(message)
        self.code = code


class RetryableError(AllocationError):
    """Something failed that may pass: throttling, an outage, a timeout. The work goes back to where it came from."""


class ConfigurationError(AllocationError):
    """The environment lacks a setting, or has one that can't be used; the message names it."""
