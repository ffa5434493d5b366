"""What must be so before anything is started; each failure is one line that says what to do."""

from cli.errors import UsageError
from cli.stack.detached import stack_port
from cli.stack.emulator import require_free_port


def require_port(port: int) -> None:
    """Raises `UsageError` if the port is busy, be it with the stack that `make up` started."""
    if stack_port() == port:
        raise UsageError(
            f"Port {port} is busy with the stack that `make up` started: end it with `make down`, "
            f"or choose another port, as --port {port + 1}."
        )
    require_free_port(port)
