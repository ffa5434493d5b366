"""The stub of `make bench` answers as AWS and SortedPRO do, and counts what is charged."""

import json
from typing import Any

import pytest

from cli.cost.prices import Used
from tests.benchmarks.stub import PRO_SECONDS, PRO_SECONDS_EACH, Stub, aws_reply, pro_reply


def called(stub: Stub, operation: str, **request: Any) -> Any:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    status, _, body, _ = aws_reply(stub, "POST", "/", headers, json.dumps(request).encode())
    assert status == 200
    return json.loads(body)


def test_writes_are_counted_in_units_and_handed_out_as_the_stream_has_them() -> None:
    stub = Stub()
    item = {"id": {"S": "A"}, "data": {"B": "AAAA"}, "orderReference": {"S": "O"}}
    called(stub, "PutItem", TableName="AllocationsTable", Item=item)
    taken = stub.taken()
    assert taken["used"] == {Used.WRITE_UNITS.name: 2}
    assert taken["items"] == [["AllocationsTable", item]]
    assert taken["requests"] == {"DynamoDB.PutItem": 1}
    assert stub.taken()["items"] == []


def test_a_catalogue_that_was_kept_is_found_and_nothing_else() -> None:
    stub = Stub()
    for table in ("CataloguesTable", "Records"):
        called(stub, "PutItem", TableName=table, Item={"digest": {"S": "d"}, "part": {"N": "0"}})
    key = {"digest": {"S": "d"}, "part": {"N": "0"}}
    assert "Item" in called(stub, "GetItem", TableName="CataloguesTable", Key=key)
    assert called(stub, "GetItem", TableName="CataloguesTable", Key={**key, "part": {"N": "1"}}) == {}
    assert called(stub, "GetItem", TableName="Records", Key=key) == {}


def test_a_batch_of_events_is_one_request_for_each_64_kb() -> None:
    stub = Stub()
    body = "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=0&PublishBatchRequestEntries.member.1.Message="
    _, _, reply, _ = aws_reply(stub, "POST", "/", {}, (body + "x" * 70_000).encode())
    assert b"<Id>0</Id>" in reply
    assert stub.taken()["used"] == {Used.TOPIC_REQUESTS.name: 2}


@pytest.mark.parametrize("count", [1, 5])
def test_sorted_pro_takes_as_long_as_its_consignments(count: int) -> None:
    wanted = {"ConsignmentReferences": [f"EC-000-000-00{number}" for number in range(count)]}
    reply, seconds = pro_reply(Stub(), "PUT", "/allocation/allocate", json.dumps(wanted).encode())
    assert seconds == pytest.approx(PRO_SECONDS + count * PRO_SECONDS_EACH)
    assert len(json.loads(reply[2])) == count
