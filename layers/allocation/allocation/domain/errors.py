"""The errors of the service: what can never succeed, and what may succeed later."""

from enum import StrEnum


class AllocationError(Exception):
    """The root of this package's errors."""


class InvalidFileError(AllocationError):
    """A file that people maintain, a catalogue or a mapping, can't be used. The message says why."""


class InvalidReferenceError(AllocationError):
    """A reference does not have the form of its kind."""


class UnknownModeError(AllocationError):
    """No allocation mode has this name."""


class RefusalCode(StrEnum):
    """Why a message is refused."""

    NOT_JSON = "NotJson"
    NOT_AN_OBJECT = "NotAnObject"
    DUPLICATE_KEY = "DuplicateKey"
    # A pointer to a body in S3, as SQS's extended client library sends.
    S3_POINTER = "S3Pointer"
    TOO_DEEPLY_NESTED = "TooDeeplyNested"
    UNKNOWN_EVENT_TYPE = "UnknownEventType"
    UNKNOWN_EVENT_VERSION = "UnknownEventVersion"
    INVALID_MESSAGE = "InvalidMessage"
    DUPLICATE_CONSIGNMENT = "DuplicateConsignment"
    NOT_MAPPABLE = "NotMappable"
    # Received too often; the cause of the last return follows, as in `GivenUp_outage`.
    GIVEN_UP = "GivenUp"


class InvalidMessageError(AllocationError):
    """A message that is refused for good. `code` is stable and goes to the DLQ with the text."""

    def __init__(self, code: str, message: str) -> None:
        """Take a `RefusalCode`, `GIVEN_UP` with its cause; `message` names the field, its value and what to do."""
        super().__init__(message)
        self.code = code


class UnreadableExplanationError(AllocationError):
    """The explanation that is kept with a record can't be read. The message says why and what to do."""


class RetryableError(AllocationError):
    """A failure that may pass: throttling, an outage, a timeout. The work returns to where it came from."""


class ConfigurationError(AllocationError):
    """The environment lacks a setting, or has one that can't be used. The message names it."""
