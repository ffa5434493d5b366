"""What can end the local run early; each is told in a line, never as a traceback."""

from typing import ClassVar


class LocalRunError(Exception):
    """The stack could not be started, or did not do its work."""

    exit_code: ClassVar[int] = 1


class UsageError(LocalRunError):
    """The user asked for something that can't be done; the message says what to do instead."""

    exit_code: ClassVar[int] = 2


class StoppedError(BaseException):
    """A signal asked the run to stop: Ctrl-C, `kill`, or a terminal that closed.

    It is no `Exception`, as `KeyboardInterrupt` is none: botocore takes those for network errors and tries again.
    """

    def __init__(self, number: int) -> None:
        """`number` is the signal's; the exit code is 128 more, as shells have it."""
        super().__init__(f"stopped by signal {number}")
        self.exit_code = 128 + number
