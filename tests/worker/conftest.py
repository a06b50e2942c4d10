import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.worker.config import ReaderConfig
from neumo.worker.reader_process import ReaderProcess

ROOT = Path(__file__).parents[2]


LIMITS = {"threads": 1, "timeout": 60, "memory_bytes": 512 * 2**20}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> str:
    return str(make_bundle(tmp_path_factory.mktemp("worker") / "tiny", phantoms))


@pytest.fixture(scope="module", autouse=True)
def real_children(installed_children: None) -> None:
    """Readers start as they do where neumo is installed."""


@pytest.fixture
def make(tiny: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ReaderProcess]]:
    """Make readers with settings of a test's own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    made: list[ReaderProcess] = []

    def make_process(refuse: bool = False, **settings: Any) -> ReaderProcess:
        options = {"refuse": True} if refuse else {}
        handler = "tests.support.reader_handlers:open_handler"
        made.append(ReaderProcess(ReaderConfig(**{"bundle": tiny, **LIMITS, **settings}), handler, **options))
        return made[-1]

    yield make_process
    for process in made:
        process.end()


@pytest.fixture(scope="session")
def film(phantoms: Path) -> Path:
    return sorted((phantoms / "test").rglob("*.jpeg"))[0]
