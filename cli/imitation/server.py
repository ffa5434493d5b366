"""Serves the imitation of SortedPRO over HTTP, on a socket that its starter has opened.

As a process: `python -m cli.imitation.server SOCKET`, with the subscription key in `PRO_KEY`.
"""

import hmac
import json
import os
import socket
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cli.imitation.answers import answer
from cli.imitation.consignments import ImitatedPro

_UNAUTHORIZED = (401, {"statusCode": 401, "message": "Access denied due to invalid subscription key."})
_UNREADABLE = (400, {"Code": "ValidationException", "Message": "The body is not as documented.", "Details": []})
_BROKEN = (ValueError, LookupError, TypeError, AttributeError)


def server_on(listening: socket.socket, key: str) -> ThreadingHTTPServer:
    """Return a server that answers whoever has the key, once it serves."""
    server = ThreadingHTTPServer(listening.getsockname(), BaseHTTPRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    host, port = listening.getsockname()
    server.RequestHandlerClass = partial(_Handler, ImitatedPro(f"http://{host}:{port}"), key)
    return server


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    # Without it Nagle's algorithm holds the body of a small reply back for 40 ms.
    disable_nagle_algorithm = True

    def __init__(self, pro: ImitatedPro, key: str, *arguments: Any) -> None:
        self._pro = pro
        self._key = key
        super().__init__(*arguments)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the emulator's log is for the functions."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, document = self._answer(body)
        reply = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def _answer(self, body: bytes) -> tuple[int, Any]:
        given = self.headers.get("ocp-apim-subscription-key") or ""
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            return _UNAUTHORIZED
        try:
            return answer(self._pro, self.command, self.path, json.loads(body or b"null"))
        except _BROKEN:
            return _UNREADABLE

    do_GET = do_PUT = do_POST = _serve  # noqa: N815 - the base class's names


if __name__ == "__main__":
    server_on(socket.socket(fileno=int(sys.argv[1])), os.environ["PRO_KEY"]).serve_forever()
