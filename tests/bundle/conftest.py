from pathlib import Path

import pytest
from tests.support.tiny_bundle import make_bundle


@pytest.fixture
def folder(tmp_path: Path, phantoms: Path) -> Path:
    """A fresh bundle that a test may damage."""
    return make_bundle(tmp_path / "tiny", phantoms)


@pytest.fixture(autouse=True)
def own_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Bundles are installed into the test's folder, and none is chosen from outside."""
    monkeypatch.delenv("NEUMO_BUNDLE", raising=False)
    monkeypatch.setenv("NEUMO_BUNDLES", str(tmp_path / "installed"))
    return tmp_path / "installed"
