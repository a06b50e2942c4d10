"""Fixtures of the node's tests: settings, a bundle, radiographs, and components without a running node."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.archive_databases import postgresql, url
from tests.support.certificates import certificate
from tests.support.node_parts import BUNDLE, EventLog
from tests.support.tiny_bundle import make_bundle

from neumo.dicomnode.ops.metrics import Metrics
from neumo.dicomnode.ops.node_log import NodeLog
from neumo.dicomnode.shared import Shared
from neumo.dicomnode.store.data_folder import DataFolder
from neumo.dicomnode.store.database import Database
from neumo.dicomnode.store.outbox import Outbox
from neumo.dicomnode.store.queue import Queue

__all__ = ["certificate", "postgresql", "url"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("node-bundle") / "tiny", phantoms)


@pytest.fixture(scope="session")
def films(phantoms: Path) -> list[Path]:
    return sorted((phantoms / "test").rglob("*.jpeg"))


@pytest.fixture(autouse=True)
def makers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers' processes find the tests' makers of results, and what those import."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.fixture
def settings(tmp_path: Path, bundle_folder: Path) -> dict[str, Any]:
    """Settings of a node on free ports that makes Secondary Captures; a test may change them."""
    return {
        "data": str(tmp_path / "node"),
        "stop_seconds": 30,
        "receive": {"port": 0, "limits": {"free_bytes": 0}},
        "read": {"bundle": str(bundle_folder), "threads": 1, "results": "tests.support.node_results:capture"},
        "send": {"quiet": 0, "retry": {"first": 0.1, "longest": 0.5, "refusals": 2}},
        "health": {"port": 0},
    }


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    """Components of a node of which nothing runs."""
    folder = DataFolder(tmp_path / "node")
    database = Database(folder.root / "queue.sqlite3")
    yield Shared(folder, Queue(database, BUNDLE), Outbox(database), Metrics(), NodeLog(b"k" * 32))
    database.close()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> EventLog:
    """Log of the node's events."""
    caplog.set_level(logging.INFO, "neumo.events")
    return EventLog(caplog)
