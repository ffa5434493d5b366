"""HTTP with one host: connections that are kept for the next request, each exchange bounded in time."""

import os
import select
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import botocore
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

# Connections that wait for the next request, as many as botocore keeps.
_MAX_IDLE: Final = 10


# What this thread does while it waits for its next reply.
_MEANWHILE: Final[ContextVar[Callable[[], None] | None]] = ContextVar("meanwhile", default=None)


class Patience(NamedTuple):
    """How long a client waits, and how often it tries."""

    connect_seconds: float
    read_seconds: float
    attempts: int


class SignedRequest(NamedTuple):
    """A signed request. `target` is the path with its query, `headers` are all but `Content-Length`."""

    method: str
    host: str
    """With the port, unless it is the scheme's own."""
    target: str
    headers: Mapping[str, str]
    body: bytes


class Body(Protocol):
    """A body that is read piece by piece."""

    def read(self, size: int | None = None, /) -> bytes:
        """Return at most `size` bytes, or all that are left; none at the end."""

    def close(self) -> None:
        """Read no more."""


class RawReply(NamedTuple):
    """What came back. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    """Empty where there is a `stream` to be read."""
    stream: Body | None = None


class Connections:
    """The connections to one host, for several threads at once."""

    def __init__(self, scheme: str, host: str, port: int | None, patience: Patience) -> None:
        self.url: Final = f"{scheme}://{host}" + (f":{port}" if port else "")
        self._is_secure = scheme == "https"
        self._host, self._port = host, port
        self._patience = patience
        self._idle: deque[HTTPConnection] = deque(maxlen=_MAX_IDLE)

    def exchange(self, request: SignedRequest, *, streams: bool = False) -> RawReply:
        """Send a request once, and return its reply; with `streams`, one of success is left to be read.

        Raises errors of botocore for what ends without a reply.
        """
        connection = self._kept() or self._opened()
        try:
            connection.sock.sendall(_bytes_of(request))
            _do_meanwhile()
            response = HTTPResponse(connection.sock, method=request.method)
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            if streams and response.status < 300:
                return RawReply(response.status, headers, b"", _Stream(self, connection, response))
            body = response.read()
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError | HTTPException):
                # What waited beside it may be as dead, after a freeze or behind NAT: the next attempt opens its own.
                self._drop_idle()
                raise self.meant(error) from error
            raise
        self.keep(connection, response)
        return RawReply(response.status, headers, body)

    def keep(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        """Keep a connection whose reply was read to its end, if its server does."""
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)

    def meant(self, error: OSError | HTTPException) -> ConnectionClosedError | ReadTimeoutError | SSLError:
        """Return botocore's error for one that came while a request was sent or a reply read."""
        if isinstance(error, TimeoutError):
            return ReadTimeoutError(endpoint_url=self.url, error=error)
        if isinstance(error, ssl.SSLError):
            return SSLError(endpoint_url=self.url, error=error)
        return ConnectionClosedError(endpoint_url=self.url, error=error)

    def _kept(self) -> HTTPConnection | None:
        """Return the connection that was used last, if its server has not closed it meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if not _has_something(connection):
                return connection
            connection.close()

    def _drop_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _opened(self) -> HTTPConnection:
        connection = (
            HTTPSConnection(self._host, self._port, context=_tls())
            if self._is_secure
            else HTTPConnection(self._host, self._port)
        )
        connection.timeout = self._patience.connect_seconds
        try:
            connection.connect()
        except TimeoutError as error:
            connection.close()
            raise ConnectTimeoutError(endpoint_url=self.url, error=error) from error
        except ssl.SSLError as error:
            connection.close()
            raise SSLError(endpoint_url=self.url, error=error) from error
        except OSError as error:
            connection.close()
            raise EndpointConnectionError(endpoint_url=self.url, error=error) from error
        connection.sock.settimeout(self._patience.read_seconds)
        return connection


@contextmanager
def while_waiting(work: Callable[[], None]) -> Iterator[None]:
    """Do the work while this thread waits for the first reply in the block. Without a request, it is not done.

    Requests of other threads don't count, as where a call is made in several parts at once.

    A second thread would do as much, but for 0.6 ms of the processor, and it would wait for its share of one.
    """
    before = _MEANWHILE.set(work)
    try:
        yield
    finally:
        _MEANWHILE.reset(before)


def _do_meanwhile() -> None:
    if work := _MEANWHILE.get():
        _MEANWHILE.set(None)
        work()


class _Stream:
    """The body of a reply that is being read. Its connection is kept once it has been read to its end."""

    def __init__(self, connections: Connections, connection: HTTPConnection, response: HTTPResponse) -> None:
        self._connections = connections
        self._connection = connection
        self._response = response
        self._is_open = True

    def read(self, size: int | None = None, /) -> bytes:
        """Return at most `size` bytes, or all that are left; none at the end.

        Raises errors of botocore for a body that breaks off.
        """
        if not self._is_open:
            return b""
        try:
            piece = self._response.read(size)
            _require_end(piece, self._response)
        except (OSError, HTTPException) as error:
            self.close()
            raise self._connections.meant(error) from error
        if not piece or size is None:
            self._is_open = False
            self._connections.keep(self._connection, self._response)
        return piece

    def close(self) -> None:
        """Close the connection unless the body was read to its end."""
        if self._is_open:
            self._is_open = False
            self._connection.close()


def _require_end(piece: bytes, response: HTTPResponse) -> None:
    """Raise `HTTPException` where a body ends too soon: http.client does not mind if it is read in pieces."""
    if not piece and response.length:
        raise HTTPException(f"{response.length} bytes are missing")


def _bytes_of(request: SignedRequest) -> bytes:
    """Return a request as it is sent, head and body in one piece."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in request.headers.items()])
    length = "" if request.method == "GET" else f"Content-Length: {len(request.body)}\r\n"
    head = f"{request.method} {request.target} HTTP/1.1\r\nHost: {request.host}\r\n{lines}{length}\r\n"
    return head.encode("latin-1") + request.body


def _has_something(connection: HTTPConnection) -> bool:
    """Tell whether something can be read from a connection on which nothing was asked: its end, most likely."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


@cache
def _tls() -> ssl.SSLContext:
    """Return what verifies hosts, by the certificates of the environment or of botocore. Reading them takes time."""
    own = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=own or str(Path(botocore.__file__).with_name("cacert.pem")))
    context.set_alpn_protocols(["http/1.1"])
    return context
