"""Allocation events on a topic, as its subscribers get them."""

from allocation.aws.sns import SnsPublisher
from allocation.ports import AllocationEvent
from tests.integration.conftest import Topic


def test_subscribers_get_the_body_and_the_attributes(topic: Topic) -> None:
    attributes = {"type": "consignment.allocated", "mode": "default_rules"}
    event = AllocationEvent("EC-000-000-AAA#1", '{"id":"EC-000-000-AAA#1"}', attributes)
    assert SnsPublisher(topic.client, topic.arn).publish([event]) == frozenset()
    (message,) = topic.queue.messages()
    assert message["Body"] == event.body
    assert {name: item["StringValue"] for name, item in message["MessageAttributes"].items()} == attributes


def test_a_topic_that_is_gone_publishes_nothing(topic: Topic) -> None:
    topic.client.delete_topic(TopicArn=topic.arn)
    assert SnsPublisher(topic.client, topic.arn).publish([AllocationEvent("1", "{}", {})]) == {0}
