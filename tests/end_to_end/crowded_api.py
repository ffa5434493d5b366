"""The API's function behind HTTP, a process for each request, as Lambda has an environment for each.

The local AWS does the same, but every process takes a second of a processor's time to come up there: of fifty at once
most would not be up before API Gateway's patience ends. Here they are forked from one that is.

python -m tests.end_to_end.crowded_api CROWD
"""

import os
import sys
from http.server import HTTPServer
from multiprocessing import get_context
from socketserver import ForkingMixIn
from typing import Any

from tests.integration.handlers import Context, function
from tests.support.api_server import Handler

MOST = 128
PATIENCE_SECONDS = 60


class CrowdedServer(ForkingMixIn, HTTPServer):
    """Lets a crowd of requests come together before any is served."""

    max_children = request_queue_size = MOST

    def __init__(self, crowd: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.handler = function("allocation_api").handler
        self.all_there = get_context("fork").Barrier(crowd, timeout=PATIENCE_SECONDS)

    def reply(self, event: dict[str, Any]) -> dict[str, Any]:
        self.all_there.wait()
        reply: dict[str, Any] = self.handler(event, Context())
        return reply


def main() -> None:
    """Serves until it is ended. Of what it writes only the first line, its address, is meant for anyone."""
    with CrowdedServer(int(sys.argv[1])) as server:
        os.write(1, f"http://127.0.0.1:{server.server_address[1]}\n".encode())
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        server.serve_forever()


if __name__ == "__main__":
    main()
