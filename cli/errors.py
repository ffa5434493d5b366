"""The errors that end a command early, and how each is reported: one sentence on stderr and an exit status."""

import os
import sys
from contextlib import suppress
from typing import ClassVar, Final, cast

import click

from cli.folding import folded, width_of

DONE: Final = 0
# The command failed, or found a problem: an order is in the DLQ, a catalogue has problems.
NOT_SO: Final = 1
WRONG_USAGE: Final = 2

_STANDARD_OUTPUT: Final = 1
_LOOPBACK: Final = "http://127.0.0.1:"
# Codes of AWS's errors, the same in all of its services or nearly so.
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN_KEYS: Final = frozenset(
    {
        "AuthFailure",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = ("AccessDenied", "AuthorizationError", "KMS.AccessDenied", "UnauthorizedOperation")


class CommandError(Exception):
    """What was asked for could not be done. The message says why, and what to do."""

    exit_code: ClassVar[int] = NOT_SO


class UsageError(CommandError):
    """The user asked for something that makes no sense. The message says what to do instead."""

    exit_code: ClassVar[int] = WRONG_USAGE


class StoppedError(BaseException):
    """A signal asked the program to stop: Ctrl-C, `kill`, or a terminal that closed.

    Like `KeyboardInterrupt` it is not an `Exception`: botocore takes those for network errors and tries again.
    """

    def __init__(self, number: int) -> None:
        """`number` is the signal's. The exit code is 128 more, as in shells."""
        super().__init__(f"stopped by signal {number}")
        self.exit_code = 128 + number


def aws_errors() -> tuple[type[Exception], ...]:
    """Return the classes of the AWS SDK's errors.

    Importing botocore takes half a second. While nobody has imported it, nobody has raised an error of it.
    """
    if "botocore.exceptions" not in sys.modules:
        return ()
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def aws_text(error: Exception) -> str:
    """Return an error of the AWS SDK as one line."""
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return " ".join(str(error).split())
    details = cast("dict[str, str]", error.response["Error"])
    return f"{error.operation_name}: {details.get('Code', 'error')} {' '.join(details.get('Message', '').split())}"


def aws_complaint(error: Exception) -> str:
    """Return what an error of the AWS SDK means for a person, and what to do."""
    from botocore.exceptions import (
        ClientError,
        ConnectionError,  # noqa: A004 - it is botocore's
        CredentialRetrievalError,
        NoCredentialsError,
        PartialCredentialsError,
        SSOError,
        TokenRetrievalError,
    )

    code = str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else ""
    if code in _EXPIRED or isinstance(error, SSOError | TokenRetrievalError):
        return "The AWS session has expired: sign in again, as with `aws sso login`, and repeat the command."
    if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError):
        return f"No AWS credentials: {aws_text(error)}. Give AWS_PROFILE, or sign in first."
    if code in _UNKNOWN_KEYS:
        return (
            f"AWS does not accept the credentials ({code}): check AWS_PROFILE, or the keys that are set, and sign in."
        )
    if any(code.startswith(beginning) for beginning in _DENIED):
        return f"AWS does not allow this. {aws_text(error)}. What a command needs stands in docs/operations.md."
    if isinstance(error, ConnectionError) and _LOOPBACK in str(error):
        return "The stack on this machine does not answer: end it with `carrier down`, and start one with `carrier up`."
    if isinstance(error, ConnectionError):
        return f"AWS can't be reached: {aws_text(error)}. Check the region and the network."
    return f"AWS answered: {aws_text(error)}"


def complain(text: str) -> None:
    """Print on stderr why a command ends, folded to its terminal. A terminal that is gone is no problem."""
    lines = "\n".join(folded(text, width_of(sys.stderr)))
    with suppress(OSError):
        click.secho(lines, fg="red", err=True, color=None if "NO_COLOR" not in os.environ else False)


def abandon_output() -> None:
    """Send what is left of the standard output nowhere: it has no reader any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), _STANDARD_OUTPUT)
