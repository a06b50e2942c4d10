"""Settings of the workbench: the example holds the defaults, and every error names its key."""

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.core.settings import load_settings
from neumo.web.config import WebConfig

EXAMPLE = Path(__file__).parents[2] / "examples" / "serve.yaml"


def test_the_example_names_every_key_with_its_default() -> None:
    loaded = load_settings(WebConfig, EXAMPLE)
    assert loaded == WebConfig()
    for field in fields(loaded):
        section = getattr(loaded, field.name)
        names = [inner.name for inner in fields(section)] if is_dataclass(section) else [field.name]
        for key in names:
            assert f"{key}:" in EXAMPLE.read_text(encoding="utf-8"), key


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "listen: {port: 99999}",
            "listen.port: 99999: must be a whole number of at least 0 and of at most 65535",
        ),
        ("listen: {prot: 1}", "listen.prot: 1: unknown key; did you mean 'port'?"),
        ("listen: {certificate: a.pem}", "listen: give both certificate and key"),
        ("language: fr", "language: 'fr': must be exactly one of en, es"),
        ("oidc: {issuer: http://a.example, client_id: b, secret_file: c}", "oidc.issuer: .*an https address"),
    ],
)
def test_faults_name_the_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=told):
        load_settings(WebConfig, file)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.4", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_what_counts_as_this_machine_alone(host: str, loopback: bool) -> None:
    assert load_settings(WebConfig, None, (), {"listen.host": host}).listen.loopback is loopback


@pytest.mark.parametrize(
    ("settings", "address"),
    [
        ({}, "http://127.0.0.1:8000/"),
        ({"listen.host": "::1"}, "http://[::1]:8000/"),
        ({"listen.host": "0.0.0.0"}, "http://localhost:8000/"),
        (
            {"listen.host": "0.0.0.0", "listen.names": ["neumo.example", "b.example"]},
            "http://neumo.example:8000/",
        ),
        ({"listen.host": "::", "listen.certificate": "a", "listen.key": "b"}, "https://localhost:8000/"),
    ],
)
def test_it_is_opened_by_the_name_that_people_use(settings: dict[str, object], address: str) -> None:
    """A certificate holds for that name; for another, a browser would warn."""
    assert load_settings(WebConfig, None, (), settings).listen.address(8000) == address
