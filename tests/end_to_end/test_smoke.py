"""`carrier smoke` against the deployed stack: an order each way in, its event, a label, and an alarm that is heard."""

import json
from pathlib import Path

import pytest

from cli.operations import smoke_api
from cli.operations.smoke import Plan, smoke
from cli.operations.smoke_checks import Check, Result
from cli.operations.target import described
from cli.paths import EXAMPLE_CONSIGNMENT, EXAMPLE_ORDER
from cli.stack.deploy import STACK_NAME, Deployment, stack_outputs
from tests.end_to_end.conftest import ALARM_TOPIC, SHOP_RULE, SHOP_TOPIC, table
from tests.end_to_end.test_order_senders import topic


@pytest.fixture
def senders(deployment: Deployment) -> None:
    """The topic and the rule that the stack's parameters name, and the topic of those who are on call."""
    queue_arn = stack_outputs(deployment.clients)["OrderQueueArn"]
    assert topic(deployment, SHOP_TOPIC.rpartition(":")[2], queue_arn) == SHOP_TOPIC
    events, rule = deployment.clients.make("events"), SHOP_RULE.rpartition("/")[2]
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "orders", "Arn": queue_arn}])
    assert deployment.clients.sns.create_topic(Name=ALARM_TOPIC.rpartition(":")[2])["TopicArn"] == ALARM_TOPIC


def smoked(deployment: Deployment, *, is_heard: bool) -> dict[str, Check]:
    plan = Plan(
        json.loads(EXAMPLE_ORDER.read_text("utf-8")),
        json.loads(EXAMPLE_CONSIGNMENT.read_text("utf-8")),
        is_heard=is_heard,
    )
    return {check.name: check for check in smoke(described(STACK_NAME, "the stack", deployment.clients), plan)}


@pytest.mark.usefixtures("senders")
def test_every_way_in_leads_to_a_record_an_event_a_label_and_an_alarm(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "stack.env"
    settings.write_text("\n".join(f"{name}={value}" for name, value in deployment.stack.environment().items()), "utf-8")
    monkeypatch.setattr(smoke_api, "STACK_ENVIRONMENT", settings)
    monkeypatch.delenv("API_KEY", raising=False)

    checks = smoked(deployment, is_heard=True)

    assert {name: check.text for name, check in checks.items() if check.result is Result.FAILED} == {}
    assert {name for name, check in checks.items() if check.result is Result.SKIPPED} == {"protection"}
    ways = ["order by queue", "order by topic shop-orders", "order by rule shop-orders"]
    assert {*ways, *(f"event of {way}" for way in ways), "label", "alarm"} <= checks.keys()
    made = {record["state"] for record in table(deployment) if str(record["orderReference"]).startswith("SMOKE-")}
    assert made == {"Cancelled"}
    queues = deployment.clients.sqs.list_queues().get("QueueUrls", [])
    assert [url for url in queues if "smoke-" in url] == []


@pytest.mark.usefixtures("senders")
def test_nobody_else_notices_unless_asked_for(deployment: Deployment) -> None:
    checks = smoked(deployment, is_heard=False)

    skipped = {name for name, check in checks.items() if check.result is Result.SKIPPED}
    assert {"order by topic shop-orders", "order by rule shop-orders", "alarm"} <= skipped
