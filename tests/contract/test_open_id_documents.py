"""The documents of an OpenID provider are read over HTTPS only, from whoever has a certificate, and in bounded time."""

import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from allocation.api.open_id import read_over_https
from allocation.domain.errors import RetryableError


@dataclass
class Served:
    """What a provider on this machine answers by path: status, headers and body."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)


def certificate(folder: Path) -> Path:
    """A key with a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "provider.pem"
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, kind, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = served.answers[self.path]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served.url = f"https://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        yield served
        server.shutdown()


def test_a_document_is_read_from_a_provider_whose_certificate_holds(provider: Served) -> None:
    provider.answers["/d"] = (200, {}, json.dumps({"issuer": "x"}).encode())
    assert read_over_https(f"{provider.url}/d") == {"issuer": "x"}


def test_a_provider_whose_certificate_nobody_vouches_for_is_not_believed(
    provider: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.answers["/d"] = (200, {}, b"{}")
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(RetryableError):
        read_over_https(f"{provider.url}/d")


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b"{}"),
        (302, {"Location": "/elsewhere"}, b""),
        (200, {}, b"[]"),
        (200, {}, b"not JSON"),
        (200, {}, b"[" * 100_000),
        (200, {}, b"{" + b" " * 600_000 + b"}"),
    ],
    ids=["fault", "redirect", "list", "text", "deep", "large"],
)
def test_anything_but_a_json_object_is_refused(provider: Served, answer: tuple[int, dict[str, str], bytes]) -> None:
    provider.answers |= {"/d": answer, "/elsewhere": (200, {}, b"{}")}
    with pytest.raises(RetryableError):
        read_over_https(f"{provider.url}/d")


@pytest.mark.parametrize(
    "address", ["http://login.example.com/d", "file:///etc/passwd", "None", "https://127.0.0.1:1/d"]
)
def test_no_other_address_is_read(address: str) -> None:
    with pytest.raises(RetryableError):
        read_over_https(address)
