"""The ways by which orders reach a stack: its queue, and the topics and rules that its parameters name."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cli.errors import CommandError
from cli.operations.smoke_checks import SkippedError
from cli.operations.target import Target

# What others, who listen to the same topic or bus, would get too.
_HEARD_BY_OTHERS: Final = "whoever else listens there would get the order too: add --all to send it"
# A rule that has no bus in its ARN is one of the default bus.
_DEFAULT_BUS: Final = "default"


@dataclass(frozen=True, slots=True)
class Way:
    """A way in. It sends an order, or says why it does not."""

    name: str
    """As in `order by queue`."""
    send: Callable[[str], None]
    why_not: str = ""


def ways_in(target: Target, *, is_heard: bool) -> Iterator[Way]:
    """Yield the ways into a stack, its queue first.

    `is_heard` says whether an order may be sent where others listen, too.
    """
    why_not = "" if is_heard else _HEARD_BY_OTHERS
    yield Way("order by queue", partial(_to_queue, target))
    for arn in _named(target.parameters, "OrderTopicArns"):
        yield Way(f"order by topic {arn.rpartition(':')[2]}", partial(_to_topic, target, arn), why_not)
    for arn in _named(target.parameters, "OrderRuleArns"):
        path = arn.partition(":rule/")[2]
        yield Way(f"order by rule {path}", partial(_to_rule, target, path), why_not)


def _named(parameters: Mapping[str, str], name: str) -> list[str]:
    """Return the items of a parameter that is a list."""
    return [item.strip() for item in parameters.get(name, "").split(",") if item.strip()]


def _to_queue(target: Target, body: str) -> None:
    target.sqs.send_message(QueueUrl=target.order_queue_url, MessageBody=body)


def _to_topic(target: Target, arn: str, body: str) -> None:
    """Publish to a topic. One that is FIFO wants a group and an id, too."""
    order = json.loads(body)["orderReference"]
    fifo = {"MessageGroupId": order, "MessageDeduplicationId": order} if arn.endswith(".fifo") else {}
    target.sns.publish(TopicArn=arn, Message=body, **fifo)


def _to_rule(target: Target, path: str, body: str) -> None:
    """Send an event that a rule's pattern matches. Raises `SkippedError` for a pattern that asks for more.

    `path` is what an ARN has after `rule/`: the bus, if it is not the default one, and the rule.
    """
    bus, _, rule = path.rpartition("/")
    bus, events = bus or _DEFAULT_BUS, target.make("events")
    wanted = json.loads(events.describe_rule(Name=rule, EventBusName=bus).get("EventPattern") or "{}")
    source, detail_type = _first(wanted, "source"), _first(wanted, "detail-type") or "order-created"
    if not source or wanted.keys() - {"source", "detail-type"}:
        raise SkippedError("its pattern asks for more than a source and a type: let your shop send an order through it")
    entry = {"Source": source, "DetailType": detail_type, "Detail": body, "EventBusName": bus}
    failed: list[Any] = [each for each in events.put_events(Entries=[entry])["Entries"] if "ErrorCode" in each]
    if failed:
        raise CommandError(f"EventBridge refused the event: {failed[0]['ErrorCode']}")


def _first(pattern: Mapping[str, Any], name: str) -> str:
    """Return the first plain value that a rule's pattern accepts for a field; empty if it has none."""
    return next((value for value in pattern.get(name, []) if isinstance(value, str)), "")
