"""Signing in to the console at an OpenID provider: its own scripts, a provider over HTTP, and the real authorizer.

RFC 6749, 10.12 (state) and 4.1.2 (a code is used once), RFC 7636 (PKCE), RFC 9700 (OAuth 2.0 Security Best Current
Practice). The scripts run in Node, which has what they use of a browser, but no window: `sign_in.mjs` is one.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from allocation.api.authorizer import Authorizer
from allocation.api.console_page import PAGE
from tests.support.open_id_provider import CLIENT, Provider, served_provider

BASE: Final = "https://api.example/live/console/"
DRIVER: Final = Path(__file__).parents[1] / "support" / "sign_in.mjs"
OF_CONSOLE: Final = "arn:aws:execute-api:eu-west-2:123456789012:api/live/GET/console/api/consignments"
OF_PRO: Final = "arn:aws:execute-api:eu-west-2:123456789012:api/live/PUT/allocation/allocate"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with served_provider() as served:
        yield served


def sign_in(provider: Provider, attack: str = "", code: str = "") -> dict[str, Any]:
    """Sign in by the page's scripts: the `token` or the `error`, the addresses `asked` for, and what is `left`."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node")
    given = {"issuer": provider.issuer, "clientId": CLIENT, "base": BASE, "attack": attack, "code": code}
    command = [node, str(DRIVER), str(PAGE), json.dumps(given)]
    answer = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603 - our own script
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def opened(provider: Provider, token: str, method_arn: str = OF_CONSOLE) -> str:
    """Whom the real authorizer takes the bearer of a token for; empty where it opens nothing."""
    event = {"methodArn": method_arn, "headers": {"Authorization": f"Bearer {token}"}}
    policy = Authorizer(tuple, time.monotonic, provider.id_tokens().user_of).decide(event)
    allows = policy["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    return str(policy["principalId"]) if allows else ""


def user(provider: Provider, name: str) -> str:
    return "user-" + hashlib.sha256(f"{provider.issuer} {name}".encode()).hexdigest()[:16]


def test_whoever_signs_in_sees_the_console_s_data_and_nothing_else(provider: Provider) -> None:
    token = sign_in(provider)["token"]
    assert opened(provider, token) == user(provider, "ann")
    assert opened(provider, token, OF_PRO) == ""


def test_the_provider_is_asked_for_a_code_that_only_this_page_can_redeem(provider: Provider) -> None:
    asked = [dict(parse_qsl(urlsplit(sign_in(provider)["asked"][0]).query)) for _ in range(2)]
    for each in asked:
        assert (each["response_type"], each["code_challenge_method"]) == ("code", "S256")
        assert each["redirect_uri"] == f"{BASE}signed-in.html"
        assert len(each["state"]) >= 22, "128 bits"
        assert "client_secret" not in each
        assert len(each["nonce"]) >= 22, "128 bits"
    first, second = asked
    assert len({first["state"], second["state"], first["nonce"], second["nonce"]}) == 4
    assert first["code_challenge"] != second["code_challenge"]
    assert all(len(form["code_verifier"]) >= 43 for form in provider.redeemed)  # RFC 7636, 4.1


def test_a_code_that_was_used_signs_nobody_in(provider: Provider) -> None:
    sign_in(provider)
    used = provider.redeemed[0]["code"]
    assert sign_in(provider, "foreign code", used)["error"] == "The provider gave no token: invalid_grant."


def test_a_code_of_somebody_else_s_sign_in_signs_nobody_in(provider: Provider) -> None:
    """It was intercepted before it was used, and is sent back with the state of the attacker's own sign-in."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("=")
    asked = {"redirect_uri": f"{BASE}signed-in.html", "client_id": CLIENT, "code_challenge": challenge}
    assert sign_in(provider, "foreign code", provider.code_for(asked))["error"].endswith("invalid_grant.")


def test_another_window_s_state_is_passed_over_and_nobody_is_signed_in_as_the_attacker(provider: Provider) -> None:
    """Login CSRF: the attacker's code, sent to the page's channel without its state, or with a guessed one."""
    provider.user = "mallory"
    code = provider.code_for({})
    provider.user = "ann"
    told = sign_in(provider, "foreign state", code)
    assert opened(provider, told["token"]) == user(provider, "ann")
    assert code not in [form["code"] for form in provider.redeemed]


def test_a_sign_in_that_the_provider_refuses_says_so(provider: Provider) -> None:
    assert sign_in(provider, "refused")["error"] == "The provider refused the sign-in: access_denied."
    assert provider.redeemed == []


def test_the_code_leaves_the_address_bar_and_the_verifier_is_in_no_address(provider: Provider) -> None:
    told = sign_in(provider)
    assert told["left"] == ["/live/console/signed-in.html"]
    (form,) = provider.redeemed
    assert form["code_verifier"] not in "".join(told["asked"])


@pytest.mark.parametrize("nonce", [None, "", "of another sign-in", 1])
def test_a_token_of_another_sign_in_signs_nobody_in(provider: Provider, nonce: Any) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7: a replayed token has the `nonce` of the sign-in that it was issued for."""
    provider.claimed = {"nonce": nonce}
    told = sign_in(provider)
    assert told["error"] == "The provider's token is of another sign-in. Try again."
    assert "token" not in told


@pytest.mark.parametrize("issuer", [None, "https://evil.example", "{own}/", "{own}/tenant", "{OWN}"])
def test_a_discovery_document_of_another_issuer_is_not_followed(provider: Provider, issuer: str | None) -> None:
    """OpenID Connect Discovery 1.0, 4.3: the page checks too, since it is the page that sends code and verifier."""
    own = provider.issuer
    provider.discovered = {"issuer": issuer and issuer.format(own=own, OWN=own.upper())}
    told = sign_in(provider)
    assert told["error"].startswith("The OpenID provider's document has another issuer.")
    assert told["asked"] == []
    assert provider.redeemed == []


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "/authorize", "ftp://provider.example/"]
)
def test_an_endpoint_that_is_no_address_of_the_web_is_not_followed(provider: Provider, name: str, address: str) -> None:
    provider.discovered = {name: address}
    told = sign_in(provider)
    assert told["error"] == "The OpenID provider names an address that is not safe. Sign in with a key."
    assert told["asked"] == []
