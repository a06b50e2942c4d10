"""Write a whole folder atomically: fill it beside its target, then rename."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neumo.core.errors import DatasetError, OutputError
from neumo.core.files import creating_folder


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
            raise DatasetError("{target}: exists and is not a folder; choose another name", target=target)
        if target.is_dir() and any(target.iterdir()):
            raise DatasetError(
                "{target}: exists and is not empty; choose another folder or remove it first", target=target
            )
    except OSError as error:
        raise OutputError(
            "{target}: cannot be read ({reason}); choose another folder",
            target=target,
            reason=error.strerror or error,
        ) from error


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
    with creating_folder(target) as temporary:
        yield temporary
