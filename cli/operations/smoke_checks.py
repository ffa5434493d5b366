"""A check of the smoke test: what was tried, what came of it, and how long that took."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError, aws_complaint

_LOOK_SECONDS: Final = 0.5
_SLEEP: Final = time.sleep
_Found = TypeVar("_Found")


class Result(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """A thing that was tried, and what became of it."""

    name: str
    result: Result
    text: str
    seconds: float = 0.0


class SkippedError(Exception):
    """A check that is not made. The message says why, and what to do about it."""


def tried(name: str, what: Callable[[], str]) -> Check:
    """Return what a check came to. `what` returns what it found, or raises why it failed or is skipped."""
    started = time.monotonic()
    try:
        result, text = Result.PASSED, what()
    except SkippedError as why:
        result, text = Result.SKIPPED, str(why)
    except (ClientError, BotoCoreError) as error:
        result, text = Result.FAILED, aws_complaint(error)
    except CommandError as error:
        result, text = Result.FAILED, str(error)
    return Check(name, result, text, time.monotonic() - started)


def awaited(look: Callable[[], _Found | None], patience_seconds: float, failing: str) -> _Found:
    """Look until there is something. Raises `CommandError`, which begins as `failing` does, when patience ends."""
    deadline = time.monotonic() + patience_seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise CommandError(f"Within {patience_seconds:.0f} s: {failing}.")
        _SLEEP(_LOOK_SECONDS)
    return found
