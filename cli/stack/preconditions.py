"""What must be so before anything is started; each failure is one line that says what to do."""

import os
import shutil

from cli.errors import UsageError
from cli.paths import BUILD_PYTHON, EMULATOR_PYTHON, SAM, TEMPLATE, shown
from cli.stack.detached import stack_port
from cli.stack.emulator import require_free_port


def require_tools() -> None:
    """Raises `UsageError` that names the first thing missing."""
    for tool in (EMULATOR_PYTHON, SAM, BUILD_PYTHON):
        if not os.access(tool, os.X_OK):
            raise UsageError(f"{shown(tool)} is missing: `make run` and `make up` install it.")
    if not TEMPLATE.is_file():
        raise UsageError(f"{shown(TEMPLATE)} is missing: run this in a whole checkout of the project.")
    if shutil.which("make") is None:
        raise UsageError("make is missing, which sam build needs: install it, as with `apt-get install make`.")


def require_port(port: int) -> None:
    """Raises `UsageError` if the port is busy, be it with the stack that `make up` started."""
    if stack_port() == port:
        raise UsageError(
            f"Port {port} is busy with the stack that `make up` started: end it with `make down`, "
            f"or choose another port, as PORT={port + 1}."
        )
    require_free_port(port)
