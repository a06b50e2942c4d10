"""Temporary files of the server: names that are known to be its own, and what an earlier server left of them."""

import re
import secrets
import stat
from pathlib import Path
from typing import Final

from neumo.core.errors import OutputError
from neumo.core.files import make_private

_PREFIX: Final = "neumo-"
_OWN = re.compile(_PREFIX + r"[0-9a-f]{32}")


def new_file(folder: Path) -> Path:
    """Return a new name in a folder, by which a later server knows the file to be one of ours."""
    return folder / f"{_PREFIX}{secrets.token_hex(16)}"


def prepare_folder(folder: Path) -> None:
    """Create a private folder, and delete what an earlier server left in it; other files stay.

    Raises
    ------
    OutputError
        The folder cannot be used.
    """
    try:
        make_private(folder)
        for left in folder.iterdir():
            if _OWN.fullmatch(left.name) and stat.S_ISREG(left.lstat().st_mode):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "{folder}: cannot be used ({reason}); choose another data folder",
            folder=folder,
            reason=error.strerror or error,
        ) from error
