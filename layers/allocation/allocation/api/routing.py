"""Requests and replies as API Gateway's REST API has them, and which route a request means.

Powertools has a resolver of its own. It compiles an expression for each route and imports what other gateways need: a
tenth of the API's cold start (`docs/decisions/0142-routes-of-our-own.md`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, NamedTuple
from urllib.parse import urlsplit

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
# What a parameter may hold, as it is sent.
_VALUE: Final = re.compile(r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+")


class GatewayEvent:
    """A request (API Gateway Developer Guide, "Input format of a Lambda function for proxy integration")."""

    def __init__(self, raw_event: Mapping[str, Any]) -> None:
        self.raw_event: Final = raw_event
        self.http_method: Final[str] = raw_event["httpMethod"]
        self.path: Final[str] = raw_event["path"]
        # By their names in lower case.
        self.headers: Final = {str(name).lower(): str(text) for name, text in (raw_event.get("headers") or {}).items()}
        self.query: Final[Mapping[str, str]] = raw_event.get("queryStringParameters") or {}
        self.body: Final[str] = raw_event.get("body") or ""
        self.is_base64_encoded: Final = bool(raw_event.get("isBase64Encoded"))
        self.context: Final[Mapping[str, Any]] = raw_event["requestContext"]

    @property
    def authorized(self) -> Mapping[str, Any]:
        """What the authorizer says of the caller."""
        return self.context.get("authorizer") or {}


@dataclass(slots=True)
class Response:
    """A reply, whose body is text."""

    status_code: int
    content_type: str | None = None
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def to_gateway(self) -> dict[str, Any]:
        """Return the reply as API Gateway takes it ("Output format of a Lambda function for proxy integration")."""
        headers = self.headers if self.content_type is None else {"Content-Type": self.content_type, **self.headers}
        return {
            "statusCode": self.status_code,
            "body": self.body,
            "isBase64Encoded": False,
            "multiValueHeaders": {name: [text] for name, text in headers.items()},
        }


_Serve = Callable[[GatewayEvent, dict[str, str]], Response]


class _Route(NamedTuple):
    """A route. `segments` are those of its path in lower case, None for each parameter."""

    method: str
    path: str
    segments: tuple[str | None, ...]
    serve: _Serve

    def values(self, parts: Sequence[str]) -> list[str] | None:
        """Return what a path of as many parts has for the parameters, or None where it is another path."""
        pairs = list(zip(self.segments, parts, strict=True))
        if any(part.lower() != segment for segment, part in pairs if segment is not None):
            return None
        return [part for segment, part in pairs if segment is None]

    def named(self, values: Sequence[str]) -> dict[str, str]:
        """Return the parameters by name."""
        return dict(zip(_PARAMETER.findall(self.path), values, strict=True))


class AnyCaseResolver:
    """A resolver whose routes match in any case, as PRO's do. Parameters keep their case.

    `base_url` is the API's own address, which may have a path: the base path of a custom domain. API Gateway leaves it
    in the path of a request to that domain ("Working with API mappings", API Gateway Developer Guide).
    """

    # Of the request that is being served: an execution environment serves one at a time.
    current_event: ClassVar[GatewayEvent]
    lambda_context: ClassVar[Any]

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        self._domain, self._base_path = address.hostname or "", address.path.rstrip("/")
        # By the number of segments. Routes without parameters come first, then those that were added first.
        self._literal: dict[int, list[_Route]] = {}
        self._with_parameters: dict[int, list[_Route]] = {}
        self.not_found: Callable[[GatewayEvent], Response] = lambda _: Response(404)

    def add(self, method: str, path: str, serve: _Serve) -> None:
        """Add a route. `path` has its parameters in braces; `serve` is given them by name."""
        segments = tuple(None if part.startswith("{") else part.lower() for part in _parts_of(path))
        routes = self._with_parameters if None in segments else self._literal
        routes.setdefault(len(segments), []).append(_Route(method, path, segments, serve))

    def resolve(self, raw_event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Return the reply to a request of API Gateway."""
        event = GatewayEvent({**raw_event, "path": self._path_of(raw_event)})
        AnyCaseResolver.current_event, AnyCaseResolver.lambda_context = event, context
        meant = self.meant(event.http_method, event.path)
        if meant is None:
            return self.not_found(event).to_gateway()
        route, parameters = meant
        return route.serve(event, parameters).to_gateway()

    def meant(self, method: str, path: str) -> tuple[_Route, dict[str, str]] | None:
        """Return the route that a request means, with its parameters, or None."""
        parts = _parts_of(path)
        for route in self._routes_at(parts):
            values = route.values(parts) if route.method == method else None
            if values is not None and all(map(_VALUE.fullmatch, values)):
                return route, route.named(values)
        return None

    def methods_at(self, path: str) -> list[str]:
        """Return the methods that a path has, whatever characters its parameters hold."""
        parts = _parts_of(path)
        return sorted({route.method for route in self._routes_at(parts) if _are_there(route.values(parts))})

    def _routes_at(self, parts: Sequence[str]) -> list[_Route]:
        """Return the routes whose paths have as many segments."""
        return [*self._literal.get(len(parts), ()), *self._with_parameters.get(len(parts), ())]

    def _path_of(self, raw_event: Mapping[str, Any]) -> str:
        """Return the path of a request below the base path."""
        path = str(raw_event["path"])
        is_below = self._base_path and raw_event["requestContext"].get("domainName") == self._domain
        if is_below and f"{path}/".startswith(f"{self._base_path}/"):
            return path.removeprefix(self._base_path) or "/"
        return path


def _are_there(values: Sequence[str] | None) -> bool:
    """Return whether a path is a route's, and leaves none of its parameters empty."""
    return values is not None and all(values)


def _parts_of(path: str) -> list[str]:
    """Return what stands between the slashes of a path. Slashes at its end don't count.

    >>> _parts_of("/labels/EC-1/")
    ['', 'labels', 'EC-1']
    """
    return path.rstrip("/").split("/")
