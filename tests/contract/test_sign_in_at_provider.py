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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from allocation.api.authorizer import Authorizer
from allocation.api.console_page import PAGE
from allocation.api.open_id import IdTokens, OpenIdProvider

CLIENT: Final = "console"
BASE: Final = "https://api.example/live/console/"
DRIVER: Final = Path(__file__).parents[1] / "support" / "sign_in.mjs"
OF_CONSOLE: Final = "arn:aws:execute-api:eu-west-2:123456789012:api/live/GET/console/api/consignments"
OF_PRO: Final = "arn:aws:execute-api:eu-west-2:123456789012:api/live/PUT/allocation/allocate"


class Provider(ThreadingHTTPServer):
    """An OpenID provider that signs in everybody as `user`, and gives a token once for each code and its verifier."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.user = "ann"
        self.codes: dict[str, tuple[str, dict[str, str]]] = {}
        self.issued = 0
        self.redeemed: list[dict[str, str]] = []

    def documents(self) -> dict[str, Any]:
        key = {**jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": "1", "use": "sig"}
        named = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        discovery = {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in named.items()}}
        return {"/.well-known/openid-configuration": discovery, "/keys": {"keys": [key]}}

    def code_for(self, asked: dict[str, str]) -> str:
        self.issued += 1
        code = f"code-{self.issued}"
        self.codes[code] = (self.user, asked)
        return code

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, str]]:
        self.redeemed.append(form)
        user, asked = self.codes.pop(form["code"], ("", {}))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        same = (form["redirect_uri"], form["client_id"]) == (asked.get("redirect_uri"), asked.get("client_id"))
        if asked.get("code_challenge") != challenge or not same:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": user, "iat": now, "exp": now + 300}
        return 200, {"id_token": jwt.encode(claims, self.key, "RS256", {"kid": "1"})}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path == "/authorize":
            back = urlencode({"code": self.server.code_for(asked), "state": asked["state"]})
            self.answer(302, {}, Location=f"{asked['redirect_uri']}?{back}")
        else:
            self.answer(200, self.server.documents()[path])

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["content-length"])).decode()))
        self.answer(*self.server.redeem(form))

    def answer(self, status: int, data: Any, **headers: str) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as served:
        thread = Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield served
        served.shutdown()


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

    def read(address: str) -> Any:
        with urlopen(address) as answer:  # noqa: S310 - of the provider above
            return json.load(answer)

    users = IdTokens(OpenIdProvider(provider.issuer, read, time.monotonic), CLIENT)
    event = {"methodArn": method_arn, "headers": {"Authorization": f"Bearer {token}"}}
    policy = Authorizer(tuple, time.monotonic, users.user_of).decide(event)
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
    first, second = asked
    assert first["state"] != second["state"]
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
