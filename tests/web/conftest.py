import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.tiny_bundle import make_bundle
from tests.support.web_running import Running, running

from neumo.datasets.phantoms.dataset import make_phantoms


@pytest.fixture(scope="session")
def web_phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web-phantoms") / "set"
    make_phantoms(folder, per_class=6, seed=11, size=64)
    return folder


@pytest.fixture(scope="session")
def radiographs(web_phantoms: Path) -> list[Path]:
    return sorted((web_phantoms / "train").rglob("*.jpeg"))


@pytest.fixture(scope="session")
def web_bundle(tmp_path_factory: pytest.TempPathFactory, web_phantoms: Path) -> Path:
    return make_bundle(tmp_path_factory.mktemp("web-bundle") / "tiny", web_phantoms)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, web_bundle: Path) -> Iterator[Running]:
    """One server without users for the tests of a file."""
    with running(tmp_path_factory.mktemp("web") / "data", web_bundle) as started:
        yield started


@pytest.fixture
def web(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


@pytest.fixture
def start(tmp_path: Path, web_bundle: Path) -> Iterator[Callable[..., Running]]:
    """Start servers with settings of a test's own."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def started(**settings: Any) -> Running:
            return stack.enter_context(running(tmp_path / "data", web_bundle, **settings))

        yield started
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
