"""What a person is told of AWS's errors: what it means and what to do, in a sentence or two."""

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from cli.errors import aws_complaint


def answer(code: str, message: str = "as AWS says it") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")


NOT_REACHED: Any = EndpointConnectionError(endpoint_url="https://sqs.eu-west-9.amazonaws.com/")
GONE: Any = EndpointConnectionError(endpoint_url="http://127.0.0.1:4566/")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (answer("ExpiredToken"), "The AWS session has expired: sign in again"),
        (answer("ExpiredTokenException"), "The AWS session has expired: sign in again"),
        (UnauthorizedSSOTokenError(), "The AWS session has expired: sign in again"),
        (NoCredentialsError(), "No AWS credentials: "),
        (
            answer("InvalidClientTokenId"),
            "AWS does not accept the credentials (InvalidClientTokenId): check AWS_PROFILE",
        ),
        (
            answer("AccessDenied", "sqs:ReceiveMessage is denied"),
            "AWS does not allow this. DescribeStacks: AccessDenied sqs:",
        ),
        (answer("AccessDeniedException"), "stands in docs/operations.md"),
        (NOT_REACHED, "AWS can't be reached: "),
        (GONE, "The stack on this machine does not answer: end it with `carrier down`"),
        (answer("Throttling"), "AWS answered: DescribeStacks: Throttling as AWS says it"),
    ],
)
def test_an_error_of_aws_is_told_with_what_to_do(error: BotoCoreError | ClientError, told: str) -> None:
    assert told in aws_complaint(error)
