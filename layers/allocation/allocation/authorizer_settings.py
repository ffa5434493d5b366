"""The authorizer's environment. Pydantic, which reads the other functions', would take a fifth of its init."""

import re
from collections.abc import Mapping
from typing import Final

from allocation.domain.errors import ConfigurationError
from allocation.domain.frozen import frozen

OPEN_ID_ISSUER: Final = r"^https://[^?#]+$"


@frozen
class _ApiAuthorizerSettings:
    """What `api_authorizer` needs to know."""

    api_keys_secret_name: str
    # The OpenID provider that signs the console's users in; None where only API keys are accepted.
    console_open_id_issuer: str | None
    console_open_id_client_id: str | None


def authorizer_settings(environment: Mapping[str, str]) -> _ApiAuthorizerSettings:
    """Return the settings. Raises `ConfigurationError`, which names the variable that is missing or can't be used."""
    secret, issuer = environment.get("API_KEYS_SECRET_NAME"), environment.get("CONSOLE_OPEN_ID_ISSUER") or None
    if not secret:
        raise ConfigurationError("API_KEYS_SECRET_NAME is missing")
    if issuer and not re.search(OPEN_ID_ISSUER, issuer):
        raise ConfigurationError("CONSOLE_OPEN_ID_ISSUER is not an https URL without query and fragment")
    return _ApiAuthorizerSettings(secret, issuer, environment.get("CONSOLE_OPEN_ID_CLIENT_ID") or None)
