"""The calls of a function to AWS, recorded and sent again as they are, by a client that decides nothing."""

import http.client
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from tests.benchmarks.events import Event

_REFERENCE: Final = re.compile(r"EC-\w{3}-\w{3}-\w{3}|WEB-\d{9}")
# The token of a transaction, which stands for one content only.
_TOKEN: Final = re.compile(r'("ClientRequestToken": ?")[^"]+')

Call = tuple[dict[str, str], str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The calls of a batch of orders and of the changes that it makes, and the references that they have."""

    orders: Sequence[Call]
    changes: Sequence[Call]
    references: Sequence[str]


class Replay:
    """Answers an event by sending recorded calls, with the references of that event. It decides nothing."""

    def __init__(self, address: str, recorded: Recorded, calls: Sequence[Call]) -> None:
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"))
        self._calls = [(_kept(headers), body) for headers, body in calls]
        self._references = recorded.references

    def __call__(self, event: Event) -> Any:
        """Send the calls once for each batch that the event has the size of."""
        references = references_in(event)
        step = len(self._references)
        for begin in range(0, len(references), step):
            renamed = dict(zip(self._references, references[begin : begin + step], strict=False))
            for headers, body in self._calls:
                self._send(headers, _renamed(body, renamed))
        return {"batchItemFailures": []}

    def _send(self, headers: Mapping[str, str], body: str) -> None:
        self._connection.request("POST", "/", body.encode(), dict(headers))
        reply = self._connection.getresponse()
        answered = reply.read()
        if reply.status != 200:
            raise ValueError(f"the emulator refused a recorded call: {answered.decode()[:300]}")


def _renamed(body: str, names: Mapping[str, str]) -> str:
    """Return a request with other references, and a token of its own where it has one."""
    body = _TOKEN.sub(lambda found: f"{found[1]}{uuid4()}", body)
    return _REFERENCE.sub(lambda found: names.get(found[0], found[0]), body)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in ("x-amz-target", "content-type", "authorization") if name in headers}


def references_in(event: Event) -> list[str]:
    """Return the references of orders and consignments in an event, each once, in their order."""
    return list(dict.fromkeys(_REFERENCE.findall(json.dumps(event))))
