"""The subscription key for SortedPRO, kept in Secrets Manager."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from allocation.domain.errors import ConfigurationError, RetryableError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

KeySource = Callable[[], str]
"""Fetches the subscription key; whoever calls it keeps the key.

Raises `RetryableError` where it can't be fetched now, `ConfigurationError` where there is no usable key.
"""


def secret_key(secret_name: str) -> KeySource:
    """Fetches the key from a secret of Secrets Manager.

    The secret's string is the key itself, or a JSON object with the key in its field `subscriptionKey`.
    """

    def fetch() -> str:
        from aws_lambda_powertools.utilities.parameters import GetParameterError

        try:
            secret = secrets().get(secret_name, force_fetch=True)
        except GetParameterError as error:
            raise RetryableError(f"the secret {secret_name!r} can't be read: {error}") from error
        return key_in(secret, secret_name)

    return fetch


@cache
def secrets() -> "SecretsProvider":
    """Powertools' provider over a client that gives up in seconds; its own would wait for minutes."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    from allocation.aws.clients import client

    return SecretsProvider(boto3_client=client("secretsmanager"))


def key_in(secret: object, secret_name: str) -> str:
    """The key in a secret's string. Raises `ConfigurationError`, which never shows the secret, for an unusable one."""
    text = secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
    try:
        document = json.loads(text)
    except ValueError:
        document = text
    key = document.get("subscriptionKey") if isinstance(document, dict) else text
    if not isinstance(key, str) or not is_header_value(key.strip()):
        raise ConfigurationError(
            f"the secret {secret_name!r} holds no usable key: let its string be the PRO subscription key, "
            'or JSON as {"subscriptionKey": "..."}'
        )
    return key.strip()


def is_header_value(text: str) -> bool:
    """Tells whether `text` can be sent as a header: `requests` would quote any other in its error, key and all."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
