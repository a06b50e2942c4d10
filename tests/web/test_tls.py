"""HTTPS with the server's own certificate."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.support.web_running import PASSWORD, Running, add_people

from neumo.core.errors import ConfigError
from neumo.core.settings import load_settings
from neumo.web.config import WebConfig
from neumo.web.server import serve


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody else trusts, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "server.pem", tmp_path / "server.key"
    files[0].write_bytes(signed.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_a_certificate_that_is_none_is_told(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    (tmp_path / "noise.pem").write_text("noise")
    for file in ("none.pem", "noise.pem", "server.pem"):
        wrong = [f"listen.certificate={certificate[0]}", f"listen.key={tmp_path / file}"]
        with pytest.raises(ConfigError, match=r"listen\.certificate"):
            serve(
                load_settings(WebConfig, None, wrong, {"data": str(tmp_path / "data"), "listen.port": 0}),
                print,
            )


def test_cookies_never_leave_in_clear(
    start: Callable[..., Running], certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    add_people(tmp_path / "data", ana="reader")
    server = start(listen__certificate=certificate[0], listen__key=certificate[1])
    assert server.address.startswith("https://127.0.0.1:")
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(base_url=server.address, verify=trusted, timeout=30) as web:
        answer = web.post("/api/session", json={"name": "ana", "password": PASSWORD})
        assert answer.status_code == 200
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]
        assert web.get("/api/me").json()["person"] == "ana"
    with pytest.raises(httpx.TransportError):
        httpx.get(server.address.replace("https:", "http:"), timeout=10)
