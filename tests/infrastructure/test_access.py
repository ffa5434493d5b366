"""Who may send orders and who may receive events, by the stack's own policies."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.infrastructure.iam import Request, allows
from tests.infrastructure.stack import Stack

QUEUE: Final = "arn:aws:sqs:eu-west-2:111111111111:orders"
DLQ: Final = "arn:aws:sqs:eu-west-2:111111111111:dlq"
TOPIC: Final = "arn:aws:sns:eu-west-2:111111111111:allocations"
SHOP_TOPIC: Final = "arn:aws:sns:eu-west-2:111111111111:shop-orders"
SHOP_RULE: Final = "arn:aws:events:eu-west-2:111111111111:rule/shop/orders"
SHOP_ACCOUNT: Final = "222222222222"
SHOP_ROLE: Final = f"arn:aws:iam::{SHOP_ACCOUNT}:role/shop"
STRANGER: Final = "arn:aws:iam::999999999999:role/shop"
ORGANIZATION: Final = "o-a1b2c3d4e5"
NAMES: Final = {
    ("OrderQueue", "Arn"): QUEUE,
    ("OrderDlq", "Arn"): DLQ,
    "AllocationsTopic": TOPIC,
}
LISTS: Final = {
    "OrderTopicArns": f"{SHOP_TOPIC},{SHOP_TOPIC}-returns",
    "OrderRuleArns": SHOP_RULE,
    "OrderAccountIds": f"{SHOP_ACCOUNT},333333333333",
    "OrderOrganizationId": ORGANIZATION,
    "SubscriberAccountIds": SHOP_ACCOUNT,
}


def policy(stack: Stack, name: str, **parameters: str) -> Any:
    """The document of a policy with these parameters, and with the ARNs of a stack."""
    return concrete(stack, stack.resolved(stack.properties(name)["PolicyDocument"], parameters), parameters)


def concrete(stack: Stack, value: Any, parameters: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [concrete(stack, part, parameters) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::GetAtt" in value:
        return NAMES[tuple(value["Fn::GetAtt"])]
    if "Ref" not in value:
        return {key: concrete(stack, part, parameters) for key, part in value.items()}
    if value["Ref"] not in stack.parameters:
        return NAMES[value["Ref"]]
    given = parameters[value["Ref"]]
    return given.split(",") if stack.parameters[value["Ref"]]["Type"] == "CommaDelimitedList" else given


def send(principal: str, *, queue: str = QUEUE, tls: str = "true", **context: str) -> Request:
    """A message for a queue. The context's keys stand without their `aws:`."""
    known = {f"aws:{key}": value for key, value in context.items()}
    return Request(principal, "sqs:SendMessage", queue, {"aws:SecureTransport": tls, **known})


SENDERS: Final = {
    "OrderTopicArns": send("sns.amazonaws.com", SourceArn=SHOP_TOPIC),
    "OrderRuleArns": send("events.amazonaws.com", SourceArn=SHOP_RULE),
    "OrderAccountIds": send(SHOP_ROLE),
    "OrderOrganizationId": send(STRANGER, PrincipalOrgID=ORGANIZATION),
}


@pytest.mark.parametrize("parameter", SENDERS)
def test_sender_may_send_orders_where_its_parameter_names_it_and_only_there(stack: Stack, parameter: str) -> None:
    opened = [
        given
        for given, value in LISTS.items()
        if allows(policy(stack, "QueuesOverTlsOnly", **{given: value}), SENDERS[parameter])
    ]

    assert opened == [parameter]


def test_all_senders_may_send_together(stack: Stack) -> None:
    document = policy(stack, "QueuesOverTlsOnly", **LISTS)

    assert [name for name, request in SENDERS.items() if not allows(document, request)] == []
    assert allows(document, send("sns.amazonaws.com", SourceArn=f"{SHOP_TOPIC}-returns")), "every topic of the list"
    assert allows(document, send("arn:aws:iam::333333333333:user/shop")), "every account of the list"


@pytest.mark.parametrize(
    "request_",
    [
        send("sns.amazonaws.com", SourceArn=f"{SHOP_TOPIC}-of-others"),
        send("sns.amazonaws.com", SourceArn=SHOP_TOPIC.replace("111111111111", "999999999999")),
        send("sns.amazonaws.com", SourceArn=SHOP_RULE),
        send("sns.amazonaws.com"),
        send("events.amazonaws.com", SourceArn=SHOP_TOPIC),
        send("events.amazonaws.com", SourceArn=SHOP_RULE.replace("111111111111", "999999999999")),
        send("events.amazonaws.com", SourceArn=SHOP_RULE.replace("shop/orders", "orders")),
        send("events.amazonaws.com"),
        send("s3.amazonaws.com", SourceArn=SHOP_TOPIC),
        send(STRANGER),
        send(STRANGER, SourceArn=SHOP_TOPIC),
        send(STRANGER, PrincipalOrgID="o-0000000000"),
        Request(SHOP_ROLE, "sqs:ReceiveMessage", QUEUE, {"aws:SecureTransport": "true"}),
        Request(SHOP_ROLE, "sqs:PurgeQueue", QUEUE, {"aws:SecureTransport": "true"}),
        send(SHOP_ROLE, queue=DLQ),
        *(
            send(
                each.principal,
                tls="false",
                **{key[4:]: value for key, value in each.context.items() if "Sec" not in key},
            )
            for each in SENDERS.values()
        ),
    ],
    ids=str,
)
def test_nobody_else_may_send_orders(stack: Stack, request_: Request) -> None:
    assert not allows(policy(stack, "QueuesOverTlsOnly", **LISTS), request_)


def subscribe(principal: str, action: str = "sns:Subscribe") -> Request:
    return Request(principal, action, TOPIC, {"aws:SecureTransport": "true"})


def test_accounts_may_subscribe_to_events_where_they_are_named(stack: Stack) -> None:
    document = policy(stack, "TopicOverTlsOnly", **LISTS)

    assert allows(document, subscribe(SHOP_ROLE))
    assert not allows(document, subscribe(SHOP_ROLE, "sns:Publish"))
    assert not allows(document, subscribe(SHOP_ROLE, "sns:DeleteTopic"))
    assert not allows(document, subscribe(STRANGER))
    assert not allows(policy(stack, "TopicOverTlsOnly"), subscribe(SHOP_ROLE))


@pytest.mark.parametrize("name", ["QueuesOverTlsOnly", "TopicOverTlsOnly"])
def test_without_parameters_a_policy_has_no_statement_that_allows(stack: Stack, name: str) -> None:
    """AWS refuses a policy with an empty principal, and an empty condition would let nobody or everybody in."""
    assert [statement["Effect"] for statement in policy(stack, name)["Statement"]] == ["Deny"]


def test_every_queue_and_topic_has_exactly_one_policy(stack: Stack) -> None:
    """A second one would replace the first on AWS."""
    policies = [
        *(
            queue["Ref"]
            for found in stack.of_type("AWS::SQS::QueuePolicy").values()
            for queue in stack.resolved(found["Queues"], {"Console": "on"})
        ),
        *(topic["Ref"] for found in stack.of_type("AWS::SNS::TopicPolicy").values() for topic in found["Topics"]),
    ]

    assert sorted(policies) == sorted([*stack.of_type("AWS::SQS::Queue"), *stack.of_type("AWS::SNS::Topic")])


def test_queue_that_services_send_to_is_encrypted_with_a_key_that_they_may_use(stack: Stack) -> None:
    """SNS and EventBridge may not use the managed key `alias/aws/sqs`. SQS's own encryption asks nobody for a key."""
    properties = stack.deployed().properties("OrderQueue")

    assert properties["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in properties


def test_nothing_but_the_publisher_depends_on_the_topics_managed_key(stack: Stack) -> None:
    """No AWS service and no other account can publish to a topic encrypted with `alias/aws/sns`."""
    alarms = [
        *stack.of_type("AWS::CloudWatch::Alarm").values(),
        *stack.of_type("AWS::CloudWatch::CompositeAlarm").values(),
    ]
    actions = [action for alarm in alarms for action in stack.resolved(alarm.get("AlarmActions", []), {})]

    assert stack.deployed().properties("AllocationsTopic")["KmsMasterKeyId"] == "alias/aws/sns"
    assert {"Ref": "AllocationsTopic"} not in actions
