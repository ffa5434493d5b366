"""An operation of the API: its route, what it does, and what it takes and gives; the routes and OpenAPI come of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from allocation.api.replies import Reply
from allocation.api.requests import Request
from allocation.api.services import Services

Method = Literal["GET", "PUT", "POST", "DELETE"]
Handler = Callable[[Request, Services], Reply]
PARAMETER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `path` has its parameters in braces; its literal segments are matched in any case."""

    method: Method
    path: str
    handler: Handler
    summary: str
    gives: Any = None
    """The type of the reply's data, None for a reply without a body."""
    takes: Any = None
    """The type of the body, None for none."""
    status: int = 200
    errors: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    """The names of the query's parameters, each optional."""
    needs_key: bool = True

    @property
    def name(self) -> str:
        """The operation's id: its handler's name, as `allocateWithQuote`."""
        first, *others = self.handler.__name__.split("_")
        return first + "".join(word.capitalize() for word in others)

    @property
    def parameters(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return PARAMETER.findall(self.path)

    @property
    def rule(self) -> str:
        """The path as Powertools' event handler wants it."""
        return PARAMETER.sub(r"<\1>", self.path)
