"""API Gateway's REQUEST authorizer: checks a request's API key against the hashes in a secret."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.aws.clients import cause_of
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.observability import logger

HEADER: Final = "ocp-apim-subscription-key"
# How long a deleted key may still work in one execution environment.
_MAX_AGE_SECONDS: Final = 30.0
# An unknown key may be a new one, so the secret is read again, but not for every guess.
_MIN_SECONDS_BETWEEN_READS: Final = 5.0

# SHA-256 in hex of each key, by the key's name.
_Hashes = Mapping[str, str]


@dataclass(slots=True)
class Authorizer:
    """Decides who may call the API. `fetch` reads the hashes, `monotonic` is a clock in seconds."""

    fetch: Callable[[], _Hashes]
    monotonic: Callable[[], float]
    _hashes: _Hashes = field(default_factory=dict)
    _fetched_at: float = float("-inf")

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return API Gateway's policy, which allows everything to a known key and nothing to any other."""
        name = self.name_of(_key_in(event))
        return _policy(name or "unknown", "Allow" if name else "Deny", event["methodArn"])

    def name_of(self, key: str) -> str | None:
        """Return the name of a key, or None for an unknown one."""
        self._renew(_MAX_AGE_SECONDS)
        found = _name_of(key, self._hashes)
        if found is None and key:
            self._renew(_MIN_SECONDS_BETWEEN_READS)
            found = _name_of(key, self._hashes)
        return found

    def _renew(self, after: float) -> None:
        if self.monotonic() - self._fetched_at >= after:
            self._hashes = self.fetch()
            self._fetched_at = self.monotonic()


def _key_in(event: Mapping[str, Any]) -> str:
    """Return the key of a request, empty where it has none."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return str(headers.get(HEADER) or "")


def _name_of(key: str, hashes: _Hashes) -> str | None:
    """Return the name of the key that has one of the hashes, or None. The time taken does not depend on the key."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    matches = [name for name, known in hashes.items() if hmac.compare_digest(digest, known.strip().lower())]
    return matches[0] if matches else None


def _policy(principal: str, effect: str, method_arn: str) -> dict[str, Any]:
    """Return a policy for the whole stage: API Gateway caches it for every request with the same key."""
    stage = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/*"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def parsed_hashes(text: str) -> _Hashes:
    """Return the hashes in a secret's text. Raises `ConfigurationError`, which never repeats the secret."""
    try:
        hashes = json.loads(text)
    except ValueError as error:
        raise ConfigurationError('the secret of the API keys is not JSON: write {"name": "SHA-256 in hex"}') from error
    if not isinstance(hashes, dict) or not all(isinstance(value, str) and value.isascii() for value in hashes.values()):
        raise ConfigurationError('the secret of the API keys has the wrong form: write {"name": "SHA-256 in hex"}')
    return hashes


def key_hashes(client: Any, secret_name: str) -> _Hashes:
    """Return the hashes that a secret holds. Raises `ConfigurationError`, or `RetryableError` for one not read."""
    try:
        return parsed_hashes(client.get_secret_value(SecretId=secret_name)["SecretString"])
    except (ClientError, BotoCoreError) as error:
        logger.error("API keys not read", extra={"secret": secret_name, "cause": cause_of(error)})
        raise RetryableError("the API keys could not be read") from error
