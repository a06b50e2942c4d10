"""Settings: the example holds the defaults, and every fault is told."""

from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.web.config import WebConfig
from neumo.web.config_file import load_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "serve.yaml"


def test_the_example_names_every_key_with_its_default() -> None:
    loaded = load_config(EXAMPLE)
    assert loaded == WebConfig()
    for name in type(loaded).model_fields:
        section = getattr(loaded, name)
        for key in getattr(type(section), "model_fields", [name]):
            assert f"{key}:" in EXAMPLE.read_text(encoding="utf-8"), key


def test_options_come_after_overrides_and_those_after_the_file(tmp_path: Path) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text("listen: {port: 1, host: 192.0.2.1}\nlimits: {files: 3}\n")
    loaded = load_config(
        file, ["listen.port=2", "retention.pixels_days=null"], {"listen.port": 3, "runs": None}
    )
    assert (loaded.listen.port, loaded.listen.host, loaded.limits.files) == (3, "192.0.2.1", 3)
    assert loaded.retention.pixels_days is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("listen: {port: 99999}", "listen.port"),
        ("listen: {prot: 1}", "unknown key"),
        ("listen: {certificate: a.pem}", "both certificate and key"),
        ("language: fr", "language"),
        ("- 1", "must be a mapping"),
        ("a: [", "not a YAML file"),
        ("\x00", "not a YAML file"),
    ],
)
def test_faults_name_the_key(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "serve.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"serve\.yaml") as fault:
        load_config(file)
    assert told in str(fault.value)


def test_overrides_that_are_none() -> None:
    for override in ("port", "=1", "listen.port=[", "language.x=1"):
        with pytest.raises(ConfigError):
            load_config(EXAMPLE, [override])
    with pytest.raises(ConfigError, match="no such settings file"):
        load_config(Path("none.yaml"))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.4", False), ("localhost.evil.example", False)],
)  # fmt: skip
def test_what_counts_as_this_machine_alone(host: str, loopback: bool) -> None:
    assert load_config(None, (), {"listen.host": host}).listen.loopback is loopback
