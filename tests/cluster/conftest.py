from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, phantoms: Path) -> str:
    return str(make_bundle(tmp_path_factory.mktemp("cluster") / "tiny", phantoms))


@pytest.fixture(scope="session")
def films(phantoms: Path) -> list[Path]:
    return sorted((phantoms / "test").rglob("*.jpeg"))
