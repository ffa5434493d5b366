"""The allocation API on the loopback: HTTP in, the function's own handler behind it, and a key at the door.

python -m tests.support.api_server   # tells its address, serves until its standard input ends, and logs nothing
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from types import SimpleNamespace
from typing import Any

from allocation.api.replies import api_error
from allocation.exact_json import written
from tests.support.allocation_api import Api, empty_tables, proxy_event, served_api
from tests.support.quick_aws import spare_repeated_work
from tests.support.speed import collect_seldom, with_room

KEY = "a-key-for-tests"
# More than a search for one page finds.
MAX_KEPT = 20


class Server(ThreadingHTTPServer):
    """Serves one API; `address` is its base URL."""

    daemon_threads = True

    def __init__(self, api: Api) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.api = api
        self.resolver = api.resolver
        self.numbers = count(1)
        self.lock = Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def reply(self, event: dict[str, Any]) -> dict[str, Any]:
        context: Any = SimpleNamespace()
        with self.lock:  # moto does not imitate what happens at once
            event["requestContext"]["requestId"] = f"request-{next(self.numbers)}"
            reply: dict[str, Any] = with_room(self.resolver.resolve, event, context)
        found = self.api.faults_of(event, reply)
        return {**reply, "statusCode": 500, "body": written(found)} if found else reply


class _ForgetfulServer(Server):
    """Begins with empty tables again and again: searches over all that was created take longer with each request."""

    created = 0

    def reply(self, event: dict[str, Any]) -> dict[str, Any]:
        if self.created > MAX_KEPT:
            with self.lock:
                empty_tables()
                self.created = 0
        reply = super().reply(event)
        self.created += reply["statusCode"] == 201
        return reply


class Handler(BaseHTTPRequestHandler):
    """Hands each request over as API Gateway does, the authorizer's part included, and to its server's `reply`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two packets: the second would wait 40 ms for the first's ACK

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = dict(self.headers.items()) | {"X-Forwarded-Proto": "http", "Host": self.headers.get("host", "")}
        named = {name.lower(): value for name, value in headers.items()}
        if named.get("ocp-apim-subscription-key") != KEY and self.path != "/health":
            self.answer(401, {"Content-Type": ["application/json"]}, written(api_error("Unauthorized", "No key.", "0")))
            return
        event = proxy_event(self.command, self.path, body.decode("utf-8", "surrogateescape"), {}, "request")
        event["headers"] = headers
        event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
        replying: Any = self.server
        reply = replying.reply(event)
        self.answer(reply["statusCode"], reply["multiValueHeaders"], reply["body"])

    def answer(self, status: int, headers: dict[str, list[str]], body: str) -> None:
        payload = body.encode()
        self.send_response(status)
        for name, values in headers.items():
            self.send_header(name, values[0])
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = do_TRACE = do_QUERY = serve  # noqa: N815 - the base's


@contextmanager
def served(api: Api, kind: type[Server] = Server) -> Iterator[str]:
    """The base URL of the API, as long as the block lasts."""
    server = kind(api)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serves an API of its own."""
    logging.disable()
    collect_seldom()
    spare_repeated_work()
    with served_api() as api, served(api, _ForgetfulServer) as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
