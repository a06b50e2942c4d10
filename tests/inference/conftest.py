from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle

from neumo.bundle.folder import Bundle, load_bundle
from neumo.inference.reader import Reader


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> Bundle:
    return load_bundle(make_bundle(tmp_path_factory.mktemp("bundle") / "tiny", phantoms))


@pytest.fixture(scope="session")
def reader(bundle: Bundle) -> Reader:
    return Reader(bundle, threads=2)


@pytest.fixture(scope="session")
def films(phantoms: Path) -> list[Path]:
    """Phantoms that the gate was not fitted to."""
    return sorted((phantoms / "test").rglob("*.jpeg"))
