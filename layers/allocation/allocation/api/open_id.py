"""Tokens of an OpenID provider: whether it issued one to the console, and for whom.

The provider is found by its discovery document (OpenID Connect Discovery 1.0). Its keys are kept in the execution
environment, and outlast an outage of the provider.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from allocation.domain.errors import RetryableError
from allocation.domain.frozen import frozen
from allocation.observability import logger

_DISCOVERY: Final = "/.well-known/openid-configuration"
# Signatures by the provider's private key. A token that names another algorithm is refused.
_ALGORITHMS: Final = ("RS256", "ES256")
# A provider's tokens of other kinds, such as access tokens (`at+jwt`), name theirs in `typ` (RFC 8725, 3.11).
_TYPE: Final = "JWT"
_REQUIRED_CLAIMS: Final = ("exp", "iat", "iss", "aud", "sub")
# How far the provider's clock may be from ours.
_LEEWAY_SECONDS: Final = 30
# Keys are read again after so long, or at once for a key that is not known: providers change their keys.
_MAX_AGE_SECONDS: Final = 3600.0
# Whatever tokens are sent, the provider is not asked more often.
_MIN_SECONDS_BETWEEN_READS: Final = 60.0
_MAX_TOKEN: Final = 8_192
_MAX_DOCUMENT_BYTES: Final = 500_000
_TIMEOUT_SECONDS: Final = 3.0

# Reads the JSON object at an https address. Raises `RetryableError`.
_DocumentReader = Callable[[str], Mapping[str, Any]]


@dataclass(slots=True)
class OpenIdProvider:
    """A provider, by its issuer identifier, an https address. `clock` tells seconds, also of the time spent frozen."""

    issuer: str
    read: _DocumentReader
    clock: Callable[[], float]
    _document: Mapping[str, Any] = field(default_factory=dict)
    # JSON Web Keys by their ids (RFC 7517).
    _keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _tried_at: float = float("-inf")
    _read_at: float = float("-inf")

    def origins(self) -> tuple[str, ...]:
        """Return the origins that a browser calls to sign a user in; only the issuer's if it can't be asked."""
        try:
            self._renew(_MAX_AGE_SECONDS)
        except RetryableError as error:
            logger.warning("OpenID provider not read", extra={"cause": str(error)})
        addresses = (self.issuer, str(self._document.get("token_endpoint") or self.issuer))
        return tuple(dict.fromkeys(f"https://{urlsplit(each).netloc}" for each in addresses))

    def key(self, key_id: str) -> Mapping[str, Any] | None:
        """Return a key by its id, or None for one that the provider does not have.

        Raises `RetryableError` if no key is known and the provider can't be asked.
        """
        self._renew_if_possible(_MAX_AGE_SECONDS)
        if key_id not in self._keys:
            self._renew_if_possible(_MIN_SECONDS_BETWEEN_READS)
        return self._keys.get(key_id)

    def _renew_if_possible(self, after: float) -> None:
        """Read the keys again. Those that are known outlast a provider that does not answer."""
        try:
            self._renew(after)
        except RetryableError as error:
            if not self._keys:
                raise
            logger.warning("OpenID keys not read", extra={"cause": str(error)})

    def _renew(self, after: float) -> None:
        """Read the provider's documents, if that was not done for so many seconds. Raises `RetryableError`."""
        now = self.clock()
        # A clock that was set back says nothing about the time between.
        if 0 <= now - self._read_at < after:
            return
        if 0 <= now - self._tried_at < _MIN_SECONDS_BETWEEN_READS:
            if self._read_at == float("-inf"):
                raise RetryableError("the OpenID provider did not answer a moment ago")
            return
        self._tried_at = now
        document = self.read(self.issuer.rstrip("/") + _DISCOVERY)
        if document.get("issuer") != self.issuer:
            raise RetryableError("the OpenID provider's document has another issuer: correct ConsoleOpenIdIssuer")
        keys = self.read(str(document.get("jwks_uri"))).get("keys")
        found = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
        self._document = document
        self._keys = {str(key["kid"]): key for key in found if "kid" in key and key.get("use", "sig") == "sig"}
        self._read_at = now


@frozen
class IdTokens:
    """Reads the tokens that a provider issues to the console, its client."""

    provider: OpenIdProvider
    client_id: str

    def user_of(self, token: str) -> str | None:
        """Return what identifies the user of a token, or None for a token that opens nothing.

        Raises `RetryableError` where the provider's keys are not known.
        """
        # Its import takes as long as all else that the authorizer does, so that only tokens pay for it.
        import jwt

        if len(token) > _MAX_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            algorithm = str(header.get("alg"))
            is_candidate = algorithm in _ALGORITHMS and str(header.get("typ", _TYPE)).upper() == _TYPE
            key = self.provider.key(str(header.get("kid"))) if is_candidate else None
            if key is None:
                return None
            claims = jwt.decode(
                token,
                jwt.PyJWK(dict(key), algorithm).key,
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.provider.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": list(_REQUIRED_CLAIMS)},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        # A token for several audiences names the one that it was issued to (OpenID Connect Core, 3.1.3.7).
        alone = claims["aud"] in (self.client_id, [self.client_id])
        if claims.get("azp", self.client_id if alone else None) != self.client_id:
            return None
        return hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:16]


def read_over_https(address: str) -> Mapping[str, Any]:
    """Return the JSON object at an https address. Raises `RetryableError` for anything else, and after some seconds."""
    import urllib3

    if not address.startswith("https://"):
        raise RetryableError("the OpenID provider names an address without https")
    try:
        with urllib3.PoolManager(timeout=urllib3.Timeout(total=_TIMEOUT_SECONDS), retries=False) as pool:
            answer = pool.request("GET", address, redirect=False, preload_content=False)
            body = answer.read(_MAX_DOCUMENT_BYTES + 1)
        found = json.loads(body) if answer.status == 200 and len(body) <= _MAX_DOCUMENT_BYTES else None
    except (urllib3.exceptions.HTTPError, ValueError, RecursionError) as error:
        raise RetryableError(f"the OpenID provider did not answer ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise RetryableError(f"the OpenID provider answered {answer.status}, or no JSON object")
    return found
