"""Messages of the DLQ, back on the order queue of moto's SQS, and what the function then makes of them."""

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from allocation.aws.clients import client
from allocation.aws.sqs import SqsRefusedMessages
from allocation.composition import orders
from allocation.domain.errors import InvalidMessageError
from allocation.ports import RefusedMessage
from allocation.records.explanations import Explanations
from cli import main
from cli.operations import dead_letters
from cli.operations.target import Target
from cli.stack.orders import MAX_BYTES
from tests.integration.conftest import CATALOGUES, LIMITS, TABLE, Queue
from tests.integration.handlers import Context, function, sqs_event
from tests.support.ports import InMemoryCatalogues
from tests.support.samples import queue_message, text_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDER = text_of("order-created-v1.json")
NOT_JSON = InvalidMessageError("NotJson", "the body is not JSON")


class Stack:
    """A stack's queues, and the commands that are run against it."""

    def __init__(self, orders: Queue, dlq: Queue) -> None:
        self.orders = orders
        self.dlq = dlq

    def give_up(self, *bodies: str) -> None:
        """Puts messages into the DLQ as SQS does: as they are."""
        for body in bodies:
            self.dlq.client.send_message(QueueUrl=self.dlq.url, MessageBody=body)

    def refuse(self, *bodies: str, error: InvalidMessageError = NOT_JSON) -> None:
        """Puts messages into the DLQ as the function does: with a reason."""
        kept = SqsRefusedMessages(self.dlq.client, self.dlq.url)
        kept.keep([RefusedMessage(queue_message(f"live-{at}", body), error) for at, body in enumerate(bodies)])

    def listed(self, *options: str) -> int:
        return main.main(["dlq", "list", *options])

    def redrive(self, *options: str) -> int:
        return main.main(["dlq", "redrive", *options])

    def bodies(self, queue: Queue) -> list[str]:
        """All bodies on a queue, each once, sorted."""
        found: list[Any] = []
        while new := queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10).get("Messages"):
            found += new
        for item in found:
            queue.client.change_message_visibility(
                QueueUrl=queue.url, ReceiptHandle=item["ReceiptHandle"], VisibilityTimeout=0
            )
        return sorted(item["Body"] for item in found)


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, dlq: Queue) -> Stack:
    sqs = dlq.client
    orders = Queue(
        sqs, sqs.create_queue(QueueName="orders", Attributes={"MaximumMessageSize": str(MAX_BYTES)})["QueueUrl"]
    )
    failures = sqs.create_queue(QueueName="stream-failures")["QueueUrl"]
    found = Target(
        "the stack",
        sqs,
        client("dynamodb"),
        client("sns"),
        orders.url,
        dlq.url,
        failures,
        TABLE,
        "topic",
        client("logs"),
        "log",
        Explanations(InMemoryCatalogues()),
    )
    for module in ("dlq", "dlq_send"):
        monkeypatch.setattr(f"cli.commands.{module}.target", lambda _name: found)
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    return Stack(orders, dlq)


def test_messages_are_listed_with_their_reasons_and_none_is_moved(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.give_up(ORDER)
    stack.refuse("not JSON")
    assert stack.listed() == 0
    told = capsys.readouterr().out
    assert "Z  WEB-100045\n  NoSuccess: every delivery of it failed\n" in told
    assert "Z  -\n  NotJson: the body is not JSON\n" in told
    assert "2 messages (1 NoSuccess, 1 NotJson)" in " ".join(told.split())
    assert (len(stack.bodies(stack.dlq)), stack.bodies(stack.orders)) == (2, [])


def test_a_dry_run_lists_what_is_selected_and_moves_nothing(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    stack.refuse("not JSON")
    assert stack.redrive("--reason", "NotJson", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "1 message would be sent" in told
    assert "WEB-100045" not in told
    assert (len(stack.bodies(stack.dlq)), stack.bodies(stack.orders)) == (2, [])


def test_messages_are_moved_by_their_reason(stack: Stack) -> None:
    stack.give_up("order 1", "order 2")
    stack.refuse("not JSON")
    assert stack.redrive("--reason", "NoSuccess") == 0
    assert stack.bodies(stack.orders) == ["order 1", "order 2"]
    assert stack.bodies(stack.dlq) == ["not JSON"]


@pytest.mark.parametrize("kind", ["of the DLQ", "of the order queue"])
def test_one_message_is_moved_by_its_id(stack: Stack, kind: str) -> None:
    stack.refuse("bad 1", "bad 2")
    (in_dlq,) = (item["MessageId"] for item in stack.dlq.messages() if item["Body"] == "bad 1")
    assert stack.redrive("--message", in_dlq if kind == "of the DLQ" else "live-0") == 0
    assert stack.bodies(stack.orders) == ["bad 1"]
    assert stack.bodies(stack.dlq) == ["bad 2"]


def test_more_messages_than_one_call_takes_are_moved_all(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(*(f"order {number:02}" for number in range(23)))
    assert stack.redrive("--all") == 0
    assert stack.bodies(stack.orders) == [f"order {number:02}" for number in range(23)]
    assert stack.bodies(stack.dlq) == []
    assert "23 messages sent to the order queue again; 0 left" in capsys.readouterr().out


def test_large_messages_share_no_batch_that_would_be_too_large(stack: Stack) -> None:
    stack.give_up(*(f"{number}" * (MAX_BYTES // 2) for number in range(3)))
    assert stack.redrive("--all") == 0
    assert [body[0] for body in stack.bodies(stack.orders)] == ["0", "1", "2"]


def test_a_message_that_version_0_2_compressed_is_sent_as_it_came(stack: Stack) -> None:
    body = "é" * (MAX_BYTES // 2)
    packed: Any = {"CompressedBody": {"DataType": "Binary", "BinaryValue": gzip.compress(body.encode())}}
    stack.dlq.client.send_message(QueueUrl=stack.dlq.url, MessageBody="see there", MessageAttributes=packed)
    assert stack.redrive("--all") == 0
    (sent,) = stack.orders.messages()
    assert sent["Body"] == body
    assert "MessageAttributes" not in sent


def test_a_message_that_can_not_be_decompressed_stays_and_is_named(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    packed: Any = {"CompressedBody": {"DataType": "Binary", "BinaryValue": b"no gzip"}}
    stack.dlq.client.send_message(QueueUrl=stack.dlq.url, MessageBody="damaged", MessageAttributes=packed)
    stack.give_up("order")
    assert stack.redrive("--all") == 1
    assert "its body can't be decompressed" in " ".join(capsys.readouterr().out.split())
    assert (stack.bodies(stack.orders), stack.bodies(stack.dlq)) == (["order"], ["damaged"])


def test_what_is_not_moved_can_be_received_by_others_at_once(stack: Stack) -> None:
    stack.refuse("bad")
    stack.redrive("--reason", "NoSuccess")
    answer = stack.dlq.client.receive_message(QueueUrl=stack.dlq.url)
    assert [item["Body"] for item in answer.get("Messages", [])] == ["bad"]


def test_nothing_selected_is_told_and_is_no_success(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up("order")
    assert stack.redrive("--reason", "Unheard") == 1
    assert "None of them is selected" in capsys.readouterr().out


def test_an_empty_dlq_is_told(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert stack.listed() == 0
    assert capsys.readouterr().out == "In the dead letter queue of the stack: 0 messages.\n"


def test_the_list_as_json_has_one_object_a_message(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    stack.refuse("not JSON")
    assert stack.listed("--json") == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(letter["reason"], letter["orderReference"]) for letter in told} == {
        ("NoSuccess", "WEB-100045"),
        ("NotJson", None),
    }


def test_only_messages_with_the_reason_are_listed(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    stack.refuse("not JSON")
    assert stack.listed("--reason", "NotJson", "--json") == 0
    assert [json.loads(line)["reason"] for line in capsys.readouterr().out.splitlines()] == ["NotJson"]


def test_what_was_moved_is_one_json_object(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    assert stack.redrive("--all", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["dryRun"], told["sent"], told["failed"]) == (False, 1, [])
    assert [letter["orderReference"] for letter in told["selected"]] == ["WEB-100045"]


def test_nothing_is_sent_again_without_saying_what(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.give_up(ORDER)
    assert stack.redrive() == 2
    assert "--reason, --message or --all" in capsys.readouterr().err
    assert stack.bodies(stack.orders) == []


def refused_call(*_: Any, **__: Any) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not\nyou"}}, "SendMessageBatch")


def test_a_message_that_is_not_taken_stays_in_the_dlq(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.give_up("order")
    monkeypatch.setattr(stack.orders.client, "send_message_batch", refused_call)
    assert stack.redrive("--all") == 1
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("AWS does not allow this. SendMessageBatch: AccessDenied not you. ")
    assert stack.bodies(stack.dlq) == ["order"]


def test_one_message_of_many_that_is_not_taken_is_named(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.give_up("order 1", "order 2")

    def take_the_second(**_: Any) -> Any:
        return {"Successful": [{"Id": "1", "MessageId": "new"}], "Failed": [{"Id": "0", "Code": "InternalError"}]}

    monkeypatch.setattr(stack.orders.client, "send_message_batch", take_the_second)
    assert stack.redrive("--all") == 1
    assert "is still in the DLQ: InternalError" in " ".join(capsys.readouterr().out.split())
    assert stack.bodies(stack.dlq) == ["order 1"]


def test_a_crash_between_sending_and_deleting_repeats_and_loses_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.give_up("order")
    with monkeypatch.context() as broken:
        broken.setattr(stack.dlq.client, "delete_message_batch", refused_call)
        assert stack.redrive("--all") == 1
    assert (stack.bodies(stack.orders), stack.bodies(stack.dlq)) == (["order"], ["order"])
    assert stack.redrive("--all") == 0
    assert (stack.bodies(stack.orders), stack.bodies(stack.dlq)) == (["order", "order"], [])


def test_a_message_that_is_refused_again_at_once_is_not_sent_round_and_round(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.refuse("not JSON")
    send = stack.orders.client.send_message_batch
    sent: list[str] = []

    def send_and_refuse(**request: Any) -> Any:
        answer = send(**request)
        for success in answer["Successful"]:
            sent.append(success["MessageId"])
            assert len(sent) == 1, "it is sent round and round"
            kept = SqsRefusedMessages(stack.dlq.client, stack.dlq.url)
            with monkeypatch.context() as dlq_alone:
                dlq_alone.setattr(stack.orders.client, "send_message_batch", send)
                kept.keep([RefusedMessage(queue_message(success["MessageId"], "not JSON"), NOT_JSON)])
        return answer

    monkeypatch.setattr(stack.orders.client, "send_message_batch", send_and_refuse)
    assert stack.redrive("--all") == 0
    assert "Already back in the DLQ, refused as before: 1 message." in capsys.readouterr().out
    assert stack.bodies(stack.dlq) == ["not JSON"]


def test_a_redriven_order_that_was_done_meanwhile_changes_nothing(
    stack: Stack, dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOCATIONS_TABLE", TABLE)
    monkeypatch.setenv("LIMITS_TABLE", LIMITS)
    monkeypatch.setenv("CATALOGUES_TABLE", CATALOGUES)
    monkeypatch.setenv("CANCELLED_ORDERS_TABLE", "cancelled-orders")
    monkeypatch.setenv("ORDER_QUEUE_URL", stack.orders.url)
    monkeypatch.setenv("ORDER_DLQ_URL", stack.dlq.url)
    monkeypatch.setenv("ORDER_QUEUE_VISIBILITY_SECONDS", "361")
    monkeypatch.setenv("ORDER_QUEUE_MAX_RECEIVES", "105")
    orders.allocate_orders.cache_clear()
    handler = function("allocate_orders").handler
    stack.give_up(ORDER)
    handler(sqs_event(queue_message("sent again by the shop", ORDER)), Context())
    before = dynamodb.scan(TableName=TABLE)["Items"]
    assert stack.redrive("--all") == 0
    (redriven,) = stack.orders.messages()
    answer = handler(sqs_event(queue_message(redriven["MessageId"], redriven["Body"])), Context())
    assert answer == {"batchItemFailures": []}
    assert len(before) == 1
    assert dynamodb.scan(TableName=TABLE)["Items"] == before
