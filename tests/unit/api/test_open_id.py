"""Tokens of an OpenID provider: an imitation signs them with keys of its own, and the authorizer judges them."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from allocation.api.authorizer import Authorizer
from allocation.api.keys import Key
from allocation.api.open_id import IdTokens, OpenIdProvider
from allocation.domain.errors import RetryableError

ISSUER = "https://login.example.com/pool"
CLIENT = "console"
CONSOLE = "arn:aws:execute-api:eu-west-2:123456789012:api/live/GET/console/api/consignments"
PRO = "arn:aws:execute-api:eu-west-2:123456789012:api/live/PUT/allocation/allocate"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, key_id: str) -> dict[str, Any]:
    kind: Any = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "use": "sig"}


@dataclass
class Imitation:
    """A provider's documents, and how often they were asked for."""

    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(RSA, "r"), public(CURVE, "e")])
    issuer: str = ISSUER
    is_out: bool = False
    reads: list[str] = field(default_factory=list)
    clock: float = 1000.0

    def read(self, address: str) -> Mapping[str, Any]:
        self.reads.append(address)
        if self.is_out:
            raise RetryableError("the provider does not answer")
        if address.endswith("/.well-known/openid-configuration"):
            keys, token = "https://login.example.com/keys", "https://token.example.net/oauth2/token"
            return {"issuer": self.issuer, "jwks_uri": keys, "token_endpoint": token}
        return {"keys": self.keys}


@pytest.fixture
def provider() -> Imitation:
    return Imitation()


@pytest.fixture
def tokens(provider: Imitation) -> IdTokens:
    return IdTokens(OpenIdProvider(ISSUER, provider.read, lambda: provider.clock), CLIENT)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {"iss": ISSUER, "aud": CLIENT, "sub": "user-1", "iat": now, "exp": now + 300} | changes
    return {name: value for name, value in given.items() if value is not None}


def token(key: Any = RSA, algorithm: str = "RS256", key_id: str = "r", **changes: Any) -> str:
    return str(jwt.encode(claims(**changes), key, algorithm, headers={"kid": key_id}))


def typed(kind: str) -> str:
    return str(jwt.encode(claims(), RSA, "RS256", headers={"kid": "r", "typ": kind}))


@pytest.mark.parametrize(("key", "algorithm", "key_id"), [(RSA, "RS256", "r"), (CURVE, "ES256", "e")])
def test_a_token_of_the_provider_s_opens(tokens: IdTokens, key: Any, algorithm: str, key_id: str) -> None:
    first, second = token(key, algorithm, key_id), token(key, algorithm, key_id, sub="user-2")
    assert tokens.user_of(first) == tokens.user_of(token(key, algorithm, key_id)) != tokens.user_of(second)
    assert "user-1" not in str(tokens.user_of(first))


def test_a_token_for_several_opens_for_the_one_that_it_was_issued_to(tokens: IdTokens) -> None:
    assert tokens.user_of(token(aud=["another", CLIENT], azp=CLIENT))
    assert tokens.user_of(token(aud=[CLIENT]))
    assert tokens.user_of(typed("jwt"))


PAST, HOUR = -3600, 3600


@pytest.mark.parametrize(
    "wrong",
    [
        token(OTHER),
        token(aud="another"),
        token(aud=["console", "another"], azp="another"),
        token(aud=["console", "another"]),
        typed("at+jwt"),
        typed("logout+jwt"),
        token(iss="https://login.example.com/other"),
        token(exp=int(time.time()) + PAST),
        token(exp=None),
        token(sub=None),
        token(iat=int(time.time()) + HOUR),
        token(nbf=int(time.time()) + HOUR),
        token(key_id="unknown"),
        token(CURVE, "ES256", "r"),
        token(RSA, "RS512"),
        jwt.encode(claims(), "secret" * 10, "HS256", headers={"kid": "r"}),
        jwt.encode(claims(), None, "none", headers={"kid": "r"}),  # type: ignore[arg-type, unused-ignore]
        jwt.encode(claims(), RSA, "RS256"),
        token()[:-8] + "AAAAAAAA",
        "a.b.c",
        "",
        "x" * 10_000,
        "é",
    ],
    ids=range(23),
)
def test_any_other_token_opens_nothing(tokens: IdTokens, wrong: str) -> None:
    assert tokens.user_of(token())
    assert tokens.user_of(wrong) is None


def test_the_public_key_is_no_secret_to_sign_with(tokens: IdTokens) -> None:
    import base64
    import hashlib
    import hmac
    import json

    def part(value: Any) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    signed = part({"alg": "HS256", "kid": "r"}) + b"." + part(claims())
    secret = json.dumps(public(RSA, "r")).encode()
    signature = base64.urlsafe_b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).rstrip(b"=")
    assert tokens.user_of((signed + b"." + signature).decode()) is None


def test_a_new_key_of_the_provider_s_is_read_but_not_for_every_token(tokens: IdTokens, provider: Imitation) -> None:
    assert tokens.user_of(token())
    provider.keys.append(public(OTHER, "new"))
    assert tokens.user_of(token(OTHER, key_id="new")) is None
    provider.clock += 61
    assert tokens.user_of(token(OTHER, key_id="new"))
    reads = len(provider.reads)
    for _ in range(20):
        assert tokens.user_of(token(key_id="guessed")) is None
    assert len(provider.reads) == reads


def test_a_key_that_the_provider_withdrew_opens_nothing_after_an_hour(tokens: IdTokens, provider: Imitation) -> None:
    assert tokens.user_of(token())
    provider.keys = [public(CURVE, "e")]
    provider.clock += 3601
    assert tokens.user_of(token()) is None


def test_a_clock_that_is_set_back_keeps_no_key_that_the_provider_withdrew(
    tokens: IdTokens, provider: Imitation
) -> None:
    assert tokens.user_of(token())
    provider.keys = []
    provider.clock -= 3_600
    assert tokens.user_of(token()) is None


def test_known_keys_outlast_an_outage_of_the_provider(tokens: IdTokens, provider: Imitation) -> None:
    assert tokens.user_of(token())
    provider.is_out = True
    provider.clock += 48 * 3600
    assert tokens.user_of(token())
    assert tokens.user_of(token(OTHER)) is None


def test_without_a_key_nobody_is_judged_and_the_provider_is_not_asked_for_each(
    tokens: IdTokens, provider: Imitation
) -> None:
    provider.is_out = True
    for _ in range(5):
        with pytest.raises(RetryableError):
            tokens.user_of(token())
    assert len(provider.reads) == 1
    provider.is_out = False
    provider.clock += 61
    assert tokens.user_of(token())


def test_a_document_of_another_issuer_is_not_believed(tokens: IdTokens, provider: Imitation) -> None:
    provider.issuer = "https://evil.example.com"
    with pytest.raises(RetryableError, match="ConsoleOpenIdIssuer"):
        tokens.user_of(token())


def test_a_browser_may_call_the_issuer_and_where_it_gets_tokens(provider: Imitation) -> None:
    known = OpenIdProvider(ISSUER, provider.read, lambda: provider.clock)
    assert known.origins() == ("https://login.example.com", "https://token.example.net")
    provider.is_out = True
    assert OpenIdProvider(ISSUER, provider.read, lambda: 0.0).origins() == ("https://login.example.com",)


def decided(tokens: IdTokens | None, arn: str, **headers: str) -> tuple[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    known = (Key("shop", "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"),)  # of "secret"
    authorizer = Authorizer(lambda: known, lambda: 0.0, tokens.user_of if tokens else None)
    (statement,) = authorizer.decide({"methodArn": arn, "headers": named})["policyDocument"]["Statement"]
    return statement["Effect"], statement["Resource"].partition(":api/")[2]


def test_a_token_opens_the_console_s_data_and_nothing_else(tokens: IdTokens) -> None:
    bearer = f"Bearer {token()}"
    assert decided(tokens, CONSOLE, Authorization=bearer) == ("Allow", "live/*/console/api/*")
    assert decided(tokens, PRO, Authorization=bearer)[0] == "Deny"
    assert decided(tokens, CONSOLE.replace("console/api", "console"), Authorization=bearer)[0] == "Deny"
    assert decided(tokens, CONSOLE, Authorization=f"Basic {token()}")[0] == "Deny"
    assert decided(tokens, CONSOLE, Authorization="Bearer")[0] == "Deny"
    assert decided(tokens, CONSOLE)[0] == "Deny"


def test_where_no_provider_is_configured_a_token_opens_nothing() -> None:
    assert decided(None, CONSOLE, Authorization=f"Bearer {token()}")[0] == "Deny"


def test_a_key_opens_everything_beside_a_provider_too(tokens: IdTokens) -> None:
    key = {"ocp_apim_subscription_key": "secret"}
    assert decided(tokens, CONSOLE, **key) == ("Allow", "live/*")
    assert decided(tokens, PRO, **key) == ("Allow", "live/*")
    assert decided(tokens, CONSOLE, ocp_apim_subscription_key="wrong", Authorization=f"Bearer {token()}")[0] == "Deny"
