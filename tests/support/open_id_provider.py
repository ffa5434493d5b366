"""An OpenID provider over HTTP on the loopback. What it says wrongly, a test sets."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from allocation.api.open_id import IdTokens, OpenIdProvider

CLIENT: Final = "console"


class Provider(ThreadingHTTPServer):
    """Signs in everybody as `user`, and gives a token once for each code and its verifier."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.user = "ann"
        self.codes: dict[str, tuple[str, dict[str, str]]] = {}
        self.issued = 0
        # What is otherwise said in the discovery document, and in tokens; a claim that is None is left out.
        self.discovered: dict[str, Any] = {}
        self.claimed: dict[str, Any] = {}
        self.redeemed: list[dict[str, str]] = []
        self.tokens: list[str] = []

    def id_tokens(self) -> IdTokens:
        """What the authorizer judges this provider's tokens by, over HTTP."""

        def read(address: str) -> Any:
            with urlopen(address) as answer:  # noqa: S310 - of this provider
                return json.load(answer)

        return IdTokens(OpenIdProvider(self.issuer, read, time.monotonic), CLIENT)

    def documents(self) -> dict[str, Any]:
        key = {**jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": "1", "use": "sig"}
        named = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        discovery = {"issuer": self.issuer, **{name: f"{self.issuer}/{path}" for name, path in named.items()}}
        discovery |= self.discovered
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
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": user,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
        }
        said = {name: value for name, value in (claims | self.claimed).items() if value is not None}
        self.tokens.append(jwt.encode(said, self.key, "RS256", {"kid": "1"}))
        return 200, {"id_token": self.tokens[-1]}


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
        shared = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
        for name, value in {**shared, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served_provider() -> Iterator[Provider]:
    """Serve a provider until the block ends."""
    with Provider() as served:
        thread = Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield served
        served.shutdown()
        thread.join()
