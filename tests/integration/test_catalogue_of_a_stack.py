"""Where a command finds the catalogue that a stack's functions use, by the stack's parameters and outputs."""

import io
from types import SimpleNamespace
from typing import Any

import pytest

from allocation.aws.clients import client
from cli.errors import UsageError
from cli.operations.target import described

OUTPUTS = {
    "OrderQueueUrl": "orders",
    "OrderDlqUrl": "dlq",
    "StreamFailureQueueUrl": "failures",
    "AllocationsTableName": "records",
    "AllocationsTopicArn": "topic",
}
PLACES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "its own bucket": ({}, {"CatalogueBucketName": "shops"}, "catalogue.json"),
    "another bucket": ({"CatalogueObject": "shops/live/mine.json"}, {"CatalogueBucketName": "own"}, "live/mine.json"),
}


def catalogue_of(parameters: dict[str, str], outputs: dict[str, str], **made: Any) -> str | None:
    """The catalogue of a stack with these parameters and outputs."""
    stack = {
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in (OUTPUTS | outputs).items()],
    }
    clients: Any = SimpleNamespace(
        cloudformation=SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [stack]}),
        make=made.__getitem__,
        **dict.fromkeys(("sqs", "sns", "logs", "dynamodb")),
    )
    read = described("shop", "shop", clients).catalogue
    return read() if read else None


@pytest.mark.parametrize(("parameters", "outputs", "key"), PLACES.values(), ids=PLACES)
def test_the_catalogue_is_read_in_s3(parameters: dict[str, str], outputs: dict[str, str], key: str) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="shops", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    assert catalogue_of(parameters, outputs, s3=s3) is None
    s3.put_object(Bucket="shops", Key=key, Body='{"café": 1}'.encode())
    assert catalogue_of(parameters, outputs, s3=s3) == '{"café": 1}'


def test_the_catalogue_is_read_in_appconfig() -> None:
    asked: dict[str, object] = {}

    def start(**place: object) -> dict[str, str]:
        asked.update(place)
        return {"InitialConfigurationToken": "first"}

    def latest(*, ConfigurationToken: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert ConfigurationToken == "first"
        return {"Configuration": io.BytesIO(b'{"a": 1}'), "NextPollConfigurationToken": "next"}

    appconfig = SimpleNamespace(start_configuration_session=start, get_latest_configuration=latest)
    place = {"CatalogueConfiguration": "shop/live/carriers"}
    assert catalogue_of(place, {"CatalogueBucketName": "own"}, appconfigdata=appconfig) == '{"a": 1}'
    assert list(asked.values())[:3] == ["shop", "live", "carriers"]


def test_a_stack_without_a_catalogue_of_its_own_uses_the_packaged_one() -> None:
    assert catalogue_of({}, {}) is None


def test_a_bucket_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="There is no bucket gone"):
        catalogue_of({"CatalogueObject": "gone/mine.json"}, {}, s3=client("s3"))
