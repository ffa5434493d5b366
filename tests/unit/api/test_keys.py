"""The secret of the API's keys: what it may hold, and what one bad entry does to the others."""

import hashlib
import json
import logging
from typing import Any

import pytest

from allocation.api.keys import ALL_SCOPES, Key, KeyScope, read_keys
from allocation.domain.errors import ConfigurationError

DIGEST = hashlib.sha256(b"a key").hexdigest()


def read(**entries: Any) -> tuple[Key, ...]:
    return read_keys(json.dumps(entries))


def test_a_hash_alone_opens_everything_in_either_case_of_hex() -> None:
    assert read(shop=f" {DIGEST.upper()} ") == (Key("shop", DIGEST, ALL_SCOPES),)


def test_a_key_may_be_held_to_scopes() -> None:
    [key] = read(reports={"sha256": DIGEST, "scopes": ["read"]})
    assert key.scopes == {KeyScope.READ}
    [key] = read(nothing={"sha256": DIGEST, "scopes": []})
    assert key.scopes == frozenset()


@pytest.mark.parametrize(
    "entry",
    [
        None,
        1,
        "",
        "a key",
        "é" * 64,
        DIGEST[1:],
        [DIGEST],
        {},
        {"sha256": None},
        {"sha256": DIGEST, "scopes": "read"},
        {"sha256": DIGEST, "scopes": ["reed"]},
        {"sha256": DIGEST, "scopes": None},
        {"sha256": DIGEST, "scopes": [["read"]]},
        {"sha256": DIGEST, "scope": ["read"]},
        hashlib.sha256(b"").hexdigest(),
        {"sha256": hashlib.sha256(b"").hexdigest().upper(), "scopes": ["read"]},
    ],
)
def test_a_bad_entry_is_named_and_shuts_nobody_else_out(entry: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert read(oops=entry, shop=DIGEST) == (Key("shop", DIGEST, ALL_SCOPES),)
    [told] = caplog.records
    assert vars(told)["keys"] == ["oops"]


@pytest.mark.parametrize("name", ["", "n" * 129, "two\nlines", "\ud800"])
def test_a_key_whose_name_no_log_can_show_opens_nothing(name: str) -> None:
    assert read_keys(json.dumps({name: DIGEST, "shop": DIGEST})) == (Key("shop", DIGEST, ALL_SCOPES),)


def test_a_name_that_could_be_a_key_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    read_keys(json.dumps({"good": DIGEST, "s3cret+key/that=somebody wrote in the wrong place": "x"}))
    assert vars(caplog.records[0])["keys"] == ["entry 2"]


@pytest.mark.parametrize("text", ["", "key", "[]", '"key"', "null", "[" * 100_000, DIGEST])
def test_a_secret_of_another_form_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_keys(text)
    assert "SHA-256" in str(caught.value)
    assert len(text) < 5 or text not in str(caught.value)
