"""Locations of bundles: the built-in one, installed ones, and the one that a name or path means."""

import os
import re
from pathlib import Path

from neumo.core.errors import BundleError, ConfigError
from neumo.core.message import Message
from neumo.core.user_folders import data_folder

BUILT_IN = Path(__file__).parent / "default"
"""The bundle that is shipped with neumo."""

VARIABLE = "NEUMO_BUNDLE"
"""Environment variable that names the bundle to use where none is given."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def bundles_folder() -> Path:
    """Return the folder of installed bundles: $NEUMO_BUNDLES, else neumo/bundles in the user's data folder.

    Raises
    ------
    ConfigError
        The user has no home folder, and no variable names another.
    """
    chosen = os.environ.get("NEUMO_BUNDLES")
    return Path(chosen) if chosen else data_folder("bundles", Message("set NEUMO_BUNDLES"))


def installed_bundles() -> tuple[str, ...]:
    """Return the names of the installed bundles, sorted; their contents are not checked."""
    try:
        return tuple(sorted(entry.name for entry in bundles_folder().iterdir() if _is_name(entry.name)))
    except (OSError, ConfigError):
        return ()


def bundle_path(source: Path | str | None) -> Path:
    """Return the folder that is meant: `source`, else $NEUMO_BUNDLE, else the built-in bundle.

    A folder is taken as it is; where there is none, the name of an installed bundle.

    Raises
    ------
    BundleError
        Neither a folder nor an installed bundle has that name.
    """
    wanted = source if source is not None else os.environ.get(VARIABLE) or None
    if wanted is None:
        return _built_in()
    if _is_folder(Path(wanted)):
        return Path(wanted)
    if str(wanted) in installed_bundles():
        return bundles_folder() / wanted
    origin = (
        str(wanted)
        if source is not None
        else Message("{name} (from ${variable})", name=wanted, variable=VARIABLE)
    )
    known = ", ".join(installed_bundles()) or Message("none")
    raise BundleError(
        "{origin}: no such bundle folder, nor an installed bundle (installed: {known})",
        origin=origin,
        known=known,
    )


def installed_path(name: str, version: str) -> Path:
    """Return the folder in which a bundle of this name and version is installed.

    Raises
    ------
    BundleError
        Name or version cannot be part of a folder's name.
    ConfigError
        The user has no home folder.
    """
    folder = f"{name}-{version}"
    if not _is_name(folder):
        raise BundleError(
            "{folder}: is no name for a bundle; use letters, digits, dots, underscores and hyphens",
            folder=folder,
        )
    return bundles_folder() / folder


def _built_in() -> Path:
    if not _is_folder(BUILT_IN):
        raise BundleError(
            "{folder}: the built-in bundle is missing; reinstall neumo, or name one by --bundle "
            "or ${variable}",
            folder=BUILT_IN,
            variable=VARIABLE,
        )
    return BUILT_IN


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # what lies there may not be looked at
        return False


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None
