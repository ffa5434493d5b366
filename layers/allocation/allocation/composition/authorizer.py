"""Wires the authorizer of the API. It imports little: the first request of a quiet hour waits for it."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from allocation.authorizer_settings import authorizer_settings
from allocation.aws.clients import client

if TYPE_CHECKING:
    from allocation.api.authorizer import Authorizer


@cache
def api_authorizer() -> "Authorizer":
    """Return the authorizer of the API. Raises `ConfigurationError` for an environment that can't be used."""
    from allocation.api.authorizer import Authorizer, fetched_keys

    settings = authorizer_settings(os.environ)
    secrets, user_of = client("secretsmanager"), None
    if settings.console_open_id_issuer and settings.console_open_id_client_id:
        from allocation.api.open_id import IdTokens
        from allocation.composition.console import open_id_provider

        provider = open_id_provider(settings.console_open_id_issuer)
        user_of = IdTokens(provider, settings.console_open_id_client_id).user_of
    # Not the monotonic clock: a key that was deleted while the function was frozen would open once more.
    return Authorizer(lambda: fetched_keys(secrets, settings.api_keys_secret_name), time.time, user_of)
