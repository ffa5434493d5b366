"""botocore's clients, for what the clients of our own do not do. Importing this takes a tenth of a second."""

from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session, get_session

from allocation.aws.calls.connections import Patience

# botocore builds and cleans its own at each call, which takes a tenth of the call's processor time.
_USER_AGENT: Final = "carrier-allocation botocore"
# What functions of ours call.
_SERVICES: Final = ("appconfigdata", "dynamodb", "logs", "s3", "secretsmanager", "sns", "sqs")


def botocore_client(service: str, patience: Patience) -> Any:
    """Return botocore's client of a service."""
    return _session().create_client(service, config=config_of(patience))


def config_of(patience: Patience) -> Config:
    """Return what makes botocore as patient."""
    return Config(
        user_agent=_USER_AGENT,
        connect_timeout=patience.connect_seconds,
        read_timeout=patience.read_seconds,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
        # A fifth of the processor's time of a write, to find mistakes that the tests find: they validate.
        parameter_validation=False,
    )


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
