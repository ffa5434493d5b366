"""The subscription key for SortedPRO: read from Secrets Manager, and kept until PRO rejects it."""

import json
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from allocation.domain.errors import ConfigurationError, RetryableError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

# Fetches the subscription key and does not keep it. Raises `RetryableError` where the key can't be fetched now,
# `ConfigurationError` where there is no usable key.
KeySource = Callable[[], str]

FETCH_PAUSE_SECONDS: Final = 10.0


class KeyUnavailableError(RetryableError):
    """There is no key to call PRO with."""


class SubscriptionKey:
    """The key in use, shared by all threads: fetched when it is first needed, and again when PRO rejects it.

    It is fetched at most once in `FETCH_PAUSE_SECONDS`, so that ten threads without a key do not wait ten times.
    """

    def __init__(self, source: KeySource, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._lock = Lock()
        self._key: str | None = None
        self._fetched_at = float("-inf")

    def current(self) -> str:
        """Return the key in use. Raises `KeyUnavailableError`."""
        return self.instead_of(None)

    def instead_of(self, rejected: str | None) -> str:
        """Return the key to use instead of `rejected`, or the same key if there is no other.

        Raises `KeyUnavailableError`.
        """
        with self._lock:
            if self._key == rejected and self._monotonic() - self._fetched_at >= FETCH_PAUSE_SECONDS:
                self._fetched_at = self._monotonic()
                self._key = self._fetch()
            if self._key is None:
                raise KeyUnavailableError("there is no PRO subscription key: fetching it failed moments ago")
            return self._key

    def _fetch(self) -> str:
        try:
            return self._source()
        except (RetryableError, ConfigurationError) as error:
            raise KeyUnavailableError(str(error)) from error


def secret_key(secret_name: str) -> KeySource:
    """Return a source that reads the key from a secret of Secrets Manager.

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
    """Return Powertools' provider over a client that gives up in seconds; its own client would wait for minutes."""
    from aws_lambda_powertools.utilities.parameters import SecretsProvider

    from allocation.aws.clients import client

    return SecretsProvider(boto3_client=client("secretsmanager"))


def key_in(secret: object, secret_name: str) -> str:
    """Return the key in a secret's string.

    Raises `ConfigurationError` for an unusable secret; the message never shows the secret.
    """
    text = secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
    try:
        document = json.loads(text)
    except ValueError:
        document = text
    key = document.get("subscriptionKey") if isinstance(document, dict) else text
    if not isinstance(key, str) or not _is_header_value(key.strip()):
        raise ConfigurationError(
            f"the secret {secret_name!r} holds no usable key: let its string be the PRO subscription key, "
            'or JSON as {"subscriptionKey": "..."}'
        )
    return key.strip()


def _is_header_value(text: str) -> bool:
    """Tell whether `text` can be sent as a header: http.client would quote any other in its error, key included."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
