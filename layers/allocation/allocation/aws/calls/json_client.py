"""Clients of the services whose requests and answers are JSON: DynamoDB, SQS, Secrets Manager."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

from botocore.exceptions import ConnectionClosedError

from allocation.aws.calls.connections import Patience, RawReply, SignedRequest
from allocation.aws.calls.lean_client import LeanClient, generic_error
from allocation.aws.calls.places import ServicePlace

# By service: what stands before an operation's name, the version of the protocol, and the operations.
_DYNAMODB: Final = (
    *("BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query"),
    *("Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem"),
)
_SQS: Final = ("ChangeMessageVisibilityBatch", "SendMessage", "SendMessageBatch")
SERVICES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "dynamodb": ("DynamoDB_20120810", "1.0", _DYNAMODB),
    "sqs": ("AmazonSQS", "1.0", _SQS),
    "secretsmanager": ("secretsmanager", "1.1", ("GetSecretValue",)),
}
# Those that DynamoDB carries out once for a token, however often they arrive.
_WITH_TOKEN: Final = frozenset({"TransactWriteItems"})


class JsonClient(LeanClient):
    """A client of a service that speaks JSON (AWS JSON 1.0 and 1.1 protocols, Smithy)."""

    def __init__(self, service: str, place: ServicePlace, patience: Patience, by_botocore: Callable[[], Any]) -> None:
        super().__init__(service, place, patience, by_botocore)
        self._prefix, version, operations = SERVICES[service]
        self._headers = {"content-type": f"application/x-amz-json-{version}"}
        if service == "sqs":
            # Lets SQS name errors as it did in its earlier protocol, with which botocore began.
            self._headers["x-amzn-query-mode"] = "true"
        self._read = _read_secret if service == "secretsmanager" else _read
        for operation in operations:
            setattr(self, _method_name(operation), self._method(operation))

    def _method(self, operation: str) -> Callable[..., dict[str, Any]]:
        headers = {**self._headers, "x-amz-target": f"{self._prefix}.{operation}"}

        def call(**arguments: Any) -> dict[str, Any]:
            if operation in _WITH_TOKEN and "ClientRequestToken" not in arguments:
                arguments["ClientRequestToken"] = str(uuid4())
            body = _ENCODED(arguments).encode()
            return self._called(operation, lambda: self._post(headers, body), self._read)

        return call

    def _post(self, headers: Mapping[str, str], body: bytes) -> SignedRequest:
        return self._signed("POST", self._host, "/", "", headers, body)


def _method_name(operation: str) -> str:
    """Return the name of an operation's method.

    >>> _method_name("BatchGetItem")
    'batch_get_item'
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")


def _base64(value: object) -> str:
    """Return what stands for a value that JSON does not know."""
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    raise TypeError(f"a request can't have a {type(value).__name__}")


_ENCODED: Final = json.JSONEncoder(default=_base64).encode


def _with_bytes(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of an answer with its binary values as bytes, and without what is null.

    Only values of attributes have the name `B` or `BS` with text: all other maps have objects, or names of their own.
    """
    if len(fields) == 1:
        [(name, value)] = fields
        if name == "B" and isinstance(value, str):
            return {name: b64decode(value)}
        if name == "BS" and isinstance(value, list):
            return {name: [b64decode(each) for each in value]}
    return {name: value for name, value in fields if value is not None}


def _read(reply: RawReply) -> dict[str, Any]:
    """Return what a reply says. Raises `ConnectionClosedError` for a success that is no JSON: it broke off."""
    if refusal := generic_error(reply):
        return refusal
    try:
        read = json.loads(reply.body, object_pairs_hook=_with_bytes if _needs_care(reply.body) else None)
    except ValueError as error:
        if reply.status < HTTPStatus.MULTIPLE_CHOICES:
            raise ConnectionClosedError(endpoint_url="of the request", error=error) from error
        read = {"message": reply.body.decode(errors="replace")}
    found: dict[str, Any] = read if isinstance(read, dict) else {}
    if reply.status >= HTTPStatus.MULTIPLE_CHOICES:
        found = _refusal(reply, found)
    request_id = reply.headers.get("x-amzn-requestid")
    found["ResponseMetadata"] = {"RequestId": request_id} if request_id else {}
    return found


def _needs_care(body: bytes) -> bool:
    """Tell whether an answer may have binary values, or nulls."""
    return b'"B"' in body or b'"BS"' in body or b"null" in body


def _refusal(reply: RawReply, found: dict[str, Any]) -> dict[str, Any]:
    """Return an error as botocore does: its code has no namespace, and what else came with it stays beside it."""
    kind = str(found.pop("__type", reply.status)).split(":", 1)[0].rsplit("#", 1)[-1]
    messages = [found.pop(name) for name in ("message", "Message") if name in found]
    error = {"Message": messages[0] if messages else "", "Code": kind}
    older, separator, fault = reply.headers.get("x-amzn-query-error", "").partition(";")
    if older and separator and ";" not in fault:
        error |= {"Code": older, "QueryErrorCode": kind, "Type": fault}
    return {**found, "Error": error}


def _read_secret(reply: RawReply) -> dict[str, Any]:
    """Return what Secrets Manager says, a binary secret as bytes. When it was made is left out."""
    found = _read(reply)
    found.pop("CreatedDate", None)
    if "SecretBinary" in found:
        found["SecretBinary"] = b64decode(found["SecretBinary"])
    return found
