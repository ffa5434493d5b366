"""The API key: which requests API Gateway is told to let pass."""

import hashlib
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from allocation.api.authorizer import Authorizer, fetched_keys
from allocation.api.keys import Key, KeyScope, read_keys
from allocation.domain.errors import ConfigurationError, RetryableError

ARN = "arn:aws:execute-api:eu-west-2:123456789012:abcdef1234/live/GET/consignments/EC-000-05B-MMA"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass
class Secret:
    """A secret, and how often it was read."""

    keys: dict[str, str] = field(default_factory=lambda: {"shop": "first key", "warehouse": "second key"})
    reads: int = 0
    seconds: float = 1000.0
    fault: Exception | None = None

    def fetch(self) -> tuple[Key, ...]:
        self.reads += 1
        if self.fault:
            raise self.fault
        return tuple(Key(name, digest(key)) for name, key in self.keys.items())

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


@pytest.mark.parametrize("headers", [None, {}, {"ocp-apim-subscription-key": ""}, {"Ocp-Apim-Subscription-Key": None}])
def test_the_hash_of_no_key_does_not_open_the_console_to_requests_without_one(headers: Any) -> None:
    """Its data has no identity source, so API Gateway asks the authorizer even where no header was sent."""
    secret = json.dumps({"shop": digest(""), "warehouse": digest("second key")})
    authorizer = Authorizer(lambda: read_keys(secret), lambda: 1000.0)
    assert effect(authorizer, headers) == "Deny"
    assert effect(authorizer, {"ocp-apim-subscription-key": "second key"}) == "Allow"


def test_a_deleted_key_closes_once_the_hashes_are_read_again(authorizer: Authorizer, secret: Secret) -> None:
    headers = {"ocp-apim-subscription-key": "first key"}
    assert effect(authorizer, headers) == "Allow"
    del secret.keys["shop"]
    secret.seconds += 29
    assert effect(authorizer, headers) == "Allow"
    secret.seconds += 1
    assert effect(authorizer, headers) == "Deny"


def test_a_clock_that_is_set_back_keeps_no_deleted_key(authorizer: Authorizer, secret: Secret) -> None:
    assert authorizer.key_of("second key")
    del secret.keys["warehouse"]
    secret.seconds -= 3_600
    assert authorizer.key_of("second key") is None


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


@pytest.mark.parametrize("fault", [RetryableError("not read"), ConfigurationError("not JSON")])
def test_keys_stay_good_while_their_secret_can_not_be_used(
    authorizer: Authorizer, secret: Secret, fault: Exception
) -> None:
    headers = {"ocp-apim-subscription-key": "first key"}
    assert effect(authorizer, headers) == "Allow"
    secret.fault = fault
    secret.seconds += 3600
    assert effect(authorizer, headers) == "Allow"
    assert effect(authorizer, {"ocp-apim-subscription-key": "wrong"}) == "Deny"
    secret.fault, secret.keys = None, {}
    secret.seconds += 30
    assert effect(authorizer, headers) == "Deny"


def test_keys_stay_good_while_their_secret_holds_bytes_and_no_text() -> None:
    """`aws secretsmanager put-secret-value --secret-binary`: the reply has no `SecretString`."""
    reply: dict[str, Any] = {"SecretString": json.dumps({"shop": digest("first key")})}
    seconds = [1000.0]
    secrets_manager = SimpleNamespace(get_secret_value=lambda **_: reply)
    authorizer = Authorizer(lambda: fetched_keys(secrets_manager, "keys"), lambda: seconds[0])
    headers = {"ocp-apim-subscription-key": "first key"}
    assert effect(authorizer, headers) == "Allow"
    reply = {"SecretBinary": b"{}"}
    seconds[0] += 3600
    assert effect(authorizer, headers) == "Allow"


def test_no_key_opens_before_the_secret_was_read(authorizer: Authorizer, secret: Secret) -> None:
    secret.fault = RetryableError("not read")
    with pytest.raises(RetryableError):
        authorizer.decide({"methodArn": ARN, "headers": {"ocp-apim-subscription-key": "first key"}})


def test_the_api_hears_who_calls_and_what_the_key_may_do() -> None:
    authorizer = Authorizer(lambda: (Key("reports", digest("k"), frozenset({KeyScope.READ})),), lambda: 0.0)
    answer = authorizer.decide({"methodArn": ARN, "headers": {"ocp-apim-subscription-key": "k"}})
    assert (answer["principalId"], answer["context"]) == ("reports", {"scopes": "read"})


def test_a_key_without_scopes_never_looks_like_one_from_before_there_were_scopes() -> None:
    """Such an authorizer named the caller alone. What API Gateway makes of an empty text in a context is not known."""
    authorizer = Authorizer(lambda: (Key("none", digest("k"), frozenset()),), lambda: 0.0)
    answer = authorizer.decide({"methodArn": ARN, "headers": {"ocp-apim-subscription-key": "k"}})
    assert answer["context"]["scopes"]
    assert not {*answer["context"]["scopes"].split()} & {*KeyScope}


def test_a_guess_is_logged_without_what_was_guessed(authorizer: Authorizer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert effect(authorizer, {"ocp-apim-subscription-key": "my guess"}) == "Deny"
    [record] = [each for each in caplog.records if each.message == "request refused"]
    assert "guess" not in str(vars(record))
