"""TLS contexts: certificates of both sides, and files that are none."""

import ssl
from pathlib import Path

import pytest

from neumo.core.errors import NodeError
from neumo.sending.destinations import TlsConfig
from neumo.sending.tls import client_context, server_context


def config(certificate: dict[str, str], *, authority: bool) -> TlsConfig:
    ca = Path(certificate["ca"]) if authority else None
    return TlsConfig(certificate=Path(certificate["certificate"]), key=Path(certificate["key"]), ca=ca)


def test_a_server_asks_for_a_certificate_where_an_authority_is_named(certificate: dict[str, str]) -> None:
    assert server_context(config(certificate, authority=True)).verify_mode is ssl.CERT_REQUIRED
    assert server_context(config(certificate, authority=False)).verify_mode is ssl.CERT_NONE


def test_a_client_checks_certificate_and_name(certificate: dict[str, str]) -> None:
    for authority in (True, False):
        context = client_context(config(certificate, authority=authority))
        assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_that_are_none_are_told(tmp_path: Path, certificate: dict[str, str]) -> None:
    missing = TlsConfig(certificate=tmp_path / "no.pem", key=tmp_path / "no.key")
    (tmp_path / "ca.pem").write_text("no certificate")
    wrong = TlsConfig(
        certificate=Path(certificate["certificate"]), key=Path(certificate["key"]), ca=tmp_path / "ca.pem"
    )
    for one in (missing, wrong):
        with pytest.raises(NodeError, match=r"tls: .*give PEM files"):
            server_context(one)
        with pytest.raises(NodeError, match="tls"):
            client_context(one)
