"""Originals of radiographs that were refused for their age alone, kept so that a person may override that.

They lie beside their reading files, and go with them when the retention period ends.
"""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from neumo.core.age_override import OVERRIDABLE
from neumo.core.reading import Status

_SUFFIX: Final = ".original"


def overridable(body: Mapping[str, Any]) -> bool:
    """Whether the reading of this plain form was refused for the patient's age alone."""
    codes = [notice["code"] for notice in body["notices"]["reasons"]]
    return body["status"] == Status.REFUSED and codes == [OVERRIDABLE]


def original_of(reading_file: Path) -> Path:
    """Return where the original of a reading file lies, whether it is there or not."""
    return reading_file.with_suffix(_SUFFIX)


def keep_original(source: Path, reading_file: Path) -> None:
    """Keep a file that was read beside its reading file. A disk that does not take it costs the override alone."""
    with suppress(OSError):
        target = original_of(reading_file)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.unlink(missing_ok=True)
        link_or_copy(source, target)


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no hard links. Raises OSError."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o600)
