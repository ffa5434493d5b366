"""All operations of the API, in the order in which they are tried."""

from typing import Final

from typing_extensions import TypedDict

from allocation.api import allocation_routes, catalogue_routes, consignment_routes, document_routes, quote_routes
from allocation.api.operations import Operation
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services


class Health(TypedDict):
    """The API answers."""

    Status: str


def health(_: Request, __: Services) -> Reply:
    """Answers whoever asks, with or without a key; nothing else does."""
    return Reply(Health(Status="Healthy"), root="Health")


OPERATIONS: Final = (
    Operation("GET", "/health", health, "Tell that the API answers", Health, needs_key=False),
    *allocation_routes.OPERATIONS,
    *document_routes.OPERATIONS,
    *consignment_routes.OPERATIONS,
    *quote_routes.OPERATIONS,
    *catalogue_routes.OPERATIONS,
)
