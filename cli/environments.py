"""Installs the environments that a command needs beside the program's own, by the Makefile's rules."""

import subprocess
import sys

from cli.errors import CommandError
from cli.paths import LOCAL, ROOT, shown


def install(*names: str) -> None:
    """Install the environments of these names below `.local`. What is in place costs nothing.

    Raises `CommandError` if one can't be installed.
    """
    targets = [f"{shown(LOCAL / name)}/.synced" for name in names]
    command = ["make", "--silent", f"--directory={ROOT}", *targets]
    try:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode  # noqa: S603
    except FileNotFoundError as error:
        raise CommandError("make is missing: install it, as with `apt-get install make`.") from error
    if code != 0:
        raise CommandError(f"Can't install {' and '.join(names)} (make ended with exit code {code}).")
