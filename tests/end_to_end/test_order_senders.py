"""A topic and a rule that the stack names deliver orders to it, end to end; a topic that it does not name can't.

The emulator enforces the queue's policy on what SNS delivers, and not on what EventBridge delivers:
`tests/infrastructure/test_access.py` tests the policy itself.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import boto3
import pytest

from cli.paths import ROOT
from cli.stack.clients import REGION, TEST_CREDENTIALS, endpoint, local_environment
from cli.stack.deploy import STACK_NAME, Deployment, stack_outputs
from cli.stack.observer import read_record, take_all
from tests.end_to_end.conftest import PATIENCE_SECONDS, SHOP_RULE, SHOP_TOPIC
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


def guide_script(guide: str, end: str, start: str = "") -> str:
    """The commands of a guide between two headings, for the local stack. `carrier` is asked until it succeeds."""
    text = (ROOT / "docs" / guide).read_text("utf-8")
    text = text[text.index(start) :].partition(end)[0]
    blocks = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    again = 'again() { until "$@"; do sleep 0.5; done; }\n'
    return again + blocks.replace("STACK=carrier-allocation\n", f"STACK={STACK_NAME}\n").replace(
        "./carrier", f"again {sys.executable} cli"
    )


def run_guide(script: str, deployment: Deployment, folder: Path) -> str:
    """Run a guide's commands in a shell, with a program `aws` that talks to the local stack. Return what they print."""
    program = folder / "aws"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.support.aws_cli "$@"\n', "utf-8")
    program.chmod(0o755)
    environment = local_environment(os.environ, deployment.stack.port)
    path = f"{folder}:{environment['PATH']}"
    done = subprocess.run(  # noqa: S603 - the commands are the guide's
        ["bash", "-eu", "-o", "pipefail", "-c", script],  # noqa: S607
        cwd=ROOT,
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_guide_leads_from_a_deployed_stack_to_an_event_in_the_warehouse_s_queue(
    deployment: Deployment, tmp_path: Path
) -> None:
    printed = run_guide(guide_script("first-order.md", "## 5. "), deployment, tmp_path)
    assert "EC-000-05B-MMA" in printed
    example = json.loads((ROOT / "events" / "order-created-v1.json").read_text("utf-8"))
    [parcel] = example["consignments"]
    event = {**example, "orderReference": "WEB-1", "consignments": [{**parcel, "Reference": "EC-000-WRH-000"}]}

    deployment.clients.sns.publish(TopicArn=SHOP_TOPIC, Message=json.dumps(event))

    queue = deployment.clients.sqs.get_queue_url(QueueName="warehouse")["QueueUrl"]
    arrived: list[dict[str, Any]] = []

    def has_arrived() -> bool:
        arrived.extend(json.loads(item["Body"]) for item in take_all(deployment.clients.sqs, queue))
        return bool(arrived)

    wait_until(has_arrived, "the event is in the warehouse's queue")
    assert {event["type"] for event in arrived} == {"consignment.allocated"}
    assert "EC-000-WRH-000" in {event["subject"] for event in arrived}


def test_the_teardown_guide_finds_what_the_next_stack_needs(deployment: Deployment, tmp_path: Path) -> None:
    script = guide_script("teardown.md", "## A new stack")
    printed = run_guide(f'{script}\necho "$ALLOCATIONS $STREAM $LIMITS $CONSIGNMENTS_KEY"', deployment, tmp_path)

    outputs = stack_outputs(deployment.clients)
    described = deployment.clients.dynamodb.describe_table(TableName=outputs["AllocationsTableName"])["Table"]
    assert printed.split() == [
        outputs["AllocationsTableName"],
        described["LatestStreamArn"].rpartition("/")[2],
        outputs["LimitsTableName"],
        outputs["ConsignmentsKeyId"],
    ]
