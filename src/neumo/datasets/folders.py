"""Making a whole folder so that a reader never meets half of it: fill it beside, then rename."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.errors import DatasetError, NeumoError, OutputError


def require_free(target: Path) -> None:
    """Check that `target` does not exist yet, or is an empty folder.

    Raises
    ------
    DatasetError
        It is a file, or a folder that holds something.
    OutputError
        The folder cannot be read.
    """
    try:
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            raise DatasetError(f"{target}: exists and is not a folder; choose another name")
        if target.is_dir() and any(target.iterdir()):
            raise DatasetError(f"{target}: exists and is not empty; choose another folder or remove it first")
    except OSError as error:
        raise _unwritable(target, error) from error


@contextmanager
def filling(target: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target`, and rename it to `target` when the block succeeds.

    Parents are made. When the block raises, an interruption included, the temporary folder is removed and
    `target` is as before.

    Raises
    ------
    DatasetError
        `target` exists and is not an empty folder.
    OutputError
        The folder cannot be made or written, or the disk is full.
    """
    require_free(target)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        yield temporary
        temporary.chmod(0o755)
        if target.is_dir():
            target.rmdir()  # Windows renames no folder onto another, not even onto an empty one
        temporary.rename(target)
    except OSError as error:
        if isinstance(error, NeumoError):
            raise
        raise _unwritable(target, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _unwritable(target: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{target}: could not be written ({error.strerror or error}); free space or choose another folder"
    )
