"""The API key: which requests API Gateway is told to let pass."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from allocation.api.authorizer import Authorizer, parsed_hashes
from allocation.domain.errors import ConfigurationError

ARN = "arn:aws:execute-api:eu-west-2:123456789012:abcdef1234/live/GET/consignments/EC-000-05B-MMA"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class Secret:
    """A secret, and how often it was read."""

    keys: dict[str, str] = field(default_factory=lambda: {"shop": "first key", "warehouse": "second key"})
    reads: int = 0
    seconds: float = 1000.0

    def fetch(self) -> dict[str, str]:
        self.reads += 1
        return {name: digest(key) for name, key in self.keys.items()}

    def clock(self) -> float:
        return self.seconds


@pytest.fixture
def secret() -> Secret:
    return Secret()


@pytest.fixture
def authorizer(secret: Secret) -> Authorizer:
    return Authorizer(secret.fetch, secret.clock)


def effect(authorizer: Authorizer, headers: dict[str, str] | None) -> str:
    policy: Any = authorizer.decide({"methodArn": ARN, "headers": headers})
    return str(policy["policyDocument"]["Statement"][0]["Effect"])


def test_a_known_key_opens_the_whole_stage_under_its_name(authorizer: Authorizer) -> None:
    answer = authorizer.decide({"methodArn": ARN, "headers": {"ocp-apim-subscription-key": "second key"}})
    assert answer["principalId"] == "warehouse"
    [statement] = answer["policyDocument"]["Statement"]
    assert statement == {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": "arn:aws:execute-api:eu-west-2:123456789012:abcdef1234/live/*",
    }


def test_the_header_is_found_in_any_case(authorizer: Authorizer) -> None:
    assert effect(authorizer, {"Ocp-Apim-Subscription-Key": "first key"}) == "Allow"


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"ocp-apim-subscription-key": ""},
        {"ocp-apim-subscription-key": "wrong"},
        {"ocp-apim-subscription-key": "first ke"},
        {"ocp-apim-subscription-key": digest("first key")},
        {"ocp-apim-subscription-key": "shop"},
        {"ocp-apim-subscription-key": "é\ud800".encode("utf-8", "replace").decode()},
        {"authorization": "first key"},
    ],
)
def test_anything_else_is_denied(authorizer: Authorizer, headers: dict[str, str] | None) -> None:
    assert effect(authorizer, headers) == "Deny"


def test_a_deleted_key_closes_once_the_hashes_are_read_again(authorizer: Authorizer, secret: Secret) -> None:
    headers = {"ocp-apim-subscription-key": "first key"}
    assert effect(authorizer, headers) == "Allow"
    del secret.keys["shop"]
    secret.seconds += 29
    assert effect(authorizer, headers) == "Allow"
    secret.seconds += 1
    assert effect(authorizer, headers) == "Deny"


def test_a_new_key_opens_beside_the_old_one_within_seconds(authorizer: Authorizer, secret: Secret) -> None:
    assert effect(authorizer, {"ocp-apim-subscription-key": "first key"}) == "Allow"
    secret.keys["shop-2"] = "new key"
    secret.seconds += 5
    assert effect(authorizer, {"ocp-apim-subscription-key": "new key"}) == "Allow"
    assert effect(authorizer, {"ocp-apim-subscription-key": "first key"}) == "Allow"


def test_guesses_do_not_have_the_secret_read_each_time(authorizer: Authorizer, secret: Secret) -> None:
    for guess in range(100):
        assert effect(authorizer, {"ocp-apim-subscription-key": f"guess {guess}"}) == "Deny"
    assert secret.reads == 1


@pytest.mark.parametrize("text", ["", "key", "[]", '"key"', '{"shop": 1}', '{"shop": null}', '{"shop": "é"}'])
def test_a_secret_of_another_form_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed_hashes(text)
    assert "SHA-256" in str(caught.value)
    assert "é" not in str(caught.value)


def test_hashes_may_be_in_either_case_of_hex() -> None:
    hashes = parsed_hashes(json.dumps({"shop": digest("first key").upper()}))
    assert Authorizer(lambda: hashes, lambda: 0.0).name_of("first key") == "shop"
