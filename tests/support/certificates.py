"""A certificate for TLS between test programs on this machine."""

import subprocess

import pytest
from tests.support.programs import require


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate for this machine that signs itself."""
    openssl = require("openssl", "openssl")
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "node.pem", folder / "node.key"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(pem)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return {"certificate": str(pem), "key": str(key), "ca": str(pem)}
