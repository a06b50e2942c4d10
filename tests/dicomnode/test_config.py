"""Settings of the node: the example holds the defaults, and every fault is told."""

from pathlib import Path
from typing import Any

import pytest

from neumo.core.errors import ConfigError
from neumo.core.settings import load_settings, parse_settings
from neumo.dicomnode.config import NodeConfig
from neumo.sending.destinations import CStoreDestination, StowDestination

EXAMPLE = Path(__file__).parents[2] / "examples" / "node.yaml"
TO_PACS = {"name": "a", "kind": "c-store", "ae_title": "A", "host": "localhost", "port": 104}


def test_the_example_states_the_defaults() -> None:
    assert load_settings(NodeConfig, EXAMPLE) == NodeConfig(data=Path("/var/lib/neumo"))


def test_the_kind_of_a_destination_decides_its_keys() -> None:
    web = {"name": "b", "kind": "stow-rs", "url": "http://localhost:8042/dicom-web"}
    config = parse_settings(NodeConfig, {"data": "x", "send": {"to": [TO_PACS, web]}}, "node.yaml")
    pacs, stow = config.send.to
    assert isinstance(pacs, CStoreDestination) and pacs.port == 104 and pacs.timeout == 60
    assert isinstance(stow, StowDestination) and stow.url == web["url"]


def test_what_is_made_is_what_any_destination_asks_for() -> None:
    def objects(*asked: list[str] | None, **more: Any) -> tuple[str, ...]:
        to = [
            TO_PACS | {"name": f"to{n}"} | ({} if one is None else {"objects": one})
            for n, one in enumerate(asked)
        ]
        return parse_settings(NodeConfig, {"data": "x", "send": {"to": to}, **more}, "node.yaml").objects

    assert objects() == objects(None) == ("sr", "sc")
    assert objects(["pdf"], ["seg", "sr"]) == ("sr", "pdf", "seg")
    assert objects(["pdf"], canary={}) == ("sr", "sc", "pdf"), "the canary looks at report and picture"
    assert objects(None, ["ko"]) == ("sr", "sc", "ko")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("receive", {"ae_title": "SEVENTEEN LETTERS"}, "receive.ae_title: .* 1-16 printable ASCII"),
        ("receive", {"ae_title": r"A\B"}, "receive.ae_title"),
        ("receive", {"addresses": ["10.0.0.0/33"]}, r"receive.addresses.0: .* network such as 192.0.2.0/24"),
        ("read", {"results": "no function"}, "read.results: .* such as module:function"),
        ("send", {"to": [TO_PACS, TO_PACS]}, "send: names of destinations must differ"),
        ("send", {"to": [TO_PACS | {"name": "@archive"}]}, "send.to.0.name"),
        ("send", {"to": [TO_PACS | {"objects": ["sr", "ct"]}]}, "send.to.0.objects.1: 'ct'"),
        ("send", {"to": [{"name": "a", "kind": "ftp"}]}, "send.to.0.kind: 'ftp': must be c-store or stow-rs"),
        (
            "send",
            {"to": [{"name": "a", "kind": "stow-rs", "url": "ftp://a"}]},
            "send.to.0.url: .* https address",
        ),
    ],
)
def test_faults_name_the_key_and_what_is_allowed(key: str, value: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_settings(NodeConfig, {"data": "x", key: value}, "node.yaml")
