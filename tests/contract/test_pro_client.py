"""HTTP with SortedPRO over real sockets: sent once, bounded in time and size, to one host only."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.pro.client import (
    MAX_IDLE,
    MAX_REPLY_BYTES,
    NoReplyError,
    NotSentError,
    ProClient,
    ProReply,
)
from allocation.pro.credentials import FETCH_PAUSE_SECONDS, KeyUnavailableError
from tests.support.pro_clients import client_at
from tests.support.pro_faults import Fault
from tests.support.pro_server import KEY, ProServer

PATH = "/allocation/allocate"
BODY = b'{"ConsignmentReferences": ["EC-000-000-AAA"]}'


@pytest.fixture
def pro() -> Iterator[ProServer]:
    with ProServer() as server:
        yield server


def put(client: ProClient, seconds: float = 5) -> ProReply:
    return client.call("PUT", PATH, BODY, seconds)


def test_every_call_carries_the_documented_headers(pro: ProServer) -> None:
    reply = put(client_at(pro.url))

    assert reply.status == 200
    assert pro.bodies == [{"ConsignmentReferences": ["EC-000-000-AAA"]}]
    sent = pro.headers[0]
    assert {name: sent[name] for name in sent if name not in ("host", "content-length", "connection")} == {
        "ocp-apim-subscription-key": KEY,
        "electio-api-version": "1.1",
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "carrier-allocation",
    }


def test_one_connection_serves_one_call_after_the_other(pro: ProServer) -> None:
    client = client_at(pro.url)

    for _ in range(3):
        put(client)

    assert pro.connections == 1


@pytest.mark.parametrize("kind", ["reset", "truncated", "503", "429"])
@pytest.mark.parametrize("before", [True, False])
def test_a_call_that_fails_is_sent_once(pro: ProServer, kind: str, before: bool) -> None:
    pro.faults.script(Fault(kind, before, retry_after="0"))

    with suppress(NoReplyError):
        put(client_at(pro.url))

    assert len(pro.requests) == 1


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_reply_that_never_ends_is_abandoned_in_time(pro: ProServer, kind: str) -> None:
    pro.faults.script(Fault(kind, seconds=30))

    with pytest.raises(NoReplyError) as raised:
        put(client_at(pro.url), seconds=0.3)

    assert raised.value.timed_out
    assert len(pro.requests) == 1


def test_a_refused_connection_was_never_sent(pro: ProServer) -> None:
    client = client_at(pro.url)
    pro.stop()

    with pytest.raises(NotSentError):
        put(client)


def test_a_connection_that_died_while_idle_is_replaced(pro: ProServer) -> None:
    client = client_at(pro.url)
    pro.faults.script(Fault("dead_keep_alive"))
    put(client)
    assert pro.closed.acquire(timeout=5)

    assert put(client).status == 200
    assert (len(pro.requests), pro.connections) == (2, 2)


def test_a_reply_that_is_too_large_is_not_read_to_its_end(pro: ProServer) -> None:
    pro.faults.script(Fault("huge"))

    with pytest.raises(NoReplyError, match=f"larger than {MAX_REPLY_BYTES} bytes"):
        put(client_at(pro.url))


def test_a_redirect_is_a_reply_and_is_not_followed(pro: ProServer) -> None:
    with ProServer() as elsewhere:
        pro.faults.script(Fault("redirect", location=f"{elsewhere.url}{PATH}"))

        assert put(client_at(pro.url)).status == 302
        assert elsewhere.requests == []


@pytest.mark.parametrize("location", ["http://[", "https://\xe2\x84\x80.example/", "/allocation/allocate"])
def test_a_redirect_to_nowhere_is_a_reply_like_any_other(pro: ProServer, location: str) -> None:
    pro.faults.script(Fault("redirect", location=location))

    assert put(client_at(pro.url)).status == 302


def test_a_redirect_that_is_too_large_is_not_read_to_its_end(pro: ProServer) -> None:
    pro.faults.script(Fault("huge_redirect"))

    with pytest.raises(NoReplyError, match=f"larger than {MAX_REPLY_BYTES} bytes"):
        put(client_at(pro.url))


def test_proxies_of_the_environment_are_not_used(pro: ProServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with ProServer() as proxy:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)

        assert put(client_at(pro.url)).status == 200
        assert proxy.requests == []


def test_retry_after_comes_with_the_reply(pro: ProServer) -> None:
    pro.faults.script(Fault("429", before=True, retry_after="Mon, 23 Nov 2026 12:00:30 GMT"))
    client = client_at(pro.url, now=lambda: datetime(2026, 11, 23, 12, 0, tzinfo=UTC))

    reply = put(client)

    assert (reply.status, reply.retry_after_seconds) == (429, 30)


class Keys:
    """A secret that changes, and how often it was fetched."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.fetched = 0

    def __call__(self) -> str:
        self.fetched += 1
        return self.keys.pop(0) if len(self.keys) > 1 else self.keys[0]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_key_is_fetched_once(pro: ProServer) -> None:
    keys = Keys(KEY)
    client = client_at(pro.url, keys)

    put(client)
    put(client)

    assert keys.fetched == 1


def test_a_rotated_key_is_fetched_again_and_the_call_sent_again(pro: ProServer) -> None:
    clock, keys = Clock(), Keys("old-key", KEY)
    client = client_at(pro.url, keys, monotonic=clock)
    client.call("GET", "/_fake/allocations", b"", 5)
    clock.now += FETCH_PAUSE_SECONDS

    assert put(client).status == 200
    assert [headers["ocp-apim-subscription-key"] for headers in pro.headers[1:]] == ["old-key", KEY]


def test_a_key_that_stays_wrong_is_not_fetched_for_every_call(pro: ProServer) -> None:
    clock, keys = Clock(), Keys("wrong")
    client = client_at(pro.url, keys, monotonic=clock)
    put(client)
    clock.now += FETCH_PAUSE_SECONDS

    statuses = [put(client).status for _ in range(5)]

    assert statuses == [401] * 5
    assert keys.fetched == 2
    assert len(pro.requests) == 6


@pytest.mark.parametrize("error", [RetryableError("Secrets Manager is down"), ConfigurationError("no usable key")])
def test_without_a_key_nothing_is_sent_and_fetching_is_not_repeated_at_once(pro: ProServer, error: Exception) -> None:
    fetched = []

    def key() -> str:
        fetched.append(1)
        raise error

    client = client_at(pro.url, key, monotonic=Clock())
    for _ in range(3):
        with pytest.raises(KeyUnavailableError):
            put(client)

    assert len(fetched) == 1
    assert pro.requests == []


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.electioapp.com",
        "ftp://api.electioapp.com",
        "api.electioapp.com",
        "https://",
        "https://user@api.electioapp.com",
        "https://api.electioapp.com?x=1",
        "http://127.0.0.1.example.com",
    ],
)
def test_a_base_url_that_would_expose_the_key_is_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError, match="give an https URL"):
        client_at(base_url)


def test_a_base_url_may_have_a_path() -> None:
    assert client_at("https://example.com/pro/").base_url == "https://example.com/pro"


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback with a self-signed certificate, and the requests that it received."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seen.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed_certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def self_signed_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_server_with_an_untrusted_certificate_gets_no_request(
    impostor: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url, seen = impostor
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "certificate.pem"))

    with pytest.raises(NotSentError, match="SSLError"):
        put(client_at(url))

    assert seen == []


def answered_with(wire: bytes) -> ProReply:
    """Return what the client reads from these bytes, sent as the whole reply to one call."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1 << 16)
                with suppress(OSError):
                    connection.sendall(wire)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)

        thread = Thread(target=serve)
        thread.start()
        try:
            return put(client_at(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        finally:
            thread.join()


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n123",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MAX_REPLY_BYTES + 1),
    ],
)
def test_an_incomplete_http_reply_is_a_lost_reply(wire: bytes) -> None:
    with pytest.raises(NoReplyError):
        answered_with(wire)


def test_a_compressed_body_is_not_decompressed() -> None:
    assert answered_with(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8bzip").body == b"\x1f\x8bzip"


@given(st.one_of(st.binary(), st.binary().map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)))
def test_any_bytes_on_the_wire_are_a_reply_or_a_no_reply_error(wire: bytes) -> None:
    with suppress(NoReplyError):
        answered_with(wire)


def test_a_call_whose_name_resolution_takes_too_long_is_never_sent(
    pro: ProServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller has given up and read PRO's state by then. A late call would allocate without its knowledge."""
    look_up, now = socket.getaddrinfo, [0.0]

    def slow(*arguments: object, **options: object) -> object:
        now[0] += 10
        return look_up(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    client = client_at(pro.url, monotonic=lambda: now[0])

    with pytest.raises(NotSentError):
        put(client, seconds=5)
    assert pro.requests == []


def test_a_connection_that_was_idle_for_long_is_not_used_again(pro: ProServer) -> None:
    """A connection that a frozen function kept is often dead, and a call over it leaves its outcome in doubt."""
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    clock = [now]
    client = client_at(pro.url, now=lambda: clock[0])
    put(client)
    clock[0] = now + MAX_IDLE
    put(client)
    assert pro.connections == 1
    clock[0] += MAX_IDLE + timedelta(microseconds=1)
    put(client)
    assert (pro.connections, len(pro.requests)) == (2, 3)


def test_a_login_of_the_environment_is_not_sent(
    pro: ProServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logins = tmp_path / "netrc"
    logins.write_text("machine 127.0.0.1 login somebody password secret\n")
    logins.chmod(0o600)
    monkeypatch.setenv("NETRC", str(logins))

    put(client_at(pro.url))

    assert "authorization" not in pro.headers[0]
