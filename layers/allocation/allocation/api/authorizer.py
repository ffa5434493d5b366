"""Checks the API key of a request against the hashes in a secret (Lambda REQUEST authorizer of API Gateway)."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.observability import logger

HEADER: Final = "ocp-apim-subscription-key"
KEPT_SECONDS: Final = 30.0
"""How long a deleted key may still open the door in one environment of this function."""
RENEWED_AT_MOST_EVERY: Final = 5.0
"""Seconds: an unknown key may be a new one, so the secret is looked at again, but not for every guess."""

Hashes = Mapping[str, str]
"""SHA-256 in hex of each key, by the key's name."""


@dataclass(slots=True)
class Authorizer:
    """Knows the keys, for a while; `fetch` reads them anew."""

    fetch: Callable[[], Hashes]
    monotonic: Callable[[], float] = time.monotonic
    _hashes: Hashes = field(default_factory=dict)
    _fetched_at: float = float("-inf")

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """API Gateway's policy: everything is allowed to a known key and denied to any other, by its name."""
        name = self.name_of(key_in(event))
        return policy(name or "unknown", "Allow" if name else "Deny", event["methodArn"])

    def name_of(self, key: str) -> str | None:
        """The name of a key; None for one that is not known."""
        self._renew(KEPT_SECONDS)
        found = name_of(key, self._hashes)
        if found is None and key:
            self._renew(RENEWED_AT_MOST_EVERY)
            found = name_of(key, self._hashes)
        return found

    def _renew(self, after: float) -> None:
        if self.monotonic() - self._fetched_at >= after:
            self._hashes = self.fetch()
            self._fetched_at = self.monotonic()


def key_in(event: Mapping[str, Any]) -> str:
    """The key of a request; empty where it has none."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return str(headers.get(HEADER) or "")


def name_of(key: str, hashes: Hashes) -> str | None:
    """The name of the key that has one of the hashes, in a time that tells nothing about how far it was right."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    matches = [name for name, known in hashes.items() if hmac.compare_digest(digest, known.strip().lower())]
    return matches[0] if matches else None


def policy(principal: str, effect: str, method_arn: str) -> dict[str, Any]:
    """A policy for the whole stage, since API Gateway keeps it for every request with the same key."""
    stage = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/*"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def parsed_hashes(text: str) -> Hashes:
    """The hashes in a secret's text. Raises `ConfigurationError`; its message never repeats the secret."""
    try:
        hashes = json.loads(text)
    except ValueError as error:
        raise ConfigurationError('the secret of the API keys is not JSON, as {"name": "SHA-256 in hex"}') from error
    if not isinstance(hashes, dict) or not all(isinstance(value, str) and value.isascii() for value in hashes.values()):
        raise ConfigurationError('the secret of the API keys is not of the form {"name": "SHA-256 in hex"}')
    return hashes


def key_hashes(client: Any, secret_name: str) -> Hashes:
    """Return the hashes that a secret holds. Raises `ConfigurationError`, or `RetryableError` for one not read."""
    try:
        return parsed_hashes(client.get_secret_value(SecretId=secret_name)["SecretString"])
    except (ClientError, BotoCoreError) as error:
        logger.error("API keys not read", extra={"secret": secret_name, "cause": cause_of(error)})
        raise RetryableError("the API keys could not be read") from error
