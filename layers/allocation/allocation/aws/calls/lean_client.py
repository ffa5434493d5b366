"""What the clients of our own share: they sign and send what they know, and hand botocore's client the rest."""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError

from allocation.aws.calls.attempts import Answer, Attempts
from allocation.aws.calls.connections import Connections, Patience, RawReply, SignedRequest
from allocation.aws.calls.places import ServicePlace
from allocation.aws.calls.signature import authorization

_USER_AGENT: Final = "carrier-allocation"
# Makes of a reply what a caller gets. What AWS refuses has an `Error`.
_Reader = Callable[[RawReply], dict[str, Any]]
# What a trace's header may hold as it is.
_SAFE_IN_TRACE: Final = "-=;:+&[]{}\"',"


class LeanClient:
    """A client of one service. It has botocore's methods, with their arguments, answers and errors.

    Methods that are not here are those of botocore's client, which is made when the first of them is called. There is
    no `meta`: its events would not be of what is called here.
    """

    def __init__(self, service: str, place: ServicePlace, patience: Patience, by_botocore: Callable[[], Any]) -> None:
        """`service` is the name that requests are signed with."""
        self.exceptions: Final = ErrorClasses()
        self._service = service
        self._place = place
        self._host = f"{place.host}:{place.port}" if place.port else place.host
        self._patience = patience
        self._attempts = Attempts(patience.attempts)
        self._connections: dict[str, Connections] = {}
        self._by_botocore = by_botocore

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "meta":
            raise AttributeError(name)
        return getattr(self._by_botocore(), name)

    def _called(
        self,
        operation: str,
        request: Callable[[], SignedRequest],
        read: _Reader,
        **how: bool,
    ) -> dict[str, Any]:
        """Return the answer to a request, which is signed again for each attempt.

        Raises `ClientError` for what AWS refuses, another error of botocore's where it does not answer.
        """
        answer = self._attempts.made(lambda: self._exchanged(request(), read, **how))
        if answer.reply.status >= 300:
            response: Any = answer.parsed
            raise self.exceptions.of(answer.code)(response, operation)
        return answer.parsed

    def _exchanged(self, request: SignedRequest, read: _Reader, **how: bool) -> Answer:
        reply = self._at(request.host).exchange(request, **how)
        parsed = read(reply)
        metadata = parsed.setdefault("ResponseMetadata", {})
        metadata |= {"HTTPStatusCode": reply.status, "HTTPHeaders": reply.headers}
        return Answer(reply, parsed)

    def _at(self, host: str) -> Connections:
        """Return the connections to a host: S3 has one for each bucket."""
        found = self._connections.get(host)
        if found is None:
            name, port = (self._place.host, self._place.port) if host == self._host else (host, None)
            made = Connections(self._place.scheme, name, port, self._patience)
            found = self._connections.setdefault(host, made)
        return found

    def _signed(
        self, method: str, host: str, path: str, query: str, headers: Mapping[str, str], body: bytes = b""
    ) -> SignedRequest:
        """Return a request, signed now. `path` and `query` are quoted, names of `headers` in lower case."""
        place = self._place
        signed = {**headers, "host": host, "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())}
        if place.credentials.session_token:
            signed["x-amz-security-token"] = place.credentials.session_token
        signature = authorization(
            method, path, query, signed, sha256(body).hexdigest(), place.credentials, place.region, self._service
        )
        del signed["host"]
        more = {"authorization": signature, "user-agent": _USER_AGENT, "accept-encoding": "identity", **_trace()}
        return SignedRequest(method, host, f"{path}?{query}" if query else path, signed | more, body)


class ErrorClasses:
    """A class for each code of an error, as botocore's clients have them in `exceptions`."""

    def __getattr__(self, code: str) -> type[ClientError]:
        return _error_class(code)

    def of(self, code: str | None) -> type[ClientError]:
        """Return the class of a code: what AWS answers with where there is none may be anything."""
        return _error_class(code) if code and code.isidentifier() else ClientError


@cache
def _error_class(code: str) -> type[ClientError]:
    return type(code, (ClientError,), {})


def generic_error(reply: RawReply) -> dict[str, Any] | None:
    """Return the error of a reply that no service wrote, but what stands before it: a page, or nothing.

    None for a reply that says more.
    """
    body = reply.body.strip()
    if reply.status >= 500 and (not body or body.startswith(b"<html>")):
        return {"Error": {"Code": str(reply.status), "Message": ""}}
    return None


def _trace() -> dict[str, str]:
    """Return the header by which X-Ray, and Lambda's guard against loops, follow an invocation."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return {"x-amzn-trace-id": quote(trace, safe=_SAFE_IN_TRACE)} if trace else {}
