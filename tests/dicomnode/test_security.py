"""TLS, slow senders, logs without patient data, the health server's other answers."""

import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.node_peers import association, echoes
from tests.support.node_running import node
from tests.support.programs import require

from neumo.core.errors import ChildStartError, NodeError
from neumo.dicomnode.store.identifiers import is_uid


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


def test_tls_asks_for_a_certificate_and_silence_holds_up_nobody(
    settings: dict[str, Any], certificate: dict[str, str]
) -> None:
    settings["receive"] |= {"tls": certificate, "timeouts": {"network": 3}}
    context = ssl.create_default_context(cafile=certificate["ca"])
    context.load_cert_chain(certificate["certificate"], certificate["key"])
    with node(settings) as running:
        silent = socket.create_connection(("127.0.0.1", running.port))
        with silent, association(running.port, tls_args=(context, "localhost")) as opened:
            assert opened.is_established and opened.send_c_echo().Status == 0
        with association(running.port) as plain:
            assert not plain.is_established


def test_tls_files_that_are_none_are_told(settings: dict[str, Any], tmp_path: Path) -> None:
    settings["receive"]["tls"] = {"certificate": str(tmp_path / "no.pem"), "key": str(tmp_path / "no.key")}
    with pytest.raises(NodeError, match="tls"), node(settings):
        pass


def test_a_sender_that_stalls_is_cut_off(settings: dict[str, Any]) -> None:
    settings["receive"]["timeouts"] = {"network": 0.5, "artim": 0.5}
    with node(settings) as running:
        for words in (b"", b"\x01\x00\x00\x00\x10\x00half"):
            with socket.create_connection(("127.0.0.1", running.port), timeout=10) as stalled:
                stalled.sendall(words)
                started = time.monotonic()
                with stalled:
                    while stalled.recv(1024):
                        pass
                assert time.monotonic() - started < 8
        assert echoes(running.port)


def test_a_taken_port_is_told(settings: dict[str, Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings["receive"]["port"] = taken.getsockname()[1]
        with pytest.raises(NodeError, match="cannot listen"), node(settings):
            pass


def test_a_reader_that_does_not_start_is_told(settings: dict[str, Any], tmp_path: Path) -> None:
    for change, words in (
        ({"bundle": str(tmp_path / "none")}, "none"),
        ({"results": "json:nothing"}, "cannot be loaded"),
    ):
        with (
            pytest.raises(ChildStartError, match=words),
            node(settings | {"read": settings["read"] | change}),
        ):
            pass


def test_health_says_what_is_wrong(settings: dict[str, Any]) -> None:
    with node(settings) as running:
        address = f"http://127.0.0.1:{running.health_port}"
        assert requests.get(f"{address}/healthz", timeout=10).json() == {"status": "ok", "faults": {}}
        assert requests.get(f"{address}/elsewhere", timeout=10).status_code == 404
    settings["receive"]["limits"]["free_bytes"] = 2**60
    with node(settings) as running:
        answer = requests.get(f"http://127.0.0.1:{running.health_port}/healthz", timeout=10)
        assert answer.status_code == 503 and "disk" in answer.json()["faults"]


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("1.2.840", True),
        ("1" * 64, True),
        ("1" * 65, False),
        ("", False),
        ("1..2", False),
        ("1.2\n", False),
        ("١.٢", False),
    ],
)
def test_only_digits_and_dots_are_uids(text: str, fine: bool) -> None:
    assert is_uid(text) is fine
