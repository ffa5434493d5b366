"""Which stack is meant; whatever stands in the way of it is one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from allocation.aws.clients import client
from cli import main
from cli.operations import dead_letters, target
from tests.support.samples import order_event

MAPPING = json.dumps(
    {
        "format": 1,
        "name": "shop",
        "when": "sale",
        "order": """{eventType: 'order-created', eventId: sale, orderReference: sale,
                     consignments: [{Reference: parcel}]}""",
    }
)
OUTPUTS = "OrderQueueUrl OrderDlqUrl StreamFailureQueueUrl AllocationsTableName AllocationsTopicArn"
Deploy = Callable[..., None]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_stop_on", lambda _signal: None)
    monkeypatch.setattr(target, "stack_port", lambda: None)
    monkeypatch.setattr(dead_letters, "POLL_SECONDS", 0)
    monkeypatch.delenv("AWS_REGION", raising=False)


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """CloudFormation, with a stack `shop` in eu-west-2 that has the outputs named; moto's needs too much."""
    sqs = client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("orders", "dlq")}
    found: list[dict[str, str]] = []
    given = {"OrderCreatedTypes": "shop.sale, shop.gift", "Allocator": "pro", "OrderMappingObject": "bucket/key"}
    ask_aws: Any = vars(BaseClient)["_make_api_call"]

    def answer(asked: BaseClient, operation: str, request: dict[str, Any]) -> Any:
        if operation != "DescribeStacks":
            return ask_aws(asked, operation, request)
        if not found or (request["StackName"], asked.meta.region_name) != ("shop", "eu-west-2"):
            text = f"Stack with id {request['StackName']} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": text}}, operation)
        parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
        return {"Stacks": [{"Outputs": found, "Parameters": parameters}]}

    def deploy(outputs: str, **parameters: str) -> None:
        given.update(parameters)
        values = {"OrderQueueUrl": urls["orders"], "OrderDlqUrl": urls["dlq"], "StreamFailureQueueUrl": urls["dlq"]}
        found.extend({"OutputKey": name, "OutputValue": values.get(name, "records")} for name in outputs.split())

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)
    return deploy


@pytest.fixture
def s3() -> Any:
    """S3, with the bucket in which the stack's mapping is to be."""
    s3 = client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    return s3


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is told of a mistake: one paragraph on stderr, and nothing else."""
    assert main.main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "\n\n" not in told.err
    assert "Traceback" not in told.err
    return " ".join(told.err.split())


def test_a_stack_is_found_by_its_name(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(OUTPUTS)
    assert main.main(["dlq", "list", "--stack", "shop"]) == 0
    assert capsys.readouterr().out == "In the dead letter queue of shop in eu-west-2: 0 messages.\n"


@pytest.mark.parametrize(
    ("event_type", "reference", "status"),
    [("shop.gift", "EC-000-000-AAA", 0), ("shop.refund", "EC-000-000-AAA", 1), ("shop.gift", "WEB-1", 1)],
    ids=["an own type", "another type", "no reference of SortedPRO's"],
)
def test_orders_to_send_are_read_by_the_rules_of_the_stack(
    deploy: Deploy, s3: Any, tmp_path: Path, event_type: str, reference: str, status: int
) -> None:
    s3.put_object(Bucket="bucket", Key="key", Body=MAPPING)
    deploy(OUTPUTS)
    (tmp_path / "f").write_text(json.dumps(order_event(reference) | {"eventType": event_type}))
    assert main.main(["dlq", "send", str(tmp_path / "f"), "--stack", "shop"]) == status


def test_orders_to_send_are_read_by_the_mapping_that_the_stack_has_in_s3(
    deploy: Deploy, s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(OUTPUTS)
    (tmp_path / "f").write_text(json.dumps({"sale": "WEB-1", "parcel": "EC-000-000-AAA"}))
    send = ["dlq", "send", str(tmp_path / "f"), "--stack", "shop"]
    assert main.main(send) == 1
    assert "s3://bucket/key, where the stack has its mapping, can't be read (NoSuchKey)" in capsys.readouterr().err

    s3.put_object(Bucket="bucket", Key="key", Body=MAPPING)

    assert main.main(send) == 0
    assert capsys.readouterr().out == "1 message sent to the order queue of shop in eu-west-2.\n"


def test_a_mapping_in_a_file_is_used_instead_of_the_stack_s(deploy: Deploy, tmp_path: Path) -> None:
    deploy(OUTPUTS)
    (tmp_path / "f").write_text(json.dumps({"sale": order_event("EC-000-000-AAA")}))
    (tmp_path / "m.yaml").write_text("format: 1\nname: ours\nwhen: sale\norder: sale\n")
    send = ["dlq", "send", str(tmp_path / "f"), "--stack", "shop"]
    assert main.main([*send, "--mapping", str(tmp_path / "m.yaml")]) == 0


def test_the_region_may_be_given_as_all_tools_of_aws_take_it(
    deploy: Deploy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy("OrderQueueUrl")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert "There is no stack shop in us-east-1" in complaint(capsys, "dlq", "list", "--stack", "shop")


@pytest.mark.usefixtures("deploy")
def test_a_stack_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "There is no stack shop in eu-west-2" in complaint(capsys, "orders", "trace", "WEB-1", "--stack", "shop")


def test_another_kind_of_stack_is_told(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy("OrderQueueUrl")
    assert "shop in eu-west-2 has no output 'OrderDlqUrl'" in complaint(capsys, "dlq", "list", "--stack", "shop")


def test_without_a_stack_on_this_machine_it_is_told_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "`carrier up` starts one" in complaint(capsys, "dlq", "list")


def test_a_missing_region_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    assert "No AWS region is set" in complaint(capsys, "dlq", "list", "--stack", "shop")


def test_a_profile_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "The config profile (nobody) could not be found" in complaint(capsys, "dlq", "list", "--stack", "shop")


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "No AWS credentials" in complaint(capsys, "dlq", "list", "--stack", "shop")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dlq", "replay"], "has no command 'replay'."),
        (["dlq", "redrive", "--all", "no"], "`carrier dlq redrive` takes fewer arguments: leave out no."),
        (["dlq", "redrive", "--order", "WEB-1"], "`carrier dlq redrive` has no option --order."),
        (["orders", "trace"], "`carrier orders trace` needs ORDER|CONSIGNMENT."),
    ],
)
def test_a_mistake_on_the_command_line_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told in complaint(capsys, *arguments)
