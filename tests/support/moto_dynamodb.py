"""moto's DynamoDB without HTTP: three quarters of the time that a call takes.

Requests and replies are checked, serialized, parsed and answered by botocore and moto as ever. Left out is what
DynamoDB's API does not depend on: the URLs of all services, werkzeug's request with its forms and files, the caller's
account and permissions; and for a client that all tests share, what botocore does between a call and its request.
"""

import re
from binascii import hexlify
from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from os import urandom
from typing import Any, Final

from botocore.client import BaseClient
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.utils import get_service_model, utcnow
from moto.dynamodb.responses import DynamoHandler
from werkzeug.http import http_date

_URL: Final = re.compile(r"https://dynamodb\.([a-z0-9-]+)\.amazonaws\.com/")
_PROCESS: Final[Callable[..., Any]] = BotocoreStubber.process_request

# Status, headers and body.
_Answer = tuple[int, dict[str, Any], Any]


def spare_http_of(client: Any) -> None:
    """Have the calls of a client of DynamoDB go to moto, while a test has moto's AWS. No handler of its is called."""
    vars(client)["_make_api_call"] = partial(_call, client)


def _call(client: Any, operation: str, given: dict[str, Any]) -> Any:
    if not botocore_stubber.enabled:
        return BaseClient._make_api_call(client, operation, given)  # type: ignore[attr-defined]
    return asked(client, operation, given)


def asked(client: Any, operation: str, given: dict[str, Any]) -> Any:
    """Return moto's answer to a call, or raise botocore's error for it."""
    model = client.meta.service_model.operation_model(operation)
    request = client._serializer.serialize_to_request(given, model)
    status, headers, body = _Handler(client.meta.region_name, operation, request["body"]).answer()
    reply = {"status_code": status, "headers": headers, "body": body.encode(), "context": {"operation_name": operation}}
    answer = client._response_parser.parse(reply, model.output_shape)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    client._endpoint._add_modeled_error_fields(reply, answer, model, client._response_parser)
    raise client.exceptions.from_code(answer["Error"]["Code"])(answer, operation)


def spare_http() -> None:
    """Have calls of DynamoDB answered at once, and those of all other services as ever."""
    BotocoreStubber.process_request = _process  # type: ignore[method-assign]


def _process(self: BotocoreStubber, request: Any) -> _Answer | None:
    found = _URL.fullmatch(request.url)
    if found is None or request.method != "POST":
        answer: _Answer | None = _PROCESS(self, request)
        return answer
    target = request.headers["x-amz-target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    return _Handler(found[1], operation, request.body).answer()


class _Handler(DynamoHandler):
    """One call, with all that moto's answers to it look at."""

    def __init__(self, region: str, operation: str, body: bytes) -> None:
        super().__init__()
        self.region = region
        self.partition = "aws"
        self.current_account = DEFAULT_ACCOUNT_ID
        self.headers = {"Content-Type": "application/x-amz-json-1.0"}
        self.querystring: dict[str, Any] = {}
        self.uri_match: dict[str, Any] = {}
        self.response_headers: dict[str, Any] = {"server": "amazon.com", "date": http_date(utcnow())}
        self._operation = operation
        self.params = _parser(operation).parse({"body": body})

    def answer(self) -> _Answer:
        answer: _Answer = self.call_action()
        return answer

    def _get_action(self) -> str:
        return self._operation

    def _authenticate_and_authorize_normal_action(self, resource: str = "*") -> None:
        """Let everybody do everything, as moto does unless it is told otherwise."""

    @staticmethod
    def _enrich_response(headers: dict[str, Any], body: Any) -> tuple[dict[str, Any], Any]:
        """Give the answer a number. Only XML has it in the body as well."""
        headers["x-amzn-requestid"] = hexlify(urandom(26)).decode().upper()
        return headers, body


@cache
def _parser(operation: str) -> Any:
    model = get_service_model("dynamodb").operation_model(operation)
    return PROTOCOL_PARSERS["json"](model, map_type=DynamoHandler.PROTOCOL_PARSER_MAP_TYPE)
