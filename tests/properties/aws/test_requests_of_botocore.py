"""The requests of our own clients are botocore's, to the byte and to the signature, whatever they carry."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocation.aws.calls.connections import RawReply
from tests.support.botocore_oracle import lambda_environment, ours, theirs

pytestmark = pytest.mark.usefixtures("lambda_environment")
__all__ = ["lambda_environment"]

JSON = RawReply(200, {"content-type": "application/x-amz-json-1.0"}, b"{}")
XML = RawReply(200, {}, b"<R><PublishBatchResult><Successful/><Failed/></PublishBatchResult></R>")
OBJECT = RawReply(200, {"etag": '"e"', "content-length": "0"}, b"")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.text(st.sampled_from("aBbéü_-. 0"), min_size=1, max_size=6)
attribute_values: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"S": texts}),
        st.fixed_dictionaries({"N": st.decimals(allow_nan=False, allow_infinity=False).map(str)}),
        st.fixed_dictionaries({"B": st.binary(max_size=20)}),
        st.fixed_dictionaries({"BOOL": st.booleans()}),
        st.just({"NULL": True}),
        st.fixed_dictionaries({"SS": st.lists(texts, max_size=3)}),
        st.fixed_dictionaries({"NS": st.lists(st.integers().map(str), max_size=3)}),
        st.fixed_dictionaries({"BS": st.lists(st.binary(max_size=9), max_size=3)}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"L": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"M": st.dictionaries(names, inner, max_size=3)}),
    ),
    max_leaves=8,
)
items = st.dictionaries(names, attribute_values, max_size=4)


def assert_same(service: str, method: str, arguments: dict[str, Any], reply: RawReply) -> None:
    mine, other = (who(service, method, dict(arguments), [reply]) for who in (ours, theirs))
    assert mine.sent == other.sent
    assert len(mine.sent) == 1


@given(items, items)
def test_writes_and_reads_of_dynamodb(item: dict[str, Any], other: dict[str, Any]) -> None:
    condition = {"ConditionExpression": "#a = :a", "ExpressionAttributeNames": {"#a": "B"}}
    put = {"TableName": "records", "Item": item, **condition, "ExpressionAttributeValues": other}
    token = {"ClientRequestToken": "a-token"}
    assert_same("dynamodb", "put_item", put, JSON)
    assert_same("dynamodb", "transact_write_items", {"TransactItems": [{"Put": put}, {"Put": put}], **token}, JSON)
    assert_same("dynamodb", "batch_get_item", {"RequestItems": {"records": {"Keys": [item, other]}}}, JSON)
    statement = {"Statement": "INSERT INTO \"records\" VALUE {'a': ?}", "Parameters": list(item.values())}
    assert_same("dynamodb", "batch_execute_statement", {"Statements": [statement]}, JSON)


@given(st.lists(texts, max_size=3), st.dictionaries(names, st.one_of(texts, st.binary(max_size=9)), max_size=3))
def test_messages_of_sqs(bodies: list[str], attributes: dict[str, Any]) -> None:
    made = {
        name: {"DataType": "Binary", "BinaryValue": value}
        if isinstance(value, bytes)
        else {"DataType": "String", "StringValue": value}
        for name, value in attributes.items()
    }
    entries = [{"Id": str(at), "MessageBody": body, "MessageAttributes": made} for at, body in enumerate(bodies)]
    address = "https://sqs.eu-west-2.amazonaws.com/000000000000/orders"
    assert_same("sqs", "send_message_batch", {"QueueUrl": address, "Entries": entries}, JSON)
    hidden = [{"Id": str(at), "ReceiptHandle": body, "VisibilityTimeout": at} for at, body in enumerate(bodies)]
    assert_same("sqs", "change_message_visibility_batch", {"QueueUrl": address, "Entries": hidden}, JSON)


@given(st.lists(texts, max_size=3), st.dictionaries(names, texts, max_size=3))
def test_messages_of_sns(bodies: list[str], attributes: dict[str, str]) -> None:
    made = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    entries = [{"Id": str(at), "Message": body, "MessageAttributes": made} for at, body in enumerate(bodies)]
    topic = "arn:aws:sns:eu-west-2:000000000000:allocations"
    assert_same("sns", "publish_batch", {"TopicArn": topic, "PublishBatchRequestEntries": entries}, XML)


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
        lambda key: not {".", ".."} & set(key.split("/"))
    ),
    st.none() | st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=9),
)
def test_objects_of_s3(key: str, version: str | None) -> None:
    more = {} if version is None else {"VersionId": version, "IfNoneMatch": '"an-etag"'}
    assert_same("s3", "get_object", {"Bucket": "catalogues-of-a-stack", "Key": key, **more}, OBJECT)


@given(texts.filter(bool))
def test_secrets(name: str) -> None:
    assert_same("secretsmanager", "get_secret_value", {"SecretId": name}, JSON)
