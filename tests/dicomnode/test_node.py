"""The whole node: what keeps it from starting, what its health tells, and what a stop waits for."""

import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.support.node_parts import queue_object
from tests.support.node_peers import send
from tests.support.node_running import node
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until

from neumo.core.errors import ChildStartError, ConfigError, KeyFileError, NodeError
from neumo.core.settings import parse_settings
from neumo.dicomnode.config import NodeConfig
from neumo.dicomnode.node import _faults
from neumo.dicomnode.shared import Shared


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


def test_files_that_cannot_be_used_are_told(settings: dict[str, Any], tmp_path: Path) -> None:
    web = {
        "name": "web",
        "kind": "stow-rs",
        "url": "http://127.0.0.1:9",
        "password_file": str(tmp_path / "none"),
    }
    with pytest.raises(ConfigError, match="password_file"), node(settings | {"send": {"to": [web]}}):
        pass
    tls = {"certificate": str(tmp_path / "no.pem"), "key": str(tmp_path / "no.key")}
    with (
        pytest.raises(NodeError, match="tls"),
        node(settings | {"receive": settings["receive"] | {"tls": tls}}),
    ):
        pass
    key = Path(settings["data"]) / "node.key"
    key.chmod(0o644)
    with pytest.raises(KeyFileError, match="chmod 600"), node(settings):
        pass


def test_health_is_served_unless_it_is_switched_off(settings: dict[str, Any]) -> None:
    settings["receive"]["limits"]["free_bytes"] = 2**60
    with node(settings) as running:
        answer = requests.get(f"http://127.0.0.1:{running.health_port}/healthz", timeout=60)
        assert answer.status_code == 503 and list(answer.json()["faults"]) == ["disk"]
    with node(settings | {"health": None}) as running:
        assert running.health_port is None


def test_faults_name_threads_disk_and_queue(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"free_bytes": 0, "queue": 1}
    config = parse_settings(NodeConfig, {"data": "x", "receive": {"limits": limits}}, "test")
    assert _faults(config, shared, []) == {}
    queue_object(shared)
    assert set(_faults(config, shared, ["neumo-worker"])) == {"thread neumo-worker", "queue"}

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(type(shared.queue), "waiting", fail)
    assert _faults(config, shared, []) == {"data": "the data folder does not answer (OperationalError)"}


def test_what_a_stop_interrupts_is_read_by_the_next_start(settings: dict[str, Any]) -> None:
    settings["read"] |= {"results": "tests.support.node_results:by_patient", "timeout": 600}
    sent = radiograph(PatientID="hang")
    with node(settings | {"stop_seconds": 0.2}) as running:
        assert send(running.port, sent) == [0]
        wait_until(lambda: running.shared.queue.counts()["reading"] == 1)
    settings["read"] |= {"results": "tests.support.node_results:capture"}
    with node(settings) as running:
        wait_until(lambda: running.shared.queue.counts()["read"] == 1)


def test_what_was_set_aside_is_reconsidered_when_asked(settings: dict[str, Any]) -> None:
    from neumo.dicomnode.node import running as run

    broken = settings | {
        "read": settings["read"] | {"results": "tests.support.node_results:by_patient", "attempts": 1}
    }
    sent = radiograph(PatientID="fail")
    with node(broken) as running:
        assert send(running.port, sent) == [0]
        wait_until(lambda: running.shared.queue.counts()["set_aside"] == 1)
        assert send(running.port, sent) == [0]
        assert running.shared.queue.counts() == {"waiting": 0, "reading": 0, "read": 0, "set_aside": 1}
    with run(parse_settings(NodeConfig, settings, "test"), reconsider=True) as running:
        wait_until(lambda: running.shared.queue.counts()["read"] == 1)
