"""A fake SortedPRO over real HTTP that keeps state and misbehaves on demand.

In a test: `with ProServer() as pro: ... pro.url, pro.state.allocations, pro.faults.script(Fault("reset"))`.
As a process: `python -m tests.support.pro_server --port 8080 --fault-chance 0.2`; `GET /_fake/allocations` tells how
often each consignment was really allocated.
"""

import argparse
import json
import socket
import struct
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Semaphore, Thread
from typing import Any, Final

from cli.imitation.answers import answer
from tests.support.pro_faults import ITEMS_FAILED, Fault, Faults, Wire
from tests.support.pro_state import ProState

KEY: Final = "fake-subscription-key"
DRIP_SECONDS: Final = 0.02
POLL_SECONDS: Final = 0.02


class ProServer:
    """A server that answers in threads from its construction until its context ends. Hanging replies end then, too."""

    def __init__(
        self, port: int = 0, key: str = KEY, faults: Faults | None = None, work: Callable[[], object] = lambda: None
    ) -> None:
        self.key = key
        # Of every request, in order: method and path, headers by name in lower case, and the JSON body or None.
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[Any] = []
        self.connections = 0
        # Released once for every connection that the server has closed.
        self.closed = Semaphore(0)
        self.closing = Event()
        self._accepting = Event()
        self._accepting.set()
        self._refused = Event()
        self._reopened = Event()
        self._refused_seconds = 0.0
        self._lock = Lock()
        self._listener = _Listener(self, port)
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        self.state = ProState(self.url, work=work)
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.faults = faults or Faults()

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        faults.refuse = self.refuse
        self._faults = faults

    def __enter__(self) -> "ProServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close everything. Connections are refused from then on."""
        with self._lock:
            self.closing.set()
            self._reopened.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.end_connections()
        self._listener.server_close()

    def refuse(self, seconds: float) -> None:
        """Refuse new connections for so long, starting before this returns. There is one refusal at a time."""
        with self._lock:
            if self._accepting.is_set() and not self.closing.is_set():
                self._accepting.clear()
                self._refused.clear()
                self._reopened.clear()
                self._refused_seconds = seconds
                self._listener.shutdown()
                self._refused.wait()

    def accept(self) -> None:
        """End a refusal. Return when connections are accepted."""
        self._reopened.set()
        self._accepting.wait()

    def _serve(self) -> None:
        while True:
            self._listener.serve_forever(POLL_SECONDS)
            self._listener.close_port()
            self._refused.set()
            self._reopened.wait(self._refused_seconds)
            if self.closing.is_set():
                return
            self._listener.server_activate()
            self._accepting.set()

    def wait(self) -> None:
        """Return when the server has stopped."""
        self._thread.join()

    def calls(self, method: str) -> list[str]:
        """Return the paths of the requests with this method."""
        return [path for seen, path in self.requests if seen == method]

    def answer(self, method: str, path: str, document: Any, key: str | None) -> tuple[Wire, Fault | None]:
        """Do the work of one request, unless a fault comes before it. Return the reply as the fault leaves it."""
        if path == "/_fake/allocations":
            return _wire(200, dict(self.state.allocations)), None
        if key != self.key:
            return _wire(401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."}), None
        fault = self.faults.next(path)
        if fault is None:
            return work(self.state, method, path, document), None
        reply = (
            self._undone(fault, method, path, document) if fault.before else work(self.state, method, path, document)
        )
        return fault.strike(reply), fault

    def _undone(self, fault: Fault, method: str, path: str, document: Any) -> Wire:
        """Return what a fault before the work strikes: items of a PRO that forgets them, or nothing."""
        if fault.kind not in ITEMS_FAILED:
            return _wire(500, {})
        return work(ProState(self.url) if method == "PUT" else self.state, method, path, document)


def work(state: ProState, method: str, path: str, document: Any) -> Wire:
    """Return what a PRO without faults answers. The work is done on `state`."""
    return _wire(*answer(state, method, path, document))


def _wire(status: int, document: Any) -> Wire:
    return Wire(status, json.dumps(document).encode())


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, pro: ProServer, port: int) -> None:
        self.pro = pro
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__(("127.0.0.1", port), partial(_Handler, pro))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        self.pro.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)
        self.pro.closed.release()

    def close_port(self) -> None:
        """Refuse connections until `server_activate`: the port is kept, and nobody listens on it."""
        self.socket.close()
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()

    def end_connections(self) -> None:
        """End the connections that clients keep alive, so that the threads that read from them end."""
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it Nagle's algorithm holds the body of a small reply back for 40 ms.
    disable_nagle_algorithm = True

    def __init__(self, pro: ProServer, *arguments: Any) -> None:
        self.pro = pro
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Keep a test's output clean."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        document = json.loads(body or b"null")
        self.pro.requests.append((self.command, self.path))
        self.pro.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.pro.bodies.append(document)
        key = self.headers.get("ocp-apim-subscription-key")
        reply, fault = self.pro.answer(self.command, self.path, document, key)
        self._send(reply, fault.seconds if fault else 0)

    def _send(self, reply: Wire, seconds: float) -> None:
        match reply.ending:
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            case "hang":
                self.pro.closing.wait(seconds)
                self.close_connection = True
                return
            case "cut":
                self._write(reply, reply.body[: len(reply.body) // 2])
            case "drip":
                self._drip(reply, seconds)
            case "closed_later":
                self._write(reply, reply.body)
            case "whole":
                self._write(reply, reply.body)
                return
        self.close_connection = True

    def _write(self, reply: Wire, body: bytes) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, reply: Wire, seconds: float) -> None:
        """Send blanks, which JSON allows, for `seconds`, and then the body."""
        blanks = int(seconds / DRIP_SECONDS)
        self._write(Wire(reply.status, b" " * blanks + reply.body, reply.headers), b"")
        for _ in range(blanks):
            self.wfile.write(b" ")
            if self.pro.closing.wait(DRIP_SECONDS):
                return
        self.wfile.write(reply.body)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.pro_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--fault-chance", type=float, default=0.0, metavar="0..1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hang-seconds", type=float, default=30.0)
    parser.add_argument("--work-seconds", type=float, default=0.0, help="time for one consignment's allocation")
    options = parser.parse_args()
    faults = Faults(options.fault_chance, options.seed, hang_seconds=options.hang_seconds)
    with ProServer(options.port, options.key, faults, partial(time.sleep, options.work_seconds)) as pro:
        print(pro.url, flush=True)  # noqa: T201
        try:
            pro.wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
