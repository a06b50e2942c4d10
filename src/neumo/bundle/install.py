"""Atomic installation of a bundle into the user's data folder, never over another one."""

import shutil
from pathlib import Path

from neumo.bundle.folder import Bundle, load_bundle
from neumo.bundle.places import installed_bundles, installed_path
from neumo.bundle.signing import keep_signatures
from neumo.core.errors import BundleError, OutputError
from neumo.core.files import creating_folder


def install_bundle(source: Path, trusted: Path | None = None) -> Bundle:
    """Copy a bundle to where it is found by its name.

    Installing the same bundle again changes nothing but that signatures are added.

    Parameters
    ----------
    source : Path
        A bundle's folder.
    trusted : Path, optional
        As for `load_bundle`.

    Returns
    -------
    Bundle
        The installed one; its folder's name, NAME-VERSION, is what --bundle takes.

    Raises
    ------
    BundleError
        The bundle's sums do not hold, it is not signed as it has to be, or another one of that name and version is
        installed.
    ConfigError
        The user has no home folder, and no variable names another.
    OutputError
        The data folder cannot be written.
    """
    bundle = load_bundle(source, trusted=trusted)
    target = installed_path(bundle.config.name, bundle.config.version)
    if target.name not in installed_bundles():
        _copy(bundle, target)
    installed = load_bundle(target, check_trust=False)
    if installed.digest != bundle.digest:
        raise BundleError(
            "{target}: another bundle is installed under this name and version (digest "
            "{installed}, not {given}); remove that folder first, or give the new bundle another "
            "version",
            target=target,
            installed=installed.digest[:12],
            given=bundle.digest[:12],
        )
    keep_signatures(bundle.path, target)
    return installed


def _copy(bundle: Bundle, target: Path) -> None:
    try:
        with creating_folder(target) as temporary:
            for file in bundle.path.iterdir():
                shutil.copyfile(file, temporary / file.name)
            if load_bundle(temporary, check_trust=False).digest != bundle.digest:
                raise BundleError("{path}: changed while it was copied; install it again", path=bundle.path)
    except OutputError as error:
        if not target.is_dir():  # else another process installed it first
            raise OutputError("{error}, or set NEUMO_BUNDLES", error=error) from error
