"""The function `allocate_orders` over moto's AWS: an SQS event in, records, refusals and a batch response out."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from allocation.aws.dynamodb.catalogue_archive import DynamoDBCatalogueArchive
from allocation.composition import orders
from allocation.domain.errors import ConfigurationError
from allocation.ports import QueueMessage
from allocation.records.explanations import Explanations
from allocation.records.items import from_item
from allocation.records.stored_record import StoredRecord
from tests.integration.conftest import CANCELLED_ORDERS, CATALOGUES, LIMITS, TABLE, Queue
from tests.integration.handlers import Context, captured_log, function, lines, sqs_event
from tests.support.samples import A, B, C, json_of, message, queue_message, text_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FULL = "order-created-v1.json"
MARKERS = ("Robin", "robin@example.com", "07700900123", "1 Example Street", "M1 5WG", "Socks")
"""What stands in `FULL` and no log line may show."""


@dataclass
class Deployed:
    """The function as it is deployed, with the table and the DLQ that it writes to."""

    handler: Callable[[dict[str, Any], Context], Any]
    dynamodb: "DynamoDBClient"
    dlq: Queue

    def process(self, *messages: QueueMessage, milliseconds: int = 60_000) -> list[str]:
        """The ids of the messages that go back to the queue."""
        answer = self.handler(sqs_event(*messages), Context(milliseconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def records(self) -> dict[str, dict[str, Any]]:
        documents = [from_item(item) for item in self.dynamodb.scan(TableName=TABLE)["Items"]]
        return {document["consignmentReference"]: document for document in documents}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, dlq: Queue) -> pytest.MonkeyPatch:
    monkeypatch.setenv("ALLOCATIONS_TABLE", TABLE)
    monkeypatch.setenv("LIMITS_TABLE", LIMITS)
    monkeypatch.setenv("CATALOGUES_TABLE", CATALOGUES)
    monkeypatch.setenv("CANCELLED_ORDERS_TABLE", CANCELLED_ORDERS)
    monkeypatch.setenv("ORDER_QUEUE_URL", dlq.url.replace("dlq", "orders"))
    monkeypatch.setenv("ORDER_DLQ_URL", dlq.url)
    monkeypatch.setenv("ORDER_QUEUE_VISIBILITY_SECONDS", "361")
    monkeypatch.setenv("ORDER_QUEUE_MAX_RECEIVES", "105")
    orders.allocate_orders.cache_clear()
    return monkeypatch


@pytest.fixture
def deployed(environment: pytest.MonkeyPatch, dynamodb: "DynamoDBClient", dlq: Queue) -> Deployed:
    assert environment
    return Deployed(function("allocate_orders").handler, dynamodb, dlq)


def full(message_id: str) -> QueueMessage:
    return queue_message(message_id, text_of(FULL))


def test_an_order_is_allocated_by_the_engine_and_recorded(deployed: Deployed) -> None:
    assert deployed.process(full("m1")) == []
    record = deployed.records()["EC-000-05B-MMA"]
    assert (record["state"], record["mode"], record["orderReference"]) == ("Allocated", "default_rules", "WEB-100045")
    assert record["allocationSummary"]["StatusCode"] == 200


@pytest.mark.parametrize(
    ("mode", "variable", "known", "unknown", "code"),
    [
        ("service_group", "SERVICE_GROUP_REFERENCE", "valuableGoods", "gold", "ServiceGroupNotFoundException"),
        ("carrier_service", "CARRIER_SERVICE_REFERENCE", "CX_NDS", "CX_GOLD", "MpdCarrierServiceNotFoundException"),
    ],
)
def test_each_mode_is_configured_by_the_environment(
    deployed: Deployed, environment: pytest.MonkeyPatch, mode: str, variable: str, known: str, unknown: str, code: str
) -> None:
    environment.setenv("ALLOCATION_MODE", mode)
    environment.setenv(variable, known)
    orders.allocate_orders.cache_clear()
    assert deployed.process(full("m1")) == []
    orders.allocate_orders.cache_clear()
    environment.setenv(variable, unknown)
    assert deployed.process(message("m2", "PARCEL-2")) == []
    allocated, failed = deployed.records()["EC-000-05B-MMA"], deployed.records()["PARCEL-2"]
    assert (allocated["state"], allocated["modeReference"]) == ("Allocated", known)
    assert (failed["state"], failed["failure"]["code"], failed["modeReference"]) == ("AllocationFailed", code, unknown)
    assert unknown in failed["failure"]["message"]


def test_a_batch_of_good_wrapped_and_malformed_messages_is_done(deployed: Deployed) -> None:
    answer = deployed.handler(json_of("sqs-batch.json"), Context())
    assert answer == {"batchItemFailures": []}
    assert deployed.records().keys() == {"EC-000-05B-MMA", "EC-000-08A-AAA"}
    (refused,) = deployed.dlq.messages()
    assert refused["MessageAttributes"]["RefusalCode"]["StringValue"] == "UnknownEventVersion"


def test_no_messages_are_nothing_to_do(deployed: Deployed) -> None:
    assert deployed.handler({"Records": []}, Context()) == {"batchItemFailures": []}


def test_personal_data_in_a_wrong_field_reaches_neither_record_nor_dlq(deployed: Deployed) -> None:
    order = json_of(FULL)
    consignment = order["consignments"][0]
    addresses = [consignment["Addresses"][0], consignment["Addresses"][1] | {"Postcode": "SECRETNAME Jane"}]
    tagged = {**consignment, "Reference": B, "Tags": ["SECRETNAME Jane"]}
    unreadable = {**consignment, "Reference": C, "ShippingDate": "SECRETNAME Jane"}
    order["consignments"] = [consignment | {"Addresses": addresses}, tagged, unreadable]
    deployed.process(queue_message("m1", json.dumps(order)))
    records = deployed.records()
    assert "postcode is not a UK postcode" in records["EC-000-05B-MMA"]["failure"]["message"]
    assert records[B]["state"] == "AllocationFailed"
    archive = DynamoDBCatalogueArchive(deployed.dynamodb, CATALOGUES, time.time)
    told = Explanations(archive).of(StoredRecord.model_validate(records[B]))
    assert told
    (refused,) = deployed.dlq.messages()
    assert "consignments[2].ShippingDate" in refused["MessageAttributes"]["RefusalReason"]["StringValue"]
    assert "SECRETNAME" not in str((records, told, refused["MessageAttributes"]))


def test_a_redriven_order_is_not_allocated_again(deployed: Deployed) -> None:
    deployed.process(full("m1"))
    before = deployed.records()
    assert deployed.process(full("redriven")) == []
    assert deployed.records() == before


def test_only_the_messages_without_time_left_go_back(deployed: Deployed) -> None:
    deployed.process(full("m1"))
    assert deployed.process(full("m2"), message("m3", A), milliseconds=4_000) == ["m3"]


def test_a_batch_in_which_every_message_fails_is_answered_not_raised(deployed: Deployed) -> None:
    assert deployed.process(message("m1", A), message("m2", B), milliseconds=0) == ["m1", "m2"]


def test_a_table_that_can_not_be_read_returns_every_order(deployed: Deployed) -> None:
    deployed.dynamodb.delete_table(TableName=TABLE)
    assert deployed.process(full("m1"), message("m2", A)) == ["m1", "m2"]


def test_an_environment_that_can_not_be_used_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ALLOCATION_MODE", "service_group")
    with pytest.raises(ConfigurationError, match="ALLOCATION_MODE service_group needs SERVICE_GROUP_REFERENCE"):
        function("allocate_orders")


def test_what_happened_is_logged_by_reference_and_counted(
    deployed: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    with captured_log() as log:
        deployed.process(full("m1"), queue_message("m2", "[]"))
    logged = {line["message"]: line for line in lines(log)}
    assert logged["recorded"]["consignment"] == "EC-000-05B-MMA"
    assert logged["message refused"]["sqs_message"] == "m2"
    assert logged["message refused"]["code"] == "NotAnObject"
    counted = capsys.readouterr().out
    for count in ('"ConsignmentsAllocated":[1.0]', '"ConsignmentsFailed":[0.0]', '"MessagesRefused":[1.0]'):
        assert count in counted


def test_a_message_that_returns_is_logged_with_its_order_so_that_a_waiting_order_can_be_found(
    deployed: Deployed,
) -> None:
    with captured_log() as log:
        deployed.process(message("late", A), milliseconds=0)
    (returned,) = (line for line in lines(log) if line["message"] == "message returned")
    assert {name: returned.get(name) for name in ("sqs_message", "order", "cause")} == {
        "sqs_message": "late",
        "order": "WEB-1",
        "cause": "out_of_time",
    }


def bad_messages() -> list[QueueMessage]:
    """Messages with personal data in all places where a reader could stumble over it."""
    order = text_of(FULL)
    bodies = [
        order,
        order[:-10],
        order.replace("EC-000-05B-MMA", "Robin/Socks"),
        order.replace('"eventVersion": 1', '"eventVersion": 2'),
        order.replace("order-created", "robin@example.com"),
        order.replace("2026-11-23T09:15:00Z", "M1 5WG"),
        order.replace("0.5", '"07700900123"').replace("Cm", "Robin"),
        '"Robin"',
        order.replace("EC-000-05B-MMA", "Robin" * 2_000),
        order.replace("Socks", "Socks" * 200_000),
    ]
    return [queue_message(f"m{number}", body) for number, body in enumerate(bodies)]


def test_nothing_of_a_payload_is_logged(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    with captured_log() as log:
        deployed.process(*bad_messages())
        deployed.process(message("late", A), milliseconds=0)
    written = log.getvalue() + "".join(capsys.readouterr())
    assert "message refused" in written
    assert "message returned" in written
    assert [marker for marker in MARKERS if marker in written] == []


def test_nothing_of_a_payload_is_logged_when_aws_fails(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.dlq.client.delete_queue(QueueUrl=deployed.dlq.url)
    with captured_log() as log:
        returned = deployed.process(*bad_messages())
    written = log.getvalue() + "".join(capsys.readouterr())
    assert "m1" in returned
    assert "messages not set aside" in written
    assert [marker for marker in MARKERS if marker in written] == []


def test_a_new_event_tries_a_failure_again_once_the_configuration_is_corrected(
    deployed: Deployed, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ALLOCATION_MODE", "service_group")
    environment.setenv("SERVICE_GROUP_REFERENCE", "gold")
    orders.allocate_orders.cache_clear()
    assert deployed.process(full("m1")) == []
    environment.setenv("SERVICE_GROUP_REFERENCE", "valuableGoods")
    orders.allocate_orders.cache_clear()
    assert deployed.process(full("redelivered")) == []
    assert deployed.records()["EC-000-05B-MMA"]["state"] == "AllocationFailed"
    event = json_of(FULL)
    assert deployed.process(queue_message("m2", json.dumps({**event, "eventId": "corrected"}))) == []
    record = deployed.records()["EC-000-05B-MMA"]
    assert (record["state"], record["version"], record["eventId"]) == ("Allocated", 2, "corrected")
    assert record["eventIds"] == [event["eventId"], "corrected"]
    assert record["pastFailure"]["code"] == "ServiceGroupNotFoundException"


def test_an_order_is_cancelled_and_its_limit_given_back_whatever_comes_first(deployed: Deployed) -> None:
    cancellation = queue_message("m2", text_of("order-cancelled-v1.json"))
    assert deployed.process(full("m1")) == []
    assert deployed.process(cancellation) == []
    whole = {**json_of("order-cancelled-v1.json"), "consignments": None, "orderReference": "WEB-1"}
    assert deployed.process(queue_message("m3", json.dumps(whole))) == ["m3"]
    assert deployed.process(message("m4", A)) == []
    records = deployed.records()
    assert {reference: record["state"] for reference, record in records.items()} == {
        "EC-000-05B-MMA": "Cancelled",
        A: "Cancelled",
    }
    assert (records["EC-000-05B-MMA"]["version"], records[A]["version"]) == (2, 1)


def test_the_consignments_of_a_cancelled_order_are_found(deployed: Deployed) -> None:
    deployed.process(full("m1"))
    whole = {**json_of("order-cancelled-v1.json"), "consignments": None}
    assert deployed.process(queue_message("m2", json.dumps(whole))) == ["m2"]
    assert deployed.records()["EC-000-05B-MMA"]["state"] == "Cancelled"
