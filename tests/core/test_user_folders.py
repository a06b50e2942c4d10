import tempfile
from pathlib import Path

import pytest

from neumo.core.errors import ConfigError
from neumo.core.user_folders import cache_folder, data_folder


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without a home; temporary files lie in the folder returned."""

    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("NEUMO_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", none)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_variables_come_before_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NEUMO_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert data_folder("web", "give --data") == tmp_path / ".local/share/neumo/web"
    assert cache_folder() == tmp_path / ".cache/neumo"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "x"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "y"))
    assert (data_folder("web", ""), cache_folder()) == (tmp_path / "x/neumo/web", tmp_path / "y/neumo")
    monkeypatch.setenv("NEUMO_CACHE", str(tmp_path / "z"))
    assert cache_folder() == tmp_path / "z"


def test_without_a_home_the_remedy_is_named(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        ConfigError, match=r"no home folder to keep web in; give --data, or set XDG_DATA_HOME"
    ):
        data_folder("web", "give --data")
    monkeypatch.setenv("XDG_DATA_HOME", str(homeless))
    assert data_folder("web", "give --data") == homeless / "neumo/web"


def test_without_a_home_caches_are_private_and_temporary(homeless: Path) -> None:
    folder = cache_folder()
    assert folder.parent == homeless and folder.stat().st_mode & 0o777 == 0o700
    assert cache_folder() == folder


def test_a_cache_that_somebody_else_laid_out_is_not_used(homeless: Path) -> None:
    folder = cache_folder()
    folder.rmdir()
    (homeless / "elsewhere").mkdir()
    folder.symlink_to(homeless / "elsewhere")
    with pytest.raises(ConfigError, match="NEUMO_CACHE"):
        cache_folder()
    folder.unlink()
    folder.write_text("in the way")
    with pytest.raises(ConfigError, match="NEUMO_CACHE"):
        cache_folder()
