"""The description of an API operation, from which its route and its OpenAPI entry both come.

To add an operation, decorate its handler with `operation` in one of the `..._routes` modules.
"""

from collections.abc import Callable
from typing import Any, Literal

from allocation.api.keys import KeyScope
from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.use_cases import UseCases
from allocation.consignments.errors import NOT_IMPLEMENTED, RequestError
from allocation.domain.frozen import frozen

Method = Literal["GET", "PUT", "POST", "DELETE"]
_Handler = Callable[[Request, UseCases], Reply]


@frozen
class Operation:
    """One operation of the API.

    `path` has its parameters in braces and matches in any case. `gives` and `takes` are the types of the reply and the
    body, None for no body. `errors` are the statuses it may answer beyond those of every operation, `also` those of
    success beside `status`. `query` names the optional query parameters. `scope` is what a key must be allowed, None
    where no key is needed. `beside_pro` says whether it is served where SortedPRO allocates: it reads records, or
    changes them through SortedPRO. The handler's docstring is the description in OpenAPI.
    """

    method: Method
    path: str
    title: str
    handler: _Handler
    gives: Any
    takes: Any
    status: int
    errors: tuple[int, ...]
    query: tuple[str, ...]
    scope: KeyScope | None
    beside_pro: bool
    also: tuple[int, ...]

    @property
    def name(self) -> str:
        """The operation's id: its handler's name in camel case, such as `allocateWithQuote`."""
        return _operation_id(self.handler)

    @property
    def needs_key(self) -> bool:
        """Whether a caller must have a key."""
        return self.scope is not None

    def endpoint(self, use_cases: UseCases) -> "Endpoint":
        """Return the operation as it is served, over these use cases."""

        def serve(request: Request) -> Reply:
            if use_cases.pro_url and not self.beside_pro:
                raise _left_to_pro(self, use_cases.pro_url)
            return self.handler(request, use_cases)

        return Endpoint(self.method, self.path, self.name, serve, self.scope)


def _left_to_pro(operation: Operation, pro_url: str) -> RequestError:
    """Return where to go with an operation that only whoever allocates can do."""
    text = (
        f"SortedPRO allocates for this stack. Send {operation.method} {operation.path} to {pro_url}, or send an order "
        "to the stack's queue."
    )
    return RequestError("OperationOfSortedProException", text, NOT_IMPLEMENTED)


def _operation_id(handler: Callable[..., Reply]) -> str:
    """Return a handler's name in camel case."""
    first, *others = handler.__name__.split("_")
    return first + "".join(word.capitalize() for word in others)


@frozen
class Endpoint:
    """What is served at an address. `path` has its parameters in braces and matches in any case.

    `scope` is what the caller's key must be allowed, None where no key is needed. `is_pros` says whether PRO's clients
    call it. Then it answers in XML on request, and with the names of older versions; otherwise it answers in JSON only.
    """

    method: Method
    path: str
    name: str
    serve: Callable[[Request], Reply]
    scope: KeyScope | None
    is_pros: bool = True


def operation(
    declared: list[Operation],
    method: Method,
    path: str,
    title: str,
    *,
    gives: Any = None,
    takes: Any = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    query: tuple[str, ...] = (),
    scope: KeyScope | None = None,
    needs_key: bool = True,
    beside_pro: bool = False,
    also: tuple[int, ...] = (),
) -> Callable[[_Handler], _Handler]:
    """Declare the decorated function as an operation (see `Operation` for the arguments) at the end of `declared`.

    Without a `scope`, whoever may read may GET, and whoever may allocate may do all else.
    """
    usual = KeyScope.READ if method == "GET" else KeyScope.ALLOCATE
    needed = (scope or usual) if needs_key else None

    def declare(handler: _Handler) -> _Handler:
        declared.append(
            Operation(method, path, title, handler, gives, takes, status, errors, query, needed, beside_pro, also)
        )
        return handler

    return declare
