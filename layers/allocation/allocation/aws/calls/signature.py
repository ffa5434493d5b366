"""AWS's Signature Version 4, for requests whose whole body is known."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from hmac import digest
from typing import Final, NamedTuple

_ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """The keys of a function's role, as Lambda puts them into its environment."""

    access_key: str
    secret_key: str
    session_token: str | None


def authorization(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body_hash: str,
    credentials: Credentials,
    region: str,
    service: str,
) -> str:
    """Return the `Authorization` of a request. All `headers` are signed: names in lower case, with `x-amz-date`.

    `path` and `query` are as they are sent, the query's parameters in order. Source: AWS IAM User Guide, "Create a
    signed AWS API request".
    """
    moment = headers["x-amz-date"]
    names = sorted(headers)
    signed = ";".join(names)
    lines = "".join([f"{name}:{headers[name]}\n" for name in names])
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{body_hash}"
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = _signing_key(credentials.secret_key, moment[:8], region, service)
    signature = digest(key, text.encode(), "sha256").hex()
    return f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"


@lru_cache(maxsize=16)
def _signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key of a day, a region and a service."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = digest(key, part.encode(), "sha256")
    return key
