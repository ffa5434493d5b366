"""What the AWS adapters share: clients with bounded waits, error causes, message attributes."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.calls.connections import Patience
from allocation.aws.calls.places import ServicePlace, place_of
from allocation.observability import logger

# botocore's own defaults are 60 s to connect and 60 s to read: longer than a function runs.
_PATIENCE: Final = Patience(connect_seconds=2, read_seconds=5, attempts=3)
# For what work goes on without: one attempt that ends soon.
_HASTE: Final = Patience(connect_seconds=1, read_seconds=2, attempts=1)


def client(service: str) -> Any:
    """Return a client of one AWS service, whose calls give up in seconds."""
    return _client(service, _PATIENCE)


def hasty_client(service: str) -> Any:
    """Return a client of one AWS service that gives up after one attempt of at most three seconds."""
    return _client(service, _HASTE)


def _client(service: str, patience: Patience) -> Any:
    """Return a client of our own if there is one for the service, and for where this function runs, or botocore's."""
    by_botocore = _botocore_client(service, patience)
    place = place_of(service, os.environ)
    if isinstance(place, str):
        logger.info("botocore calls AWS", extra={"service": service, "why": place})
        return by_botocore()
    return _lean_client(service, place, patience, by_botocore)


def _lean_client(service: str, place: ServicePlace, patience: Patience, by_botocore: Callable[[], Any]) -> Any:
    """Return a client of our own, or botocore's for a service that functions seldom call."""
    match service:
        case "dynamodb" | "sqs" | "secretsmanager":
            from allocation.aws.calls.json_client import JsonClient

            return JsonClient(service, place, patience, by_botocore)
        case "sns":
            from allocation.aws.calls.sns_client import SnsClient

            return SnsClient(service, place, patience, by_botocore)
        case "s3":
            from allocation.aws.calls.s3_client import S3Client

            return S3Client(service, place, patience, by_botocore)
        case _:
            return by_botocore()


def _botocore_client(service: str, patience: Patience) -> Callable[[], Any]:
    """Return what makes botocore's client of a service, once, when it is first needed."""

    @cache
    def made() -> Any:
        from allocation.aws.calls.botocore_clients import botocore_client

        return botocore_client(service, patience)

    return made


def cause_of(error: ClientError | BotoCoreError) -> str:
    """Return an AWS error's code, as `ThrottlingException`, or the name of the client's own error."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return code or type(error).__name__


def text_attributes(values: Mapping[str, str]) -> dict[str, Any]:
    """Return message attributes of SQS and SNS, all of type `String`."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
