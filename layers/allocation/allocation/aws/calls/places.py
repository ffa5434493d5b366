"""Where a service of AWS answers, and with which keys it is asked: from the environment of a function."""

import os
import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from allocation.aws.calls.signature import Credentials

# The domains of AWS's partitions. Source: botocore's `endpoints.json`.
_DOMAINS: Final = (
    (re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx|us-gov)-[a-z]+-\d+"), "amazonaws.com"),
    (re.compile(r"cn-[a-z]+-\d+"), "amazonaws.com.cn"),
    (re.compile(r"us-iso-[a-z]+-\d+"), "c2s.ic.gov"),
    (re.compile(r"us-isob-[a-z]+-\d+"), "sc2s.sgov.gov"),
    (re.compile(r"eu-isoe-[a-z]+-\d+"), "cloud.adc-e.uk"),
    (re.compile(r"us-isof-[a-z]+-\d+"), "csp.hci.ic.gov"),
    (re.compile(r"eusc-de-[a-z]+-\d+"), "amazonaws.eu"),
)
_PORTS: Final = {"http": 80, "https": 443}
# What else changes where or how botocore asks. Whoever sets one of them gets botocore.
_BOTOCORE_ONLY: Final = frozenset(
    {
        "AWS_ACCOUNT_ID",
        "AWS_AUTH_SCHEME_PREFERENCE",
        "AWS_CONFIG_FILE",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_DATA_PATH",
        "AWS_DEFAULT_PROFILE",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_NEW_RETRIES_2026",
        "AWS_PROFILE",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "AWS_SECURITY_TOKEN",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "SSLKEYLOGFILE",
    }
)


class ServicePlace(NamedTuple):
    """One service of a region, and the keys to ask it with."""

    scheme: str
    host: str
    port: int | None
    """None for the scheme's own."""
    region: str
    credentials: Credentials
    is_custom: bool = False
    """Whether the environment names the host, as it does an emulator's."""


def place_of(service: str, environment: Mapping[str, str]) -> ServicePlace | str:
    """Return where a service answers, or what of the environment only botocore knows how to follow.

    `service` is its name in its host's name, as `dynamodb`.
    """
    # A file that is none says nothing.
    set_to = {name: value for name, value in environment.items() if value not in ("", os.devnull)}
    if found := sorted(name for name in set_to if name.upper() in _BOTOCORE_ONLY):
        return f"{found[0]} is set"
    access_key, secret_key = (environment.get(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    if not (access_key and secret_key):
        return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"
    region = environment.get("AWS_DEFAULT_REGION", "")
    domain = next((domain for pattern, domain in _DOMAINS if pattern.fullmatch(region)), None)
    if not domain:
        return f"AWS_DEFAULT_REGION is {region!r}"
    credentials = Credentials(access_key, secret_key, environment.get("AWS_SESSION_TOKEN") or None)
    if url := _own_url(service, environment):
        return _place_at(url, region, credentials)
    return ServicePlace("https", f"{service}.{region}.{domain}", None, region, credentials)


def _own_url(service: str, environment: Mapping[str, str]) -> str | None:
    """Return the address that the environment gives a service, if it does."""
    name = "SECRETS_MANAGER" if service == "secretsmanager" else service.upper()
    return environment.get(f"AWS_ENDPOINT_URL_{name}") or environment.get("AWS_ENDPOINT_URL")


def _place_at(url: str, region: str, credentials: Credentials) -> ServicePlace | str:
    parts = urlsplit(url)
    own_port = _PORTS.get(parts.scheme)
    if not own_port or not parts.hostname or ":" in parts.hostname or parts.path.strip("/") or parts.query:
        return f"the endpoint is {url!r}"
    port = parts.port if parts.port != own_port else None
    return ServicePlace(parts.scheme, parts.hostname, port, region, credentials, is_custom=True)
