"""HTTP with SortedPRO: each request is sent once, with a limit on its time and on the size of its reply.

The only retry here follows a key rotation. Only the caller knows what else may be repeated.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from ssl import SSLCertVerificationError
from typing import Final
from urllib.parse import urlsplit

import certifi
from urllib3 import BaseHTTPResponse, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.domain.frozen import frozen
from allocation.pro.credentials import KeySource, SubscriptionKey
from allocation.pro.replies import retry_after_seconds

# Calls at once, and connections kept open for reuse.
MAX_CONNECTIONS: Final = 10
# A summary has about 1 KiB, a consignment as much for each package. The worst JSON of this size is read in 0.1 s.
MAX_REPLY_BYTES: Final = 256 << 10
MAX_CONNECT_SECONDS: Final = 2.0
# A connection unused for longer is not used again: a call that dies with it would leave its outcome in doubt.
MAX_IDLE: Final = timedelta(seconds=20)
_LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_HEADERS: Final = {
    "electio-api-version": "1.1",
    "content-type": "application/json",
    "accept": "application/json",
    # Compressed replies could unfold to any size; these are small.
    "accept-encoding": "identity",
    "user-agent": "carrier-allocation",
}


class NotSentError(RetryableError):
    """PRO never saw the request: no connection was made."""


class NoReplyError(RetryableError):
    """PRO may have done the work, but its reply was lost. If `timed_out`, PRO may still be working."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


@frozen
class ProReply:
    """What PRO answered, unread."""

    status: int
    body: bytes = b""
    retry_after_seconds: int | None = None  # how long PRO asks us to wait, within bounds
    milliseconds: int = 0  # from the request's start to the last byte of the reply


class ProClient:
    """Calls PRO at one base URL, from several threads at once."""

    def __init__(
        self,
        base_url: str,
        key: KeySource,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
        max_reply_bytes: int = MAX_REPLY_BYTES,
    ) -> None:
        """Take the clocks that limit calls: `monotonic` in seconds, `now` in aware UTC.

        Raises `ConfigurationError` for a base URL that is not https.
        """
        self.base_url = _valid_base_url(base_url)
        self._key = SubscriptionKey(key, monotonic)
        self._monotonic = monotonic
        self._now = now
        self._max_reply_bytes = max_reply_bytes
        self._pool = _pool(self.base_url)
        self._path = urlsplit(self.base_url).path
        self._lock = threading.Lock()
        self._used_at = now()

    def call(self, method: str, path: str, body: bytes, seconds: float) -> ProReply:
        """Send one request and read its reply, in at most about `seconds`.

        A 401 fetches the key again and, if the key has changed, sends the request once more. A reply of any status is
        returned. Raises `NotSentError`, `NoReplyError` or `KeyUnavailableError`.
        """
        ends = self._monotonic() + seconds
        key = self._key.current()
        reply = self._exchange(method, path, body, key, ends)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        renewed = self._key.instead_of(key)
        return reply if renewed == key else self._exchange(method, path, body, renewed, ends)

    def _exchange(self, method: str, path: str, body: bytes, key: str, ends: float) -> ProReply:
        started = self._monotonic()
        seconds = ends - started
        if seconds <= 0:
            raise NotSentError(f"no time was left for {method} {path}")
        pool = self._pool_without_idle()
        _THIS_THREAD.is_too_late = lambda: self._monotonic() > ends
        try:
            with pool.urlopen(
                method,
                self._path + path,
                body=body or None,
                headers={**_HEADERS, "ocp-apim-subscription-key": key},
                timeout=Timeout(min(MAX_CONNECT_SECONDS, seconds), seconds),
                retries=False,  # urllib3's own would repeat a PUT
                redirect=False,
                preload_content=False,
            ) as response:
                wait = retry_after_seconds(response.headers.get("retry-after"), self._now())
                content = self._bounded_body(response, ends)
                response.release_conn()
                return ProReply(response.status, content, wait, round((self._monotonic() - started) * 1000))
        except HTTPError as error:
            if _was_never_sent(error):
                raise NotSentError(f"no connection to {self.base_url}: {type(error).__name__}") from error
            timed_out = isinstance(error, ReadTimeoutError) or "timed out" in str(error)
            raise NoReplyError(f"no reply to {method} {path}: {type(error).__name__}", timed_out=timed_out) from error

    def _pool_without_idle(self) -> HTTPConnectionPool:
        """Return the pool, new if it has been idle for long: a connection that a frozen function kept is often dead."""
        # The wall clock, because the monotonic clock may stand still in a frozen function.
        now = self._now()
        with self._lock:
            if now - self._used_at > MAX_IDLE:
                self._pool.close()
                self._pool = _pool(self.base_url)
            self._used_at = now
            return self._pool

    def _bounded_body(self, response: BaseHTTPResponse, ends: float) -> bytes:
        """Read the body piece by piece: the socket's own timeout never ends a body that arrives drop by drop."""
        body = bytearray()
        while piece := response.read1(1 << 16, decode_content=False):
            body += piece
            if len(body) > self._max_reply_bytes:
                raise NoReplyError(f"the reply is larger than {self._max_reply_bytes} bytes", timed_out=False)
            if self._monotonic() > ends:
                raise NoReplyError("the reply took too long", timed_out=True)
        return bytes(body)


def _valid_base_url(base_url: str) -> str:
    """Return `base_url` without a final slash. Raises `ConfigurationError` unless it is https or on the loopback."""
    parts = urlsplit(base_url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK_HOSTS)
    if not (secure and parts.hostname) or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(
            f"the PRO base URL {base_url!r} can't be used: give an https URL as https://api.electioapp.com, "
            "without a user, a query or a fragment"
        )
    return base_url.rstrip("/")


def _was_never_sent(error: HTTPError) -> bool:
    """Tell whether the request certainly never reached a server: the connection or the TLS handshake failed."""
    if isinstance(error, SSLError):
        return bool(error.args) and isinstance(error.args[0], SSLCertVerificationError)
    return isinstance(error, (NewConnectionError, ConnectTimeoutError))


class _ThisThread(threading.local):
    """Whether the call that this thread makes is out of time."""

    is_too_late: Callable[[], bool] = staticmethod(lambda: False)


_THIS_THREAD: Final = _ThisThread()


class _TimelyHTTPConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_late_call(self)


class _TimelyHTTPSConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        _refuse_late_call(self)


def _refuse_late_call(connection: HTTPConnection) -> None:
    """Refuse a connection that was made too late: name resolution has no timeout, and the caller has given up."""
    if _THIS_THREAD.is_too_late():
        connection.close()
        raise ConnectTimeoutError(connection, "the connection was made after the call's time")


class _TimelyHTTPPool(HTTPConnectionPool):
    ConnectionCls = _TimelyHTTPConnection


class _TimelyHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _TimelyHTTPSConnection


def _pool(base_url: str) -> HTTPConnectionPool:
    """Return connections to the configured host. No proxy, certificate or password comes from the environment."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return _TimelyHTTPPool(host, parts.port, maxsize=MAX_CONNECTIONS)
    return _TimelyHTTPSPool(
        host, parts.port, maxsize=MAX_CONNECTIONS, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
    )
