"""Connections of our own clients: kept, found dead, broken off, slow, refused; against a server on this machine."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from allocation.aws.calls import connections
from allocation.aws.calls.connections import Connections, Patience, RawReply, SignedRequest, while_waiting

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}"
CLOSING = GOOD.replace(b"X-A: b", b"Connection: close")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
TOO_SHORT = GOOD.replace(b"Length: 2", b"Length: 9")
SILENT = b""
pytestmark = pytest.mark.enable_socket


@dataclass
class Server:
    """Answers what it was given, one after another. After `None` it closes the connection."""

    answers: list[bytes | None] = field(default_factory=list)
    accepted: int = 0
    requests: list[bytes] = field(default_factory=list)

    def start(self) -> int:
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self.listener.getsockname()[1])

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.accepted += 1
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            while True:
                request = connection.recv(65536)
                if not request:
                    return
                self.requests.append(request)
                answer = self.answers.pop(0)
                if answer is None:
                    return
                connection.sendall(answer)
                if answer in (TOO_SHORT, CLOSING):
                    return


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    yield found
    found.listener.close()


@pytest.fixture
def to(server: Server) -> Callable[..., Connections]:
    def made(*answers: bytes | None, seconds: float = 5) -> Connections:
        server.answers = list(answers)
        return Connections("http", "127.0.0.1", server.start(), Patience(1, seconds, 1))

    return made


def asked(of: Connections) -> RawReply:
    return of.exchange(SignedRequest("POST", "a.host", "/", {"x-amz-target": "A.B"}, b"{}"))


def test_a_request_is_sent_whole_and_its_connection_kept(server: Server, to: Callable[..., Connections]) -> None:
    there = to(GOOD, CHUNKED, GOOD)
    assert [asked(there) for _ in range(3)] == [
        RawReply(200, {"content-length": "2", "x-a": "b"}, b"{}"),
        RawReply(200, {"transfer-encoding": "chunked"}, b"{}"),
        RawReply(200, {"content-length": "2", "x-a": "b"}, b"{}"),
    ]
    assert server.accepted == 1
    assert server.requests[0] == b"POST / HTTP/1.1\r\nHost: a.host\r\nx-amz-target: A.B\r\nContent-Length: 2\r\n\r\n{}"


def test_work_is_done_between_a_request_and_its_reply() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = Connections("http", "127.0.0.1", listener.getsockname()[1], Patience(1, 1, 1))

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                assert connection.recv(65536).endswith(b"{}")
                connection.sendall(GOOD)

        with while_waiting(answer):
            assert asked(there).body == b"{}"


def test_work_is_done_for_the_first_request_of_its_block(to: Callable[..., Connections]) -> None:
    there, done = to(GOOD, GOOD, GOOD), []
    with while_waiting(lambda: done.append("asked twice")):
        asked(there)
        asked(there)
    with while_waiting(lambda: done.append("never asked")):
        pass
    asked(there)
    assert done == ["asked twice"]


def test_a_connection_that_its_server_closed_is_not_used(server: Server, to: Callable[..., Connections]) -> None:
    there = to(CLOSING, GOOD)
    asked(there)
    asked(there)
    assert server.accepted == 2


def test_a_kept_connection_that_died_is_found_dead(server: Server, to: Callable[..., Connections]) -> None:
    there = to(GOOD, GOOD)
    asked(there)
    # The server closes it while nobody asks, as AWS does after some seconds.
    kept = there._idle[0].sock
    kept.shutdown(socket.SHUT_WR)
    assert kept.recv(1, socket.MSG_PEEK) == b""
    asked(there)
    assert server.accepted == 2


def test_what_waited_beside_a_connection_that_died_is_not_used(to: Callable[..., Connections]) -> None:
    there = to(GOOD, None)
    asked(there)
    beside = HTTPConnection("a.host")
    beside.sock, far = socket.socketpair()
    there._idle.appendleft(beside)
    with far, pytest.raises(ConnectionClosedError):
        asked(there)
    assert not there._idle
    assert beside.sock is None


@pytest.mark.parametrize(
    ("answer", "error"), [(None, ConnectionClosedError), (TOO_SHORT, ConnectionClosedError), (SILENT, ReadTimeoutError)]
)
def test_what_ends_without_a_reply_is_botocores_error(
    to: Callable[..., Connections], answer: bytes | None, error: type[BotoCoreError]
) -> None:
    there = to(answer, seconds=0.05)
    with pytest.raises(error):
        asked(there)
    assert not there._idle


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(EndpointConnectionError):
        asked(Connections("http", "127.0.0.1", port, Patience(1, 1, 1)))


def test_a_server_that_speaks_no_tls_is_refused(to: Callable[..., Connections]) -> None:
    there = to(GOOD)
    connections._tls.cache_clear()
    with pytest.raises(SSLError):
        asked(Connections("https", "127.0.0.1", int(there.url.rpartition(":")[2]), Patience(1, 1, 1)))


def test_hosts_are_verified() -> None:
    found = connections._tls()
    assert (found.verify_mode, found.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert found.cert_store_stats()["x509_ca"] > 100


def test_an_object_is_read_in_pieces_and_its_connection_kept(server: Server, to: Callable[..., Connections]) -> None:
    there = to(GOOD, GOOD, TOO_SHORT)
    for _ in range(2):
        stream = there.exchange(SignedRequest("GET", "a", "/", {}, b""), streams=True).stream
        assert stream
        assert [stream.read(1), stream.read(9), stream.read(9), stream.read(9)] == [b"{", b"}", b"", b""]
    assert server.accepted == 1
    broken = there.exchange(SignedRequest("GET", "a", "/", {}, b""), streams=True).stream
    assert broken
    assert broken.read(9) == b"{}"
    with pytest.raises(ConnectionClosedError):
        broken.read(9)
