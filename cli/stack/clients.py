"""How everything local talks to the local AWS: test credentials, the loopback, and none of the user's AWS settings."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

HOST: Final = "127.0.0.1"
REGION: Final = "eu-west-2"
TEST_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

_NOTHING: Final = (None, None, None, None)
_EMPTY_FILE: Final = (None, None, os.devnull, None)
# botocore's session variables as (config name, environment name, default, conversion): none reads the user's own.
_USER_SETTINGS: Final = {
    "profile": _NOTHING,
    "ca_bundle": _NOTHING,
    "config_file": _EMPTY_FILE,
    "credentials_file": _EMPTY_FILE,
}


def endpoint(port: int) -> str:
    """Return the URL of the local AWS."""
    return f"http://{HOST}:{port}"


def local_environment(inherited: Mapping[str, str], port: int) -> dict[str, str]:
    """Return a child's environment: `inherited` without any AWS setting, and the local AWS instead.

    Proxies stay, since a build may need them to download packages, but not for the loopback.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith("AWS_")}
    direct = ",".join(filter(None, (inherited.get("no_proxy") or inherited.get("NO_PROXY"), HOST)))
    return {
        **kept,
        **TEST_CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


@dataclass(frozen=True, slots=True)
class Clients:
    """The AWS services that the program talks to."""

    apigateway: Any
    cloudformation: "CloudFormationClient"
    dynamodb: "DynamoDBClient"
    functions: Any
    """Lambda."""
    logs: Any
    s3: Any
    secretsmanager: Any
    sns: "SNSClient"
    sqs: "SQSClient"
    make: Callable[[str], Any]
    """Makes a client of any other service."""


def local_clients(port: int) -> Clients:
    """Return clients of the local AWS on a port. Threads may share them."""
    session = boto3.Session(
        botocore_session=botocore.session.Session(session_vars=cast("Any", _USER_SETTINGS)),
        aws_access_key_id=TEST_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=TEST_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(proxies={}, retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=30)
    make = partial(cast("Any", session).client, endpoint_url=endpoint(port), config=config)
    services: dict[str, Any] = {
        service: make(service)
        for service in ("apigateway", "cloudformation", "dynamodb", "logs", "s3", "secretsmanager", "sns", "sqs")
    }
    return Clients(**services, functions=make("lambda"), make=make)
