"""Writing results so that a reader never meets half a file: write beside, then rename."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neumo.core.errors import OutputError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`, and rename it to `target` when the block succeeds.

    Parents are made. When the block raises, the temporary file is removed and `target` is as before.

    Raises
    ------
    OutputError
        The folder cannot be made or written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{target}: could not be written ({error.strerror or error}); free space or choose another folder"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, all of it or nothing. Raises OutputError."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write `value` as readable JSON to `target`, all of it or nothing. Raises OutputError."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def require_writable(*targets: Path | None) -> None:
    """Raise OutputError where a file could not be written as things stand; for use before long work. Skips None."""
    for target in targets:
        if target is None:
            continue
        if target.is_dir():
            raise OutputError(f"{target}: is a folder; name a file")
        nearest = next(folder for folder in target.absolute().parents if folder.exists())
        if not nearest.is_dir():
            raise OutputError(
                f"{target}: could not be written ({nearest} is no folder); choose another place"
            )
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise OutputError(
                f"{target}: could not be written ({nearest} is not writable); choose another folder"
            )
