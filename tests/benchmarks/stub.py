"""AWS and SortedPRO as the functions of `make bench` see them: a process that waits as long as they do, and counts.

An AWS call takes 5 ms, one of SortedPRO 100 ms and 10 ms a consignment. What is charged is counted by the meter of
`carrier cost`. Nothing that is looked for is there, but for what the stub was given and the catalogues that were kept.

`python -m tests.benchmarks.stub` prints its port. `/_bench/...` is for the bench itself.
"""

import asyncio
import base64
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from math import ceil
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from cli.cost.metering import Meter
from cli.cost.prices import Used
from cli.imitation.answers import answer
from cli.imitation.consignments import ImitatedPro

AWS_SECONDS: Final = 0.005
PRO_SECONDS: Final = 0.100
PRO_SECONDS_EACH: Final = 0.010
# The table whose items are found again: a catalogue is kept once, not by every process.
_REMEMBERED: Final = "CataloguesTable"
_CHUNK_BYTES: Final = 64 * 1024
_CAMEL: Final = re.compile(r"(?<!^)(?=[A-Z])")
_JSON: Final = "application/x-amz-json-1.0"

Reply = tuple[int, str, bytes, dict[str, str]]


@dataclass
class Stub:
    """What was asked, and what is there."""

    meter: Meter = field(default_factory=Meter)
    requests: Counter[str] = field(default_factory=Counter)
    bytes_received: Counter[str] = field(default_factory=Counter)
    objects: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    kept: list[dict[str, Any]] = field(default_factory=list)
    # The requests to AWS as they came, for who sends them elsewhere: their headers and their bodies.
    calls: list[tuple[dict[str, str], str]] = field(default_factory=list)
    pro: ImitatedPro = field(default_factory=ImitatedPro)

    def taken(self) -> dict[str, Any]:
        """Return what was counted since the last time, and the items that were written to records."""
        meter, self.meter = self.meter, Meter()
        counted = {
            "used": {used.name: float(amount) for used, amount in meter.used.items()},
            "requests": dict(self.requests),
            "bytes": dict(self.bytes_received),
            "items": [[table, as_json(item)] for table, item in meter.items],
            "calls": self.calls,
        }
        self.requests, self.bytes_received, self.calls = Counter(), Counter(), []
        self.pro = ImitatedPro()
        return counted


def aws_reply(stub: Stub, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    """Answer one request of an AWS SDK."""
    target = headers.get("x-amz-target", "")
    stub.calls.append((headers, body.decode(errors="replace")))
    service, _, operation = target.partition(".")
    if not target:
        return _s3(stub, method, path) if b"Action=" not in body else _sns(stub, body)
    stub.requests[f"{service.partition('_')[0]}.{operation}"] += 1
    stub.bytes_received[service.partition("_")[0]] += len(body)
    if service.startswith("DynamoDB"):
        return _dynamodb(stub, operation, json.loads(body))
    if service == "secretsmanager":
        name = json.loads(body)["SecretId"]
        return 200, _JSON, json.dumps({"Name": name, "SecretString": stub.secrets.get(name, "key")}).encode(), {}
    return 200, _JSON, b"{}", {}


def _dynamodb(stub: Stub, operation: str, request: dict[str, Any]) -> Reply:
    request = _with_bytes(request)
    name = _CAMEL.sub("_", operation).lower()
    reply = getattr(stub.meter.client("dynamodb"), name)(**request)
    if request.get("TableName") == _REMEMBERED:
        if operation == "PutItem":
            stub.kept.append(request["Item"])
        if operation == "GetItem":
            found = [item for item in stub.kept if _has(item, request["Key"])]
            reply = {"Item": as_json(found[0])} if found else {}
    return 200, _JSON, json.dumps(reply).encode(), {}


def _has(item: dict[str, Any], key: dict[str, Any]) -> bool:
    return all(item[name] == value for name, value in key.items())


def _sns(stub: Stub, body: bytes) -> Reply:
    fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    action = fields["Action"]
    stub.requests[f"SNS.{action}"] += 1
    stub.bytes_received["SNS"] += len(body)
    stub.meter.used[Used.TOPIC_REQUESTS] += ceil(sum(map(len, fields.values())) / _CHUNK_BYTES)
    ids = [
        value for name, value in fields.items() if re.fullmatch(r"PublishBatchRequestEntries\.member\.\d+\.Id", name)
    ]
    done = "".join(f"<member><Id>{each}</Id><MessageId>m</MessageId></member>" for each in ids)
    result = f"<Successful>{done}</Successful><Failed/>" if ids else "<MessageId>m</MessageId>"
    space = "http://sns.amazonaws.com/doc/2010-03-31/"
    text = f'<{action}Response xmlns="{space}"><{action}Result>{result}</{action}Result></{action}Response>'
    return 200, "text/xml", text.encode(), {}


def _s3(stub: Stub, method: str, path: str) -> Reply:
    stub.requests[f"S3.{method}"] += 1
    place = urlsplit(path)
    found = stub.objects.get(unquote(place.path).strip("/"))
    if "versions" in place.query:
        return 200, "text/xml", b"<ListVersionsResult></ListVersionsResult>", {}
    if found is None:
        return 404, "text/xml", b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>", {}
    headers = {"ETag": '"bench"', "Last-Modified": formatdate(0, usegmt=True)}
    return 200, "application/json", found, headers


def pro_reply(stub: Stub, method: str, path: str, body: bytes) -> tuple[Reply, float]:
    """Answer one request to SortedPRO. Return the reply, and the seconds that it takes."""
    stub.requests[f"PRO.{method}"] += 1
    document = json.loads(body or b"null")
    status, reply = answer(stub.pro, method, path, document)
    count = len(document["ConsignmentReferences"]) if isinstance(document, dict) else 1
    return (status, "application/json", json.dumps(reply).encode(), {}), PRO_SECONDS + count * PRO_SECONDS_EACH


def bench_reply(stub: Stub, method: str, path: str, body: bytes) -> Reply:
    """Answer the bench: take what was counted, or put an object or a secret there."""
    _, _, kind, *names = path.split("/", 3)
    if kind == "taken":
        return 200, "application/json", json.dumps(stub.taken()).encode(), {}
    if kind == "object" and method == "PUT":
        stub.objects[names[0]] = body
    if kind == "secret" and method == "PUT":
        stub.secrets[names[0]] = body.decode()
    return 200, "application/json", b"{}", {}


def _with_bytes(value: Any) -> Any:
    """Return a request with its binary values as bytes."""
    if isinstance(value, dict):
        if set(value) == {"B"} and isinstance(value["B"], str):
            return {"B": base64.b64decode(value["B"])}
        return {name: _with_bytes(each) for name, each in value.items()}
    return list(map(_with_bytes, value)) if isinstance(value, list) else value


def as_json(value: Any) -> Any:
    """Return the value with its bytes as JSON has them."""
    if isinstance(value, dict):
        return {name: as_json(each) for name, each in value.items()}
    if isinstance(value, list):
        return list(map(as_json, value))
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


class _Connection(asyncio.Protocol):
    """One connection: requests one after another, each answered when its time has passed."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (parsed := _request_in(self._buffer)) is not None:
            method, path, headers, body, self._buffer = parsed
            self._take(method, path, headers, body)

    def _take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        arrived = time.perf_counter()
        if path.startswith("/_bench/"):
            reply, seconds = bench_reply(self._stub, method, path, body), 0.0
        elif path.startswith("/pro/"):
            reply, seconds = pro_reply(self._stub, method, path.removeprefix("/pro"), body)
        else:
            reply, seconds = aws_reply(self._stub, method, path, headers, body), AWS_SECONDS
        left = seconds - (time.perf_counter() - arrived)
        if left <= 0:
            self._send(reply)
        else:
            asyncio.get_running_loop().call_later(left, self._send, reply)

    def _send(self, reply: Reply) -> None:
        status, kind, body, more = reply
        headers = {"Date": formatdate(usegmt=True), "Content-Type": kind, "Content-Length": str(len(body)), **more}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._transport.write(f"HTTP/1.1 {status} Reply\r\n{head}\r\n".encode() + body)


def _request_in(buffer: bytes) -> tuple[str, str, dict[str, str], bytes, bytes] | None:
    """Return the first whole request in a buffer, and what follows it; None where it is not whole yet."""
    head, separator, rest = buffer.partition(b"\r\n\r\n")
    if not separator:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", 0))
    if len(rest) < length:
        return None
    return method, path, headers, rest[:length], rest[length:]


async def _serve(told: Callable[[int], None]) -> None:
    stub = Stub()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stub), "127.0.0.1", 0)
    told(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(_tell))
