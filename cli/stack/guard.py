"""Runs MiniStack for as long as whoever started it lives, however that one ends.

The starter holds the other end of standard input. When that closes without the word `keep`, as it does even when the
starter is killed outright, the whole process group ends: MiniStack and the functions that it runs.
"""

import os
import signal
import sys
import threading
from typing import Final

from cli.stack.emulated_aws import run_emulator

STANDARD_INPUT: Final = 0
"""Read past `sys.stdin`, whose lock would be in the way of a MiniStack that ends by itself."""
KEEP: Final = b"keep\n"
"""Written by a starter that leaves the stack running on purpose."""


def end_with_starter() -> None:
    """Waits until standard input closes and ends the process group, unless told to keep it."""
    said = b""
    while word := os.read(STANDARD_INPUT, len(KEEP)):
        said += word
    if said != KEEP:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=end_with_starter, daemon=True).start()
    sys.argv = ["ministack"]
    run_emulator()
