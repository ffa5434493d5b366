"""API Gateway's REQUEST authorizer: checks a request's API key against the hashes in a secret.

The API gets the key's name and scopes with each request, and holds a key to its scopes. API Gateway keeps a policy for
all requests of a key, so the policy can't do that.

The console may send a token of an OpenID provider instead. It opens what is below `/console/api`, and nothing else.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from allocation.api.keys import Key, KeyScope, read_keys
from allocation.aws.clients import cause_of
from allocation.domain.errors import ConfigurationError, RetryableError
from allocation.domain.metric import MetricName
from allocation.observability import count, logger

HEADER: Final = "ocp-apim-subscription-key"
_CONSOLE: Final = "console/api"
_BEARER: Final = "bearer "
# How long a deleted key may still work in one execution environment.
_MAX_AGE_SECONDS: Final = 30.0
# An unknown key may be a new one, so the secret is read again, but not for every guess.
_MIN_SECONDS_BETWEEN_READS: Final = 5.0
# What stands for no scopes: the name of none.
_NONE: Final = "none"
# What a user of the console may do.
_USER_SCOPES: Final = frozenset({KeyScope.READ, KeyScope.ALLOCATE})


@dataclass(slots=True)
class Authorizer:
    """Decides who may call the API. `fetch` reads the keys, `clock` tells seconds, also of the time spent frozen.

    Keys that were read once stay good while their secret can't be read, or is no secret of keys. `user_of` returns what
    identifies the user of a token, None for a token that opens nothing. It is None where only keys are accepted.
    """

    fetch: Callable[[], tuple[Key, ...]]
    clock: Callable[[], float]
    user_of: Callable[[str], str | None] | None = None
    _keys: tuple[Key, ...] | None = None
    _fetched_at: float = float("-inf")

    def decide(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return API Gateway's policy: everything for a known key, the console's data for a user of the provider.

        Raises `ConfigurationError` or `RetryableError` if no key was ever read.
        """
        method_arn = event["methodArn"]
        written = _header_in(event, HEADER)
        if written or not self.user_of:
            key = self.key_of(written)
            return _allow(key.name, key.scopes, method_arn) if key else _deny(method_arn, "key")
        user = self._user_in(event) if _is_of_console(method_arn) else None
        if not user:
            return _deny(method_arn, "token")
        return _allow(f"user-{user}", _USER_SCOPES, method_arn, f"*/{_CONSOLE}/*")

    def _user_in(self, event: Mapping[str, Any]) -> str | None:
        """Return what identifies the user of a request's token, or None. Raises `RetryableError`."""
        credentials = _header_in(event, "authorization")
        if self.user_of is None or not credentials.lower().startswith(_BEARER):
            return None
        return self.user_of(credentials[len(_BEARER) :].strip())

    def key_of(self, written: str) -> Key | None:
        """Return a key by what a caller wrote, or None for an unknown one."""
        found = _named(written, self._read_keys(_MAX_AGE_SECONDS))
        if found is None and written:
            found = _named(written, self._read_keys(_MIN_SECONDS_BETWEEN_READS))
        return found

    def _read_keys(self, after: float) -> tuple[Key, ...]:
        """Return the keys, read again if the last time is so many seconds ago."""
        # A clock that was set back says nothing about their age.
        if self._keys is not None and 0 <= self.clock() - self._fetched_at < after:
            return self._keys
        try:
            self._keys = self.fetch()
        except (ConfigurationError, RetryableError) as error:
            if self._keys is None:
                raise
            logger.error("API keys kept as they were", extra={"cause": str(error)})
            count(MetricName.API_KEYS_REFUSED, 1)
        self._fetched_at = self.clock()
        return self._keys


def _header_in(event: Mapping[str, Any], wanted: str) -> str:
    """Return a header of a request, empty where it has none."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return str(headers.get(wanted) or "")


def _is_of_console(method_arn: str) -> bool:
    """Return whether a request is for the console's data: `arn:...:api/stage/METHOD/console/api/...`."""
    return "/".join(method_arn.split("/")[3:]).startswith(f"{_CONSOLE}/")


def _named(written: str, keys: Iterable[Key]) -> Key | None:
    """Return the key that a caller wrote, or None. The time taken does not depend on what was written."""
    digest = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
    matches = [key for key in keys if hmac.compare_digest(digest, key.digest)]
    return matches[0] if matches else None


def _allow(principal: str, scopes: Iterable[KeyScope], method_arn: str, below: str = "*") -> dict[str, Any]:
    """Return a policy that opens the stage, or what is `below`. The API gets what is in the context.

    Its scopes are never empty: without them the API takes a key for one from before there were scopes, and API Gateway
    documents nothing of empty text.
    """
    return _policy(principal, "Allow", method_arn, below) | {"context": {"scopes": " ".join(sorted(scopes)) or _NONE}}


def _deny(method_arn: str, credential: str) -> dict[str, Any]:
    """Return a policy that opens nothing, and count who guesses. The log has nothing of what was sent."""
    logger.warning("request refused", extra={"credential": credential})
    count(MetricName.REQUESTS_UNAUTHORIZED, 1)
    return _policy("unknown", "Deny", method_arn, "*")


def _policy(principal: str, effect: str, method_arn: str, below: str) -> dict[str, Any]:
    """Return a policy, which API Gateway keeps for every request with the same key."""
    stage = "/".join(method_arn.split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/{below}"}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def fetched_keys(client: Any, secret_name: str) -> tuple[Key, ...]:
    """Return the keys that a secret holds. Raises `ConfigurationError`, or `RetryableError` for one not read."""
    try:
        text = client.get_secret_value(SecretId=secret_name).get("SecretString", "")  # none where it holds bytes
    except (ClientError, BotoCoreError) as error:
        logger.error("API keys not read", extra={"secret": secret_name, "cause": cause_of(error)})
        raise RetryableError("the API keys could not be read") from error
    return read_keys(text)
