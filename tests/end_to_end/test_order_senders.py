"""A topic and a rule that the stack names deliver orders to it, end to end; a topic that it does not name can't.

The emulator enforces the queue's policy on what SNS delivers, and not on what EventBridge delivers:
`tests/infrastructure/test_access.py` tests the policy itself.
"""

import json
from typing import Any, cast

import boto3
import pytest

from cli.stack.clients import REGION, TEST_CREDENTIALS, endpoint
from cli.stack.deploy import Deployment, stack_outputs
from cli.stack.observer import read_record
from tests.end_to_end.conftest import SHOP_RULE, SHOP_TOPIC
from tests.end_to_end.test_deployed_stack import wait_until
from tests.end_to_end.traffic import consignment, order


def order_of(reference: str) -> str:
    """An order of one consignment."""
    return json.dumps({**order(0), "orderReference": reference, "consignments": [consignment(reference)]})


def is_recorded(deployment: Deployment, reference: str) -> bool:
    """Whether a consignment has a record."""
    answer = deployment.clients.dynamodb.get_item(
        TableName=deployment.stack.allocations_table, Key={"consignmentReference": {"S": reference}}
    )
    return "Item" in answer and read_record(answer["Item"])["state"] == "Allocated"


@pytest.fixture
def queue_arn(deployment: Deployment) -> str:
    """The order queue, as `OrderQueueArn` of the outputs names it."""
    return stack_outputs(deployment.clients)["OrderQueueArn"]


def topic(deployment: Deployment, name: str, queue_arn: str) -> str:
    """A topic whose messages go to the order queue, if its policy lets them."""
    arn = deployment.clients.sns.create_topic(Name=name)["TopicArn"]
    deployment.clients.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    return arn


def test_only_a_topic_that_the_stack_names_delivers_orders(deployment: Deployment, queue_arn: str) -> None:
    named = topic(deployment, SHOP_TOPIC.rpartition(":")[2], queue_arn)
    unnamed = topic(deployment, "someone-elses-orders", queue_arn)
    assert named == SHOP_TOPIC

    deployment.clients.sns.publish(TopicArn=unnamed, Message=order_of("EC-000-SNS-000"))
    deployment.clients.sns.publish(TopicArn=named, Message=order_of("EC-000-SNS-001"))

    wait_until(lambda: is_recorded(deployment, "EC-000-SNS-001"), "the named topic's order is allocated")
    assert not is_recorded(deployment, "EC-000-SNS-000")


def test_a_rule_that_the_stack_names_delivers_orders(deployment: Deployment, queue_arn: str) -> None:
    credentials: Any = TEST_CREDENTIALS
    events = cast("Any", boto3).client(
        "events",
        endpoint_url=endpoint(deployment.stack.port),
        region_name=REGION,
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
    )
    rule = SHOP_RULE.rpartition("/")[2]
    arn = events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["shop"]}))["RuleArn"]
    events.put_targets(Rule=rule, Targets=[{"Id": "orders", "Arn": queue_arn}])
    assert arn == SHOP_RULE

    answer = events.put_events(
        Entries=[{"Source": "shop", "DetailType": "order-created", "Detail": order_of("EC-000-EVB-000")}]
    )

    assert answer["FailedEntryCount"] == 0
    wait_until(lambda: is_recorded(deployment, "EC-000-EVB-000"), "the rule's order is allocated")
