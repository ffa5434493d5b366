"""Whether the API works: by itself, and with what it stands on."""

from collections.abc import Callable
from typing import Final

from typing_extensions import TypedDict

from allocation.api.operations import Operation, operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import UNAVAILABLE, Problem, RequestError
from allocation.domain.errors import RetryableError
from allocation.domain.reference import ConsignmentReference
from allocation.observability import logger

OPERATIONS: Final[list[Operation]] = []
# Nobody's: `find` reads both tables for it and finds nothing.
_PROBE: Final = ConsignmentReference("EC-000-000-000")


class Health(TypedDict):
    """The API's health."""

    Status: str


@operation(OPERATIONS, "GET", "/health", "Check that the API answers", gives=Health, needs_key=False, beside_pro=True)
def health(_: Request, __: UseCases) -> Reply:
    """Health check. The only endpoint that needs no API key, so it looks at nothing."""
    return Reply(Health(Status="Healthy"), root="Health")


@operation(
    OPERATIONS, "GET", "/health/stack", "Check tables and catalogue", gives=Health, errors=(503,), beside_pro=True
)
def health_of_stack(_: Request, use_cases: UseCases) -> Reply:
    """Check that the tables can be read and that there is a catalogue to allocate with. 503 names what fails.

    One read of both tables. A catalogue in use is not read again.
    """
    looks: dict[str, Callable[[], object]] = {"Records": lambda: use_cases.changes.store.find([_PROBE])}
    if not use_cases.pro_url:
        looks["Catalogue"] = lambda: use_cases.engine
    failing = [name for name, look in looks.items() if not _works(name, look)]
    if failing:
        problems = [Problem("Unavailable", name, "It can't be read at the moment.") for name in failing]
        raise RequestError(
            "ServiceUnavailableException", "The stack is not healthy: see Details.", UNAVAILABLE, problems
        )
    return Reply(Health(Status="Healthy"), root="Health")


def _works(name: str, look: Callable[[], object]) -> bool:
    """Return whether a look at a part of the stack succeeds. The log has the cause."""
    try:
        look()
    except RetryableError as error:
        logger.error("unhealthy", extra={"part": name, "cause": str(error)})
        return False
    return True
