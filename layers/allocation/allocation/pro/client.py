"""HTTP with SortedPRO: one request is sent once, with a limit on its time and on its reply's size.

Retries are not made here, but for a key that was rotated: only the caller knows what it may repeat.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLCertVerificationError
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.pro.connections import CALL, OnceAdapter
from allocation.pro.credentials import KeySource
from allocation.pro.retry_after import retry_after_seconds

MAX_REPLY_BYTES: Final = 256 << 10
"""A summary has about 1 KiB, a consignment as much for each package; the worst JSON of this size is read in 0.1 s."""
CONNECT_SECONDS: Final = 2.0
FETCH_PAUSE_SECONDS: Final = 10.0
MAX_IDLE: Final = timedelta(seconds=20)
"""A connection unused for longer is not used again: a call that dies with it would leave its outcome in doubt."""
LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})
HEADERS: Final = {
    "electio-api-version": "1.1",
    "content-type": "application/json",
    "accept": "application/json",
    # Compressed replies could unfold to any size; these are small.
    "accept-encoding": "identity",
    "user-agent": "carrier-allocation",
}


class NotSentError(RetryableError):
    """PRO never saw the request: no connection came about."""


class NoReplyError(RetryableError):
    """PRO may have seen the request and done the work; its reply was lost. `timed_out`: it may be at it still."""

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class KeyUnavailableError(RetryableError):
    """There is no key to call PRO with."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What PRO answered, unread. `retry_after_seconds` is its wish to be left alone, within bounds."""

    status: int
    body: bytes = b""
    retry_after_seconds: int | None = None
    milliseconds: int = 0
    """From the request's start to the last byte of the reply."""


class ProClient:
    """Calls PRO at one base URL, from several threads at once."""

    def __init__(
        self,
        base_url: str,
        key: KeySource,
        *,
        connections: int = 10,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keeps up to `connections` open for reuse. Raises `ConfigurationError` for a base URL that is not https."""
        self.base_url = valid_base_url(base_url)
        self.connections = connections
        self._key = _Key(key, monotonic)
        self._monotonic = monotonic
        self._now = now
        self._session = _session(connections)
        self._lock = Lock()
        self._used_at = now()

    def call(self, method: str, path: str, body: bytes, seconds: float) -> Reply:
        """Sends one request and reads its reply, in at most about `seconds`.

        A 401 fetches the key afresh and, if it has changed, sends the request once more. Raises `NotSentError`,
        `NoReplyError` or `KeyUnavailableError`; a status of any kind is a reply.
        """
        ends = self._monotonic() + seconds
        key = self._key.current()
        reply = self._exchange(method, path, body, key, ends)
        if reply.status != requests.codes.unauthorized:
            return reply
        renewed = self._key.instead_of(key)
        return reply if renewed == key else self._exchange(method, path, body, renewed, ends)

    def _exchange(self, method: str, path: str, body: bytes, key: str, ends: float) -> Reply:
        started = self._monotonic()
        seconds = ends - started
        if seconds <= 0:
            raise NotSentError(f"no time was left for {method} {path}")
        self._drop_idle_connections()
        CALL.is_over = lambda: self._monotonic() > ends
        try:
            with self._session.request(
                method,
                self.base_url + path,
                data=body,
                headers={"ocp-apim-subscription-key": key},
                timeout=(min(CONNECT_SECONDS, seconds), seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                wish = retry_after_seconds(response.headers.get("retry-after"), self._now())
                content = self._bounded_body(response, ends)
                return Reply(response.status_code, content, wish, round((self._monotonic() - started) * 1000))
        except (requests.RequestException, HTTPError) as error:
            if was_never_sent(error):
                raise NotSentError(f"no connection to {self.base_url}: {type(error).__name__}") from error
            timed_out = isinstance(error, requests.Timeout) or "timed out" in str(error)
            raise NoReplyError(f"no reply to {method} {path}: {type(error).__name__}", timed_out=timed_out) from error

    def _drop_idle_connections(self) -> None:
        """Ends what has not been used for a while: a connection that a frozen function kept is often dead.

        By the wall clock, for the other may stand still in a frozen function.
        """
        now = self._now()
        with self._lock:
            if now - self._used_at > MAX_IDLE:
                self._session.close()
            self._used_at = now

    def _bounded_body(self, response: requests.Response, ends: float) -> bytes:
        """The body, read piece by piece: the socket's own timeout never ends a body that drips on."""
        body = bytearray()
        while piece := response.raw.read1(1 << 16, decode_content=False):
            body += piece
            if len(body) > MAX_REPLY_BYTES:
                raise NoReplyError(f"the reply is larger than {MAX_REPLY_BYTES} bytes", timed_out=False)
            if self._monotonic() > ends:
                raise NoReplyError("the reply took too long", timed_out=True)
        return bytes(body)


class _Key:
    """The key in use, shared by all threads: fetched when it is first needed, and again when PRO rejects it.

    It is never fetched twice within `FETCH_PAUSE_SECONDS`, so that ten threads without a key do not wait ten times.
    """

    def __init__(self, source: KeySource, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._lock = Lock()
        self._key: str | None = None
        self._fetched_at = float("-inf")

    def current(self) -> str:
        """The key in use. Raises `KeyUnavailableError`."""
        return self.instead_of(None)

    def instead_of(self, rejected: str | None) -> str:
        """The key to use where `rejected` can't be; the same one if there is no other. Raises `KeyUnavailableError`."""
        with self._lock:
            if self._key == rejected and self._monotonic() - self._fetched_at >= FETCH_PAUSE_SECONDS:
                self._fetched_at = self._monotonic()
                self._key = self._fetch()
            if self._key is None:
                raise KeyUnavailableError("there is no PRO subscription key: fetching it failed moments ago")
            return self._key

    def _fetch(self) -> str:
        try:
            return self._source()
        except (RetryableError, ConfigurationError) as error:
            raise KeyUnavailableError(str(error)) from error


def valid_base_url(base_url: str) -> str:
    """`base_url` without a final slash. Raises `ConfigurationError` for one that is not https, loopback apart."""
    parts = urlsplit(base_url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not (secure and parts.hostname) or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(
            f"the PRO base URL {base_url!r} can't be used: give an https URL as https://api.electioapp.com, "
            "without a user, a query or a fragment"
        )
    return base_url.rstrip("/")


def was_never_sent(error: Exception) -> bool:
    """Tells whether the request surely never reached a server: the connection or the TLS handshake failed."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, SSLError):
        return bool(reason.args) and isinstance(reason.args[0], SSLCertVerificationError)
    return isinstance(reason, (NewConnectionError, ConnectTimeoutError))


class _Session(requests.Session):
    """A session to which no reply is a redirect. To find out where one leads, requests would read its whole body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


def _session(connections: int) -> requests.Session:
    session = _Session()
    # No proxies, .netrc or certificate bundles out of the environment: only the configured host, verified as built in.
    session.trust_env = False
    session.headers = requests.structures.CaseInsensitiveDict(HEADERS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = OnceAdapter(connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
