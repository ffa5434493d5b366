"""SDK clients that talk to the local AWS with test credentials, whatever the user has configured."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
import botocore.session
from botocore.config import Config

from cli.stack.environment import REGION, TEST_CREDENTIALS, endpoint

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

NOTHING: Final = (None, None, None, None)
EMPTY_FILE: Final = (None, None, os.devnull, None)
USER_SETTINGS: Final = {
    "profile": NOTHING,
    "ca_bundle": NOTHING,
    "config_file": EMPTY_FILE,
    "credentials_file": EMPTY_FILE,
}
"""botocore's session variables as (config name, environment name, default, conversion): none reads the user's own."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The services that the local run talks to."""

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


def local_clients(port: int) -> Clients:
    """Clients of the local AWS on a port; threads may share them."""
    session = boto3.Session(
        botocore_session=botocore.session.Session(session_vars=cast("Any", USER_SETTINGS)),
        aws_access_key_id=TEST_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=TEST_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(proxies={}, retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=30)
    services: dict[str, Any] = {
        service: cast("Any", session).client(service, endpoint_url=endpoint(port), config=config)
        for service in ("apigateway", "cloudformation", "dynamodb", "logs", "s3", "secretsmanager", "sns", "sqs")
    }
    services["functions"] = cast("Any", session).client("lambda", endpoint_url=endpoint(port), config=config)
    return Clients(**services)
