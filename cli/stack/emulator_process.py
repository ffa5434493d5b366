"""The emulator's own process: MiniStack, corrected where the template needs what AWS does, and ended with its starter.

The starter holds the other end of standard input. When that closes without the word `keep`, as it does even when the
starter is killed outright, the whole process group ends: MiniStack and the functions that it runs.

Three corrections let `AUTH=true` enforce the template's roles as they are: MiniStack then denies a function whatever
its role does not allow. One gives the API the gateway responses of its definition. One puts what
PartiQL inserts into the table's stream, and one has a stream deliver again what a function says has failed. One gives
a stream the label that its ARN has. One reads the concurrency of a queue where a parameter sets it.

An imitation of SortedPRO runs beside it in the same process group, where the starter has opened a socket for one.
"""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from cli.imitation import server
from cli.stack.shared_layers import SharedLayers

# Written by a starter that leaves the stack running on purpose.
KEEP: Final = b"keep\n"

# The variable that has the file descriptor of the socket for an imitation of SortedPRO, if there is to be one.
PRO_SOCKET: Final = "PRO_IMITATION_SOCKET"
# Read past `sys.stdin`, whose lock would be in the way of a MiniStack that ends by itself.
_STANDARD_INPUT: Final = 0
_GATEWAY_RESPONSES: Final = "x-amazon-apigateway-gateway-responses"
_ANY_METHOD: Final = "x-amazon-apigateway-any-method"
_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options")
_FORWARDED_OVER_TLS: Final = (b"x-forwarded-proto", b"https")
# The table of a PartiQL statement that inserts.
_INSERTED_INTO: Final = re.compile(r'INSERT INTO "([^"]+)"')
# Operations that AWS authorizes as another one (Service Authorization Reference, DynamoDB, SNS and SQS). All statements
# of ours insert.
_BATCH_ACTIONS: Final = {
    "dynamodb:BatchExecuteStatement": "dynamodb:PartiQLInsert",
    "sns:PublishBatch": "sns:Publish",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:SendMessageBatch": "sqs:SendMessage",
}

_Application = Callable[..., Awaitable[None]]


def authorized_as_by_aws(extract: Callable[..., str | None]) -> Callable[..., str | None]:
    """Return MiniStack's `extract_iam_action` with AWS's action for a batch operation."""

    def action(*arguments: Any, **named: Any) -> str | None:
        found = extract(*arguments, **named)
        return _BATCH_ACTIONS.get(found, found) if found else found

    return action


def with_tables_of_statements(resources: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Return MiniStack's `dynamodb_resource_arns`, which also knows the tables that statements insert into."""

    def arns(body: bytes, region: str, account: str) -> list[str]:
        try:
            statements = json.loads(body or b"{}").get("Statements", ())
            tables = {table for each in statements for table in _INSERTED_INTO.findall(each["Statement"])}
        except (ValueError, AttributeError, LookupError, TypeError):
            tables = set()
        named = [f"arn:aws:dynamodb:{region}:{account}:table/{table}" for table in sorted(tables)]
        return named or resources(body, region, account)

    return arns


def with_gateway_responses(import_api: Callable[..., str], put_response: Callable[..., Any]) -> Callable[..., str]:
    """Return MiniStack's import of an API's definition, with its gateway responses and its paths of any method."""

    def import_with_responses(definition: dict[str, Any], *arguments: Any) -> str:
        paths = {path: _with_each_method(item) for path, item in definition.get("paths", {}).items()}
        api = import_api({**definition, "paths": paths}, *arguments)
        for kind, response in definition.get(_GATEWAY_RESPONSES, {}).items():
            put_response(api, kind, {name: response[name] for name in ("statusCode", "responseTemplates")})
        return api

    return import_with_responses


def _with_each_method(item: dict[str, Any]) -> dict[str, Any]:
    """Return a path of an API's definition, what any method does written out for each that has nothing of its own."""
    named = {name: operation for name, operation in item.items() if name != _ANY_METHOD}
    return {**dict.fromkeys(_METHODS, item[_ANY_METHOD]), **named} if _ANY_METHOD in item else item


def with_stream_records(insert: Callable[..., Any], emit: Callable[..., None]) -> Callable[..., Any]:
    """Return MiniStack's insertion of an item by PartiQL, followed by the record of the table's stream."""

    def insert_and_emit(table: Any, parsed: dict[str, Any]) -> Any:
        answer = insert(table, parsed)
        status, *_ = answer
        if status == HTTPStatus.OK:
            item = parsed["item"]
            emit(parsed["table"], "INSERT", None, item["M"] if set(item) == {"M"} else item)
        return answer

    return insert_and_emit


def with_failures_of_streams(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return MiniStack's invocation of a function, which fails for it if a change of a stream failed.

    MiniStack then delivers the batch again. AWS delivers from the first change that failed.
    """

    def execute_and_look(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        result = execute(function, event)
        records, answer = event.get("Records") or [{}], result.get("body")
        is_of_stream = isinstance(records, list) and records[0].get("eventSource") == "aws:dynamodb"
        if not is_of_stream or result.get("error"):
            return result
        with suppress(ValueError):
            answer = json.loads(answer) if isinstance(answer, str) else answer
        failed = isinstance(answer, dict) and answer.get("batchItemFailures")
        return {**result, "error": True} if failed else result

    return execute_and_look


def with_label_of_stream(
    create: Callable[..., tuple[str, dict[str, str]]], tables: Mapping[str, dict[str, Any]]
) -> Callable[..., tuple[str, dict[str, str]]]:
    """Return MiniStack's creation of a stack's table, whose stream then has the label of its ARN, as on AWS.

    MiniStack reads the clock once for each. If a millisecond passes in between, the label names a stream that does not
    exist, and a mapping of that stream never invokes its function.
    """

    def create_and_label(*arguments: Any) -> tuple[str, dict[str, str]]:
        name, attributes = create(*arguments)
        if arn := attributes.get("StreamArn"):
            tables[name]["LatestStreamLabel"] = arn.rpartition("/")[2]
        return name, attributes

    return create_and_label


def with_number_of_scaling(concurrency: Callable[..., int]) -> Callable[..., int]:
    """Return MiniStack's limit of an event source, which may come from a parameter of the template: as a text."""

    def limit(source: dict[str, Any], *arguments: Any) -> int:
        scaling = {name: int(value) for name, value in (source.get("ScalingConfig") or {}).items()}
        return concurrency({**source, "ScalingConfig": scaling}, *arguments)

    return limit


def loopback_as_tls(application: _Application) -> _Application:
    """Return the ASGI application, for which every request came over TLS.

    The template's policies refuse what does not. Here nothing leaves the machine, and every SDK that is pointed at
    the stack would have to trust a certificate.
    """

    async def call(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if "headers" in scope:
            scope = {**scope, "headers": [*scope["headers"], _FORWARDED_OVER_TLS]}
        await application(scope, receive, send)

    return call


def end_with_starter() -> None:
    """Wait until standard input closes, then end the process group unless told to keep it."""
    said = b""
    while word := os.read(_STANDARD_INPUT, len(KEEP)):
        said += word
    if said != KEEP:
        os.killpg(0, signal.SIGKILL)


def _serve_imitation_of_pro() -> None:
    """Start the imitation of SortedPRO. Its key is not for MiniStack's functions."""
    given = os.environ.pop(PRO_SOCKET, "")
    key = {"PRO_KEY": os.environ.pop("PRO_KEY", "")}
    if given:
        command = [sys.executable, "-m", server.__name__, given]
        subprocess.Popen(command, env={**os.environ, **key}, stdin=subprocess.DEVNULL, pass_fds=(int(given),))  # noqa: S603 - the command is ours
        os.close(int(given))


def _run_emulator() -> None:
    """Run MiniStack until it ends."""
    actions: Any = import_module("ministack.core.iam_actions")
    actions.extract_iam_action = authorized_as_by_aws(actions.extract_iam_action)
    actions.dynamodb_resource_arns = with_tables_of_statements(actions.dynamodb_resource_arns)
    dynamodb: Any = import_module("ministack.services.dynamodb")
    dynamodb._partiql_insert = with_stream_records(dynamodb._partiql_insert, dynamodb._emit_stream_event)
    stacks: Any = import_module("ministack.services.cloudformation.provisioners")
    stacks._ddb_create = with_label_of_stream(stacks._ddb_create, dynamodb._tables)
    stacks._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]["create"] = stacks._ddb_create
    functions: Any = import_module("ministack.services.lambda_svc")
    runtime: Any = import_module("ministack.core.lambda_runtime")
    runtime.zipfile = SharedLayers(Path(mkdtemp(prefix="ministack-layers-"))).module()
    functions._execute_function = with_failures_of_streams(functions._execute_function)
    functions._sqs_esm_concurrency = with_number_of_scaling(functions._sqs_esm_concurrency)
    gateway: Any = import_module("ministack.services.apigateway_v1")
    gateway._import_rest_api = with_gateway_responses(gateway._import_rest_api, gateway._put_gateway_response)
    emulator: Any = import_module("ministack.app")
    emulator.app = loopback_as_tls(emulator.app)
    emulator.main()


if __name__ == "__main__":
    threading.Thread(target=end_with_starter, daemon=True).start()
    _serve_imitation_of_pro()
    sys.argv = ["ministack"]
    _run_emulator()
