"""The subscription key for SortedPRO, kept in Secrets Manager."""

import json
from typing import Protocol

from allocation.domain.errors import ConfigurationError, RetryableError

MAXIMUM_AGE_SECONDS = 300
"""How long a key is used before it is looked up again."""


class KeySource(Protocol):
    """Where the subscription key comes from."""

    def __call__(self, *, afresh: bool = False) -> str:
        """The current key; `afresh` passes by any cache.

        Raises `RetryableError` where it can't be fetched now, `ConfigurationError` where there is no usable key.
        """


def secret_key(secret_name: str) -> KeySource:
    """The key in a secret of Secrets Manager, cached for `MAXIMUM_AGE_SECONDS`.

    The secret's string is the key itself, or a JSON object with the key in its field `subscriptionKey`.
    """

    def current_key(*, afresh: bool = False) -> str:
        # Powertools' parameters bring boto3 along, which a function that never calls PRO must not pay for.
        from aws_lambda_powertools.utilities.parameters import GetParameterError, get_secret

        try:
            secret = get_secret(secret_name, max_age=MAXIMUM_AGE_SECONDS, force_fetch=afresh)
        except GetParameterError as error:
            raise RetryableError(f"the secret {secret_name!r} can't be read: {error}") from error
        return key_in(secret, secret_name)

    return current_key


def key_in(secret: str | bytes, secret_name: str) -> str:
    """The key in a secret's string. Raises `ConfigurationError`, which never shows the secret, for an unusable one."""
    text = secret.decode(errors="replace") if isinstance(secret, bytes) else secret
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
