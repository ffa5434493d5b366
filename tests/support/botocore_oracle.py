"""The layer's own clients beside botocore's: the same call, the same replies, and what each sends and makes of it."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.calls import botocore_clients
from allocation.aws.calls.connections import Connections, Patience, RawReply, SignedRequest
from allocation.aws.clients import client

ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a/secret+key=",
    "AWS_SESSION_TOKEN": "a/session+token==",
    "AWS_DEFAULT_REGION": "eu-west-2",
    "AWS_LAMBDA_FUNCTION_NAME": "a-function",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
}
_NOW: Final = datetime(2027, 6, 9, 10, 11, 12, tzinfo=UTC)
# What only says who sends, how often, and how it is read.
_NOT_COMPARED: Final = frozenset(
    {"amz-sdk-invocation-id", "amz-sdk-request", "user-agent", "content-length", "accept-encoding", "host"}
)

Given = RawReply | Exception


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Outcome:
    """What a client sent, and what it answered: a document, or an error's class and what it says."""

    sent: list[Sent] = field(default_factory=list)
    answer: Any = None
    error: tuple[str, Any] | None = None
    pauses: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def lambda_environment() -> Any:
    """The environment that Lambda gives a function."""
    with patch.dict("os.environ", ENVIRONMENT):
        yield


@cache
def our_client(service: str) -> Any:
    """Our client of a service, made once. Its budget of attempts is large enough for a test."""
    return client(service)


@cache
def their_client(service: str) -> Any:
    """botocore's client of a service, as patient as ours."""
    # Its session keeps the keys of the test before.
    botocore_clients._session.cache_clear()
    return botocore_clients.botocore_client(service, Patience(2, 5, 3))


def ours(service: str, method: str, arguments: Mapping[str, Any], replies: Sequence[Given]) -> Outcome:
    """What our client makes of a call that gets these replies, one after another."""
    outcome, left = Outcome(), list(replies)

    def exchange(self: Connections, request: SignedRequest, *, streams: bool = False) -> RawReply:  # noqa: ARG001 - the real one's
        url = f"{self.url.partition('://')[0]}://{request.host}{request.target}"
        outcome.sent.append(Sent(request.method, url, _compared(request.headers), request.body))
        return _given(left)

    with patch.object(Connections, "exchange", exchange):
        _record(outcome, lambda: getattr(our_client(service), method)(**arguments))
    return outcome


def theirs(service: str, method: str, arguments: Mapping[str, Any], replies: Sequence[Given]) -> Outcome:
    """What botocore makes of the same."""
    outcome, left = Outcome(), list(replies)

    def send(request: Any, **_: Any) -> AWSResponse:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        outcome.sent.append(Sent(request.method, request.url, _compared(headers), body))
        reply = _given(left)
        return AWSResponse(request.url, reply.status, dict(reply.headers), _Raw(reply.body))  # type: ignore[arg-type]

    asked = their_client(service)
    asked.meta.events.register_first("before-send", send, unique_id="oracle")
    try:
        _record(outcome, lambda: getattr(asked, method)(**arguments))
    finally:
        asked.meta.events.unregister("before-send", send, unique_id="oracle")
    return outcome


def _record(outcome: Outcome, call: Callable[[], Any]) -> None:
    with (
        patch("botocore.auth.get_current_datetime", lambda: _NOW.replace(tzinfo=None)),
        patch("time.gmtime", lambda: time.struct_time(_NOW.timetuple())),
        patch("time.sleep", outcome.pauses.append),
    ):
        # Both draw a number for each pause.
        random.seed(0)
        try:
            answer = call()
            if "Body" in answer:
                answer["Body"] = answer["Body"].read()
        except ClientError as error:
            outcome.error = (type(error).__name__, error.response)
        except BotoCoreError as error:
            outcome.error = (type(error).__name__, None)
        else:
            outcome.answer = answer


def _given(left: list[Given]) -> RawReply:
    reply = left.pop(0)
    if isinstance(reply, Exception):
        raise reply
    return reply


def _compared(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _NOT_COMPARED}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Raw:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._left = body

    def read(self, size: int | None = None) -> bytes:
        piece, self._left = (self._left, b"") if size is None else (self._left[:size], self._left[size:])
        return piece

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self.read()]


def host_of(outcome: Outcome) -> str:
    """The host of the first request."""
    return urlsplit(outcome.sent[0].url).netloc
