"""API Gateway's REQUEST authorizer: checks a request's API key against the hashes in a secret.

The console may send a token of an OpenID provider instead. It opens what is below `/console/api`, and nothing else.
"""

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
_CONSOLE: Final = "console/api"
_BEARER: Final = "bearer "
# How long a deleted key may still work in one execution environment.
_MAX_AGE_SECONDS: Final = 30.0
# An unknown key may be a new one, so the secret is read again, but not for every guess.
_MIN_SECONDS_BETWEEN_READS: Final = 5.0

# SHA-256 in hex of each key, by the key's name.
_Hashes = Mapping[str, str]


@dataclass(slots=True)
class Authorizer:
    """Decides who may call the API. `fetch` reads the hashes, `monotonic` is a clock in seconds.

    `user_of` returns what identifies the user of a token, None for a token that opens nothing. It is None where only
    keys are accepted.
    """

    fetch: Callable[[], _Hashes]
    monotonic: Callable[[], float]
    user_of: Callable[[str], str | None] | None = None
    _hashes: _Hashes = field(default_factory=dict)
    _fetched_at: float = float("-inf")

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return API Gateway's policy: everything for a known key, the console's data for a user of the provider."""
        method_arn = event["methodArn"]
        key = _header_in(event, HEADER)
        if key or not self.user_of:
            name = self.name_of(key)
            return _policy(name or "unknown", "Allow" if name else "Deny", method_arn)
        user = self._user_in(event) if _is_of_console(method_arn) else None
        return _policy(
            f"user-{user}" if user else "unknown", "Allow" if user else "Deny", method_arn, f"*/{_CONSOLE}/*"
        )

    def _user_in(self, event: Mapping[str, Any]) -> str | None:
        """Return what identifies the user of a request's token, or None. Raises `RetryableError`."""
        credentials = _header_in(event, "authorization")
        if self.user_of is None or not credentials.lower().startswith(_BEARER):
            return None
        return self.user_of(credentials[len(_BEARER) :].strip())

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


def _header_in(event: Mapping[str, Any], wanted: str) -> str:
    """Return a header of a request, empty where it has none."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return str(headers.get(wanted) or "")


def _is_of_console(method_arn: str) -> bool:
    """Return whether a request is for the console's data: `arn:...:api/stage/METHOD/console/api/...`."""
    return "/".join(method_arn.split("/")[3:]).startswith(f"{_CONSOLE}/")


def _name_of(key: str, hashes: _Hashes) -> str | None:
    """Return the name of the key that has one of the hashes, or None. The time taken does not depend on the key."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    matches = [name for name, known in hashes.items() if hmac.compare_digest(digest, known.strip().lower())]
    return matches[0] if matches else None


def _policy(principal: str, effect: str, method_arn: str, below: str = "*") -> dict[str, Any]:
    """Return a policy for the stage, or what is `below`: API Gateway caches it for every request with the same key."""
    stage = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/{below}"}
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
