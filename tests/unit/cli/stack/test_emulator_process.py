"""The local AWS authorizes requests as AWS does, where MiniStack by itself does not."""

from collections.abc import Awaitable
from typing import Any

import pytest

from cli.stack.emulator_process import (
    authorized_as_by_aws,
    loopback_as_tls,
    with_failures_of_streams,
    with_gateway_responses,
    with_label_of_stream,
    with_number_of_scaling,
    with_stream_records,
    with_tables_of_statements,
)


def finish(call: Awaitable[None]) -> None:
    """Runs a call that waits for nothing, without a loop, which would open a socket."""
    assert list(call.__await__()) == []


@pytest.mark.parametrize(
    ("found", "authorized"),
    [
        ("sns:PublishBatch", "sns:Publish"),
        ("sqs:SendMessageBatch", "sqs:SendMessage"),
        ("dynamodb:BatchGetItem", "dynamodb:BatchGetItem"),
        ("dynamodb:BatchExecuteStatement", "dynamodb:PartiQLInsert"),
        (None, None),
    ],
)
def test_a_batch_needs_the_permission_of_what_it_does(found: str | None, authorized: str | None) -> None:
    assert authorized_as_by_aws(lambda *_, **__: found)("sqs", method="POST") == authorized


def test_insertions_need_the_permission_on_their_table() -> None:
    arns = with_tables_of_statements(lambda *_: ["what MiniStack finds"])
    inserted = b'{"Statements": [{"Statement": "INSERT INTO \\"records\\" VALUE {\'a\': ?}"}]}'
    assert arns(inserted, "eu-west-2", "000000000000") == ["arn:aws:dynamodb:eu-west-2:000000000000:table/records"]
    for other in (b'{"TableName": "records"}', b"", b"not JSON", b"[]", b'{"Statements": [1]}'):
        assert arns(other, "eu-west-2", "000000000000") == ["what MiniStack finds"]


@pytest.mark.parametrize("item", [{"id": {"S": "a"}}, {"M": {"id": {"S": "a"}}}])
def test_what_a_statement_inserts_is_in_the_stream_and_what_is_there_already_is_not(
    item: dict[str, Any],
) -> None:
    streamed: list[tuple[Any, ...]] = []
    for status in (200, 400):
        insert = with_stream_records(
            lambda *_, status=status: (status, {}, b""), lambda *record: streamed.append(record)
        )
        assert insert({}, {"table": "records", "item": item})[0] == status
    assert streamed == [("records", "INSERT", None, {"id": {"S": "a"}})]


@pytest.mark.parametrize(
    ("source", "body", "fails"),
    [
        ("aws:dynamodb", {"batchItemFailures": [{"itemIdentifier": "1"}]}, True),
        ("aws:dynamodb", '{"batchItemFailures": [{"itemIdentifier": "1"}]}', True),
        ("aws:dynamodb", {"batchItemFailures": []}, False),
        ("aws:dynamodb", None, False),
        ("aws:dynamodb", "no JSON", False),
        ("aws:sqs", {"batchItemFailures": [{"itemIdentifier": "1"}]}, False),
    ],
)
def test_changes_of_a_stream_that_failed_come_again(source: str, body: Any, fails: bool) -> None:
    execute = with_failures_of_streams(lambda *_: {"body": body})
    assert bool(execute({}, {"Records": [{"eventSource": source}]}).get("error")) == fails
    assert "error" not in execute({}, {"path": "/labels"})


def test_the_label_of_a_table_s_stream_leads_to_the_stream() -> None:
    streaming = {"StreamArn": "arn:aws:dynamodb:eu-west-2:000000000000:table/records/stream/2026-11-26T09:15:00.000Z"}
    tables: dict[str, dict[str, Any]] = {
        "records": {"LatestStreamLabel": "2026-11-26T09:15:00.001Z"},
        "limits": {"LatestStreamLabel": None},
    }
    create = with_label_of_stream(lambda name, attributes: (name, attributes), tables)

    assert create("records", streaming) == ("records", streaming)
    assert create("limits", {"Arn": "of limits"}) == ("limits", {"Arn": "of limits"})
    assert [table["LatestStreamLabel"] for table in tables.values()] == ["2026-11-26T09:15:00.000Z", None]


def test_a_request_over_the_loopback_counts_as_one_over_tls() -> None:
    seen: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        seen.append(scope)

    scope = {"type": "http", "headers": [(b"host", b"127.0.0.1")]}
    finish(loopback_as_tls(application)(scope, None, None))
    finish(loopback_as_tls(application)({"type": "lifespan"}, None, None))
    assert seen[0]["headers"] == [(b"host", b"127.0.0.1"), (b"x-forwarded-proto", b"https")]
    assert seen[1] == {"type": "lifespan"}


def test_an_api_has_the_gateway_responses_of_its_definition() -> None:
    given: list[tuple[str, str, dict[str, Any]]] = []
    throttled = {"statusCode": "429", "responseTemplates": {"application/json": "{}"}}
    import_api = with_gateway_responses(lambda *_: "a1", lambda *response: given.append(response))

    definition = {"x-amazon-apigateway-gateway-responses": {"THROTTLED": {**throttled, "responseParameters": {}}}}

    assert import_api(definition, {}) == "a1"
    assert given == [("a1", "THROTTLED", throttled)]
    assert import_api({}, {}) == "a1"


def test_a_path_of_any_method_takes_each_method() -> None:
    imported: list[dict[str, Any]] = []

    def keep(definition: dict[str, Any], *_: object) -> str:
        imported.append(definition)
        return "a1"

    import_api = with_gateway_responses(keep, lambda *_: None)
    path = {"x-amazon-apigateway-any-method": "all", "get": "its own"}

    assert import_api({"paths": {"/{proxy+}": path, "/health": {"get": "health"}}}) == "a1"

    [definition] = imported
    others = dict.fromkeys(["put", "post", "delete", "patch", "head", "options"], "all")
    assert definition["paths"] == {"/{proxy+}": {"get": "its own", **others}, "/health": {"get": "health"}}


@pytest.mark.parametrize(
    ("scaling", "limit"), [({"MaximumConcurrency": "7"}, 7), ({"MaximumConcurrency": 7}, 7), (None, 5)]
)
def test_a_parameter_of_the_template_may_limit_a_queue_s_concurrency(scaling: Any, limit: int) -> None:
    def concurrency(source: dict[str, Any]) -> int:
        return source["ScalingConfig"].get("MaximumConcurrency", 5) + 0  # type: ignore[no-any-return]

    assert with_number_of_scaling(concurrency)({"ScalingConfig": scaling}) == limit
