"""Settings: all faults at once, and options before the file."""

from pathlib import Path

import pytest
import yaml

from neumo.core.errors import ConfigError
from neumo.dicomnode.config import NodeConfig
from neumo.dicomnode.config_file import load_config, parse_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "node.yaml"


def test_the_example_states_the_defaults() -> None:
    assert load_config(EXAMPLE) == NodeConfig(data=Path("/var/lib/neumo"))


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as told:
        parse_config(
            {
                "receive": {"port": 70_000, "ae_title": "SEVENTEEN LETTERS", "prot": 1},
                "send": {"to": [{"name": "a", "kind": "ftp"}]},
                "read": {"results": "no function"},
            },
            "node.yaml",
        )
    text = str(told.value)
    assert text.startswith("node.yaml: 6 faults")
    for key in (
        "data: is missing",
        "receive.port: 70000",
        "receive.ae_title",
        "receive.prot: unknown key",
        "send.to.0",
        "read.results",
    ):
        assert key in text


def test_names_of_destinations_differ() -> None:
    one = {"name": "a", "kind": "c-store", "ae_title": "A", "host": "localhost", "port": 104}
    with pytest.raises(ConfigError, match="must differ"):
        parse_config({"data": "x", "send": {"to": [one, one]}}, "node.yaml")


def test_options_come_before_overrides_and_these_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "node.yaml"
    file.write_text(yaml.safe_dump({"data": "a", "receive": {"port": 1, "host": "0.0.0.0"}}))
    config = load_config(file, ["receive.port=2", "keep_days=null"], {"receive.port": 3, "data": None})
    assert (config.receive.port, config.receive.host, config.keep_days, config.data) == (
        3,
        "0.0.0.0",
        None,
        Path("a"),
    )


@pytest.mark.parametrize("override", ["receive.port", "data.port=1", "receive=[", "=1"])
def test_overrides_that_are_none_are_told(tmp_path: Path, override: str) -> None:
    file = tmp_path / "node.yaml"
    file.write_text("data: a")
    with pytest.raises(ConfigError):
        load_config(file, [override])


@pytest.mark.parametrize("content", [None, "- a", "a: [", b"\xff\xfe\x00"])
def test_files_that_are_none_are_told(tmp_path: Path, content: str | bytes | None) -> None:
    file = tmp_path / "node.yaml"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=r"node\.yaml"):
        load_config(file)
