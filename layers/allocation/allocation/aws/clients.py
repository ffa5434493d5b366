"""What the AWS adapters share: clients with bounded waits, error causes, message attributes."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from botocore.session import Session, get_session

# botocore's own would be put together anew, and cleaned, at each call: a tenth of the call's processor time.
_USER_AGENT: Final = "carrier-allocation botocore"
# botocore's own defaults are 60 s to connect and 60 s to read: longer than a function runs.
_CONFIG: Final = Config(
    user_agent=_USER_AGENT,
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    # A fifth of the processor's time of a write, to find mistakes that the tests find: they validate.
    parameter_validation=False,
)


# What functions of ours call.
_SERVICES: Final = ("appconfigdata", "dynamodb", "logs", "s3", "secretsmanager", "sns", "sqs")

# For what work goes on without: one attempt that ends soon.
_HASTY: Final = Config(
    user_agent=_USER_AGENT,
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
)


def hasty_client(service: str) -> Any:
    """Return a client of one AWS service that gives up after one attempt of at most three seconds."""
    return _session().create_client(service, config=_HASTY)


def client(service: str) -> Any:
    """Return a client of one AWS service, whose calls give up in seconds."""
    return _session().create_client(service, config=_CONFIG)


class _Loader(Loader):
    """Reads botocore's description of a service, and looks for no others: there are 430, each in folders of its own."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's
        return list(_SERVICES)


@cache
def _session() -> Session:
    """Return botocore's session, from the environment. boto3 would import 60 modules more, and add nothing here."""
    session = get_session()
    session.register_component("data_loader", _Loader())
    return session


def cause_of(error: ClientError | BotoCoreError) -> str:
    """Return an AWS error's code, as `ThrottlingException`, or the name of the client's own error."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def text_attributes(values: Mapping[str, str]) -> dict[str, Any]:
    """Return message attributes of SQS and SNS, all of type `String`."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}
