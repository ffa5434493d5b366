"""What bounds the reading of a file that people maintain: its size, its encoding, and the time that it takes."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from allocation.aws.file_stores import MAX_BYTES
from allocation.domain.errors import InvalidFileError

# A file that takes longer to read is refused. The API's function has 28 s, and then still has to read an earlier one.
MAX_READING_SECONDS: Final = 10.0


class _SlowFileError(InvalidFileError):
    """A file takes too long to read."""


@contextmanager
def reading_time(name: str) -> Iterator[None]:
    """End the block with `_SlowFileError` after `MAX_READING_SECONDS`.

    Only the main thread, in which Lambda calls functions, can be interrupted.
    """

    def stop(_number: int, _frame: Any) -> NoReturn:
        raise _SlowFileError(f"the {name} takes longer than {MAX_READING_SECONDS:.0f} s to read: make it smaller")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MAX_READING_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def text_of(name: str, content: bytes | None) -> str:
    """Return the text of a file. Raises `InvalidFileError` for None, which is a file that is too large."""
    if content is None:
        raise InvalidFileError(f"the {name} is larger than {MAX_BYTES // 1024**2} MB: make it smaller")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidFileError(f"the {name} is no text in UTF-8, or is packed: compile it again") from error
