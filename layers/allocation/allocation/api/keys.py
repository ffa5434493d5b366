"""The keys of the API as their secret lists them: a hash each and, optionally, what the key may do.

`{"warehouse": "SHA-256 in hex", "reports": {"sha256": "SHA-256 in hex", "scopes": ["read"]}}`
"""

import hashlib
import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from allocation.domain.errors import ConfigurationError
from allocation.domain.frozen import frozen
from allocation.domain.metric import MetricName
from allocation.observability import count, logger

_FORM: Final = 'write {"name": "SHA-256 in hex"}'
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# What a request without a key would be taken for: `printf %s "$KEY" | sha256sum` in a shell where KEY is not set.
_OF_NOTHING: Final = hashlib.sha256(b"").hexdigest()
# Characters of a name. It is in logs, in records and in what API Gateway is told.
_MAX_NAME: Final = 128
# What may be said of an entry. Anything else could be a key that somebody wrote in the wrong place.
_NAME: Final = re.compile(r"[\w.-]{1,40}", re.ASCII)


class KeyScope(StrEnum):
    """What a key may do."""

    READ = "read"  # see consignments, labels, quotes and the catalogue
    ALLOCATE = "allocate"  # create, change, allocate, deallocate and cancel consignments
    ERASE = "erase"  # delete the personal data of consignments


ALL_SCOPES: Final = frozenset(KeyScope)


@frozen
class Key:
    """A key that opens the API. `digest` is its SHA-256 in hex, in lower case."""

    name: str
    digest: str
    scopes: frozenset[KeyScope] = ALL_SCOPES


def read_keys(text: str) -> tuple[Key, ...]:
    """Return the keys in a secret's text. An entry that can't be used is left out, and the log names it.

    Raises `ConfigurationError` where no object can be read. Neither repeats what the secret holds.
    """
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the secret of the API keys is not JSON: {_FORM}") from error
    if not isinstance(entries, dict):
        raise ConfigurationError(f"the secret of the API keys has the wrong form: {_FORM}")
    read = {name: _key_of(name, entry) for name, entry in entries.items()}
    unusable = [
        name if _NAME.fullmatch(name) else f"entry {at}" for at, (name, key) in enumerate(read.items(), 1) if not key
    ]
    if unusable:
        logger.error("API keys left out", extra={"keys": unusable[:20], "count": len(unusable), "expected": _FORM})
        count(MetricName.API_KEYS_REFUSED, 1)
    return tuple(key for key in read.values() if key)


def _key_of(name: str, entry: Any) -> Key | None:
    """Return the key of an entry, or None for one that can't be used: a scope that is none, the hash of no key."""
    if isinstance(entry, str):
        entry = {"sha256": entry}
    if not isinstance(entry, Mapping) or not entry.keys() <= {"sha256", "scopes"}:
        return None
    if not (name.isprintable() and 0 < len(name) <= _MAX_NAME):
        return None
    digest, scopes = str(entry.get("sha256")).strip().lower(), entry.get("scopes", [*ALL_SCOPES])
    if not _DIGEST.fullmatch(digest) or digest == _OF_NOTHING:
        return None
    if not isinstance(scopes, list) or not set(map(str, scopes)) <= ALL_SCOPES:
        return None
    return Key(name, digest, frozenset(map(KeyScope, scopes)))
