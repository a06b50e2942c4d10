"""Folders of the user who runs neumo: data and caches, also for a user without a home (containers)."""

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from neumo.core.errors import ConfigError


def data_folder(name: str, remedy: str) -> Path:
    """Return neumo/NAME in $XDG_DATA_HOME, in %LOCALAPPDATA% on Windows, or in ~/.local/share.

    Parameters
    ----------
    name : str
        Such as "bundles".
    remedy : str
        What else says where it lies, such as "set NEUMO_BUNDLES".

    Raises
    ------
    ConfigError
        No variable names a folder, and the user has no home.
    """
    base = _base("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME", ".local/share")
    if base is None:
        raise ConfigError(
            "this user has no home folder to keep {name} in; {remedy}, or set XDG_DATA_HOME",
            name=name,
            remedy=remedy,
        )
    return base / "neumo" / name


def cache_folder() -> Path:
    """Return $NEUMO_CACHE; else neumo in $XDG_CACHE_HOME or ~/.cache; without a home a private temporary folder.

    Raises
    ------
    ConfigError
        The temporary folder cannot be made, or belongs to somebody else.
    """
    chosen = os.environ.get("NEUMO_CACHE")
    if chosen:
        return Path(chosen)
    base = _base("XDG_CACHE_HOME", ".cache")
    if base is not None:
        return base / "neumo"
    folder = Path(tempfile.gettempdir()) / f"neumo-cache-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        owned = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
    except OSError:
        owned = False
    if not owned:
        raise ConfigError(
            "{folder}: cannot hold this user's caches; set NEUMO_CACHE to another folder", folder=folder
        )
    return folder


def keep_matplotlib_in_cache() -> None:
    """Let Matplotlib keep its list of fonts in the cache folder; to be called before anything imports it."""
    with suppress(ConfigError):
        os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))


def _base(variable: str, in_home: str) -> Path | None:
    """Return the folder that a variable names, else the one in the user's home; None without either."""
    chosen = os.environ.get(variable)
    if chosen:
        return Path(chosen)
    try:
        return Path.home() / in_home
    except RuntimeError:  # HOME is not set, and the user's number has no entry in the password database
        return None
