"""moto's AWS, with the resources that the template declares, as far as the adapters depend on them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

from allocation.aws.calls import botocore_clients
from allocation.aws.clients import client
from allocation.observability import metrics
from cli.operations.target import Target
from tests.integration.stack_target import stack_target
from tests.support.tables import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

TABLE = "allocations"
LIMITS = "limits"
CATALOGUES = "catalogues"
CANCELLED_ORDERS = "cancelled-orders"


def refusal(code: str, status: int = 400) -> ClientError:
    """An answer of AWS's that is an error."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "any")


UNANSWERED: tuple[ClientError | BotoCoreError, ...] = (
    refusal("AccessDenied"),
    refusal("ThrottlingException"),
    refusal("InternalServerError", 500),
    ReadTimeoutError(endpoint_url="https://aws"),
    EndpointConnectionError(endpoint_url="https://aws"),
)
"""What a call can end with after botocore's own attempts: it is refused, AWS fails, or nobody answers."""


@pytest.fixture(autouse=True)
def counted_from_nothing() -> None:
    """Drop what was counted outside of any invocation, by whatever ran in this process before."""
    metrics.clear_metrics()


@dataclass
class Queue:
    """A queue, and all that is in it."""

    client: "SQSClient"
    url: str

    def messages(self) -> list[Any]:
        answer = self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
        )
        return list(answer.get("Messages", []))


@dataclass
class Topic:
    """A topic, and the queue that gets all of its messages raw."""

    client: "SNSClient"
    arn: str
    queue: Queue


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # Functions leave out what only finds mistakes of ours.
    config = botocore_clients.config_of
    validating = Config(parameter_validation=True)
    monkeypatch.setattr(botocore_clients, "config_of", lambda patience: config(patience).merge(validating))
    with mock_aws():
        yield


@pytest.fixture
def dynamodb() -> "DynamoDBClient":
    made: DynamoDBClient = client("dynamodb")
    create_table(made, "AllocationsTable", TABLE)
    create_table(made, "LimitsTable", LIMITS)
    create_table(made, "CataloguesTable", CATALOGUES)
    create_table(made, "CancelledOrdersTable", CANCELLED_ORDERS)
    return made


@pytest.fixture
def dlq() -> Queue:
    sqs: SQSClient = client("sqs")
    return Queue(sqs, sqs.create_queue(QueueName="order-dlq", Attributes={"MaximumMessageSize": "1048576"})["QueueUrl"])


@pytest.fixture
def target(dlq: Queue) -> Target:
    """The stack that the commands work on."""
    return stack_target(dlq.url)


@pytest.fixture
def topic() -> Topic:
    sqs: SQSClient = client("sqs")
    queue = Queue(sqs, sqs.create_queue(QueueName="subscriber")["QueueUrl"])
    sns: SNSClient = client("sns")
    arn = sns.create_topic(Name="allocations")["TopicArn"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    return Topic(sns, arn, queue)


def date_answers(dynamodb: "DynamoDBClient", now: Callable[[], datetime], *operations: str) -> None:
    """Let DynamoDB's answers to these operations have the time of AWS's own clock."""
    for operation in operations:
        vars(dynamodb)[operation] = _dated(getattr(dynamodb, operation), now)


def _dated(call: Callable[..., Any], now: Callable[[], datetime]) -> Callable[..., Any]:
    def dated(**request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = call(**request)
        answer["ResponseMetadata"]["HTTPHeaders"]["date"] = format_datetime(now(), usegmt=True)
        return answer

    return dated
