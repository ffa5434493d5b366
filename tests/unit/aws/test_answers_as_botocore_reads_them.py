"""What our own clients make of replies, and how often they ask, is what botocore makes of them."""

import json
from typing import Any
from zlib import crc32

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from allocation.aws.calls.attempts import Attempts
from allocation.aws.calls.connections import RawReply
from allocation.aws.calls.lean_client import ErrorClasses
from tests.support.botocore_oracle import Given, Outcome, lambda_environment, our_client, ours, their_client, theirs

pytestmark = pytest.mark.usefixtures("lambda_environment")
__all__ = ["lambda_environment"]

PUT: dict[str, Any] = {"TableName": "t", "Item": {"a": {"S": "b"}}}
READ: dict[str, Any] = {"RequestItems": {"t": {"Keys": [{"a": {"S": "b"}}]}}}
SEND: dict[str, Any] = {"QueueUrl": "https://sqs.eu-west-2.amazonaws.com/1/q", "Entries": []}
PUBLISH: dict[str, Any] = {"TopicArn": "arn:aws:sns:eu-west-2:1:t", "PublishBatchRequestEntries": []}
OBJECT: dict[str, Any] = {"Bucket": "a-bucket", "Key": "catalogue.json"}
CAUGHT = ("ConditionalCheckFailedException", "TransactionCanceledException")
DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
SNS = "http://sns.amazonaws.com/doc/2010-03-31/"


def of_json(status: int, document: Any, **headers: str) -> RawReply:
    body = json.dumps(document).encode()
    return RawReply(status, {"x-amzn-requestid": "R1", **{n.replace("_", "-"): v for n, v in headers.items()}}, body)


def of_xml(status: int, text: str) -> RawReply:
    return RawReply(status, {"content-type": "text/xml"}, text.encode())


def refused(code: str, status: int = 400, **more: Any) -> RawReply:
    return of_json(status, {"__type": f"{DYNAMODB}{code}", "message": "No.", **more})


def both(service: str, method: str, arguments: dict[str, Any], replies: list[Given]) -> tuple[Outcome, Outcome]:
    # Each has a budget that nothing was spent of.
    our_client.cache_clear()
    their_client.cache_clear()
    return ours(service, method, arguments, replies), theirs(service, method, arguments, replies)


ITEM = {"a": {"S": "é"}, "b": {"B": "AAE="}, "B": {"M": {"B": {"BS": ["AA==", ""]}}}, "n": {"NULL": True}}
REASONS = [{"Code": "None"}, {"Code": "ConditionalCheckFailed", "Message": None, "Item": {"b": {"B": "AAE="}}}]
READ_BACK = {"Responses": {"t": [ITEM, {"B": {"B": "/w=="}}]}, "UnprocessedKeys": {}}
SNS_ERROR = (
    f'<ErrorResponse xmlns="{SNS}"><Error><Type>Sender</Type><Code>EmptyBatchRequest</Code><Message>m</Message></Error>'
    "<RequestId>R2</RequestId></ErrorResponse>"
)
SNS_ANSWER = (
    f'<PublishBatchResponse xmlns="{SNS}"><PublishBatchResult>'
    "<Failed><member><Id>1</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member></Failed>"
    "<Successful><member><Id>0</Id><MessageId>m0</MessageId></member>"
    "<member><Id>2</Id><MessageId>m2</MessageId></member></Successful>"
    "</PublishBatchResult><ResponseMetadata><RequestId>R3</RequestId></ResponseMetadata></PublishBatchResponse>"
)


@pytest.mark.parametrize(
    ("service", "method", "arguments", "reply"),
    [
        ("dynamodb", "batch_get_item", READ, of_json(200, READ_BACK, date="Wed, 09 Jun 2027 10:11:12 GMT")),
        ("dynamodb", "put_item", PUT, of_json(200, {})),
        ("dynamodb", "put_item", PUT, refused("ConditionalCheckFailedException", Item=ITEM)),
        ("dynamodb", "put_item", PUT, refused("ResourceNotFoundException")),
        ("dynamodb", "put_item", PUT, of_json(400, {"__type": "AccessDenied:http://internal/", "Message": "No."})),
        ("dynamodb", "put_item", PUT, RawReply(400, {}, b"not JSON")),
        ("dynamodb", "put_item", PUT, RawReply(413, {}, b"")),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [], "ClientRequestToken": "t"},
            refused("TransactionCanceledException", CancellationReasons=REASONS),
        ),
        ("sqs", "send_message_batch", SEND, of_json(200, {"Successful": [{"Id": "0"}], "Failed": []})),
        (
            "sqs",
            "send_message_batch",
            SEND,
            of_json(
                400,
                {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "No."},
                x_amzn_query_error="AWS.SimpleQueueService.NonExistentQueue;Sender",
            ),
        ),
        ("sns", "publish_batch", PUBLISH, of_xml(200, SNS_ANSWER)),
        ("sns", "publish_batch", PUBLISH, of_xml(400, SNS_ERROR)),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, of_json(200, {"Name": "s", "SecretString": "k"})),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, of_json(200, {"SecretBinary": "AAE="})),
        ("s3", "get_object", OBJECT, RawReply(304, {}, b"")),
        ("s3", "get_object", OBJECT, of_xml(404, "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>")),
        ("s3", "get_object", OBJECT, of_xml(403, "<html>")),
        ("s3", "get_object", OBJECT, RawReply(200, {"etag": '"e"', "x-amz-version-id": "v"}, b"{}")),
    ],
)
def test_a_reply_is_read_as_botocore_reads_it(
    service: str, method: str, arguments: dict[str, Any], reply: RawReply
) -> None:
    mine, other = both(service, method, arguments, [reply])
    assert what_adapters_see(mine) == what_adapters_see(other)
    assert (mine.answer is None) != (mine.error is None)


def what_adapters_see(outcome: Outcome) -> tuple[Any, Any]:
    """Leave out what botocore says of an object and of an error beyond what adapters ask for."""
    answer = outcome.answer
    if answer and "Body" in answer:
        answer = {name: answer[name] for name in ("Body", "ETag", "VersionId")}
    found: Any = (answer, outcome.error and (class_of(outcome), dict(outcome.error[1])))
    for document in (found[0], found[1] and found[1][1]):
        if document:
            document.get("ResponseMetadata", {}).pop("HostId", None)
            for name in ("message", "Message"):
                document.pop(name, None)
            if not document.get("ResponseMetadata", {}).get("RequestId"):
                document.get("ResponseMetadata", {}).pop("RequestId", None)
    return found[0], found[1]


def class_of(outcome: Outcome) -> str | None:
    """The class of an error: of those of `ClientError`, only that which adapters catch by name."""
    if outcome.error is None or outcome.error[1] is None or outcome.error[0] in CAUGHT:
        return outcome.error and outcome.error[0]
    return "ClientError"


HTML = RawReply(503, {"content-type": "text/html"}, b"<html><body>Service Unavailable</body></html>")
GARBLED = RawReply(200, {"x-amz-crc32": str(crc32(b"{}") + 1)}, b"{}")
GOOD = of_json(200, {})
LOST: list[Exception] = [
    ReadTimeoutError(endpoint_url="u"),
    ConnectTimeoutError(endpoint_url="u"),
    EndpointConnectionError(endpoint_url="u"),
    ConnectionClosedError(endpoint_url="u"),
]


@pytest.mark.parametrize(
    "replies",
    [
        [HTML, GOOD],
        [HTML, HTML, GOOD],
        [HTML, HTML, HTML],
        [RawReply(500, {}, b""), RawReply(502, {}, b" "), GOOD],
        [GARBLED, GOOD],
        [refused("ThrottlingException"), refused("ProvisionedThroughputExceededException"), GOOD],
        [refused("RequestLimitExceeded"), refused("InternalServerError", 500), refused("ThrottlingException")],
        [refused("TransactionInProgressException"), GOOD],
        [refused("ReplicatedWriteConflictException"), GOOD],
        [refused("TransactionConflictException")],
        *([error, GOOD] for error in LOST),
        *([error, error, error] for error in LOST),
        [LOST[0], HTML, refused("ValidationException")],
    ],
)
def test_a_call_is_tried_as_often_as_botocore_tries_it(replies: list[Given]) -> None:
    mine, other = both("dynamodb", "put_item", PUT, replies)
    assert (len(mine.sent), mine.pauses) == (len(other.sent), other.pauses)
    assert what_adapters_see(mine) == what_adapters_see(other) if mine.answer else True
    assert (class_of(mine), len(mine.sent)) == (class_of(other), len(replies))


def test_an_outage_uses_up_the_budget_of_attempts() -> None:
    our_client.cache_clear()
    their_client.cache_clear()
    for number in range(60):
        lost: list[Given] = [LOST[number % 2]] * 3 if number % 3 else [HTML, GOOD]
        mine, other = (who("dynamodb", "put_item", PUT, lost) for who in (ours, theirs))
        assert len(mine.sent) == len(other.sent), number
    assert len(mine.sent) == 1


def test_every_attempt_is_signed_anew_and_a_transaction_keeps_its_token() -> None:
    our_client.cache_clear()
    found = ours("dynamodb", "transact_write_items", {"TransactItems": []}, [LOST[0], GOOD])
    [first, second] = [json.loads(sent.body)["ClientRequestToken"] for sent in found.sent]
    assert first == second
    other = ours("dynamodb", "transact_write_items", {"TransactItems": []}, [GOOD])
    assert json.loads(other.sent[0].body)["ClientRequestToken"] != first


def test_a_hasty_call_is_made_once() -> None:
    assert Attempts(1)._most == 1


def test_a_class_of_errors_is_the_same_wherever_it_is_named() -> None:
    classes = ErrorClasses()
    assert classes.of("ConditionalCheckFailedException") is ErrorClasses().ConditionalCheckFailedException
    assert classes.of("304") is classes.of(None)


def test_an_object_that_is_not_what_was_sent_is_no_object() -> None:
    broken = RawReply(200, {"etag": '"e"', "x-amz-checksum-crc32": "AAAAAA==", "content-length": "2"}, b"{}")
    mine, other = both("s3", "get_object", OBJECT, [broken])
    assert mine.error == other.error == ("FlexibleChecksumError", None)
