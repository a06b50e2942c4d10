"""Atomic and durable writes: write beside the target, fsync, rename, fsync the folder; the umask applies.

A reader meets the old content or the new one, never half of it, and what was written survives a loss of power.
"""

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from neumo.core.errors import NeumoError, OutputError

PART = ".part-"
"""Prefix of the names of unfinished files and folders; a crash may leave some."""
_HEAD_BYTES = 1024
_MOST_LINKS = 8


@contextmanager
def replacing(target: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `target`, and rename it to `target` when the block succeeds.

    Parents are made. When the block raises, the temporary file is removed and `target` is as before. A pipe, a device
    or what names an open file, such as /dev/stdout, stays what it is: it is given the content of a temporary file that
    lies elsewhere.

    Parameters
    ----------
    target : Path
    private : bool
        Only the owner may read the file (0600); else the umask decides.

    Raises
    ------
    OutputError
        The folder cannot be made or written, or the disk is full.
    """
    elsewhere = _is_stream(target)
    temporary = part_of(Path(tempfile.gettempdir()) / target.name if elsewhere else target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
        yield temporary
        if elsewhere:
            with temporary.open("rb") as content, _opened_stream(target) as stream:
                shutil.copyfileobj(content, stream)
        else:
            publish(temporary, target)
    except NeumoError:
        raise
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


@contextmanager
def creating_folder(target: Path, *, private: bool = False, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `target`, and rename it to `target` when the block succeeds.

    Parents are made. When the block raises, the temporary folder is removed and `target` is as before.

    Parameters
    ----------
    target : Path
        Not there yet, or an empty folder.
    private : bool
        Only the owner may enter the folder (0700); else the umask decides.
    durable : bool
        Sync the files that lie in it, all of them after the last is written; else those last that the block syncs.

    Raises
    ------
    OutputError
        The folder cannot be made or written, `target` holds something, or the disk is full.
    """
    temporary = part_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir(mode=0o700 if private else 0o777)
        yield temporary
        if durable:
            for file in temporary.iterdir():
                sync(file)
        sync(temporary)
        if target.is_dir():
            target.rmdir()  # Windows renames no folder onto another, not even onto an empty one
        temporary.rename(target)
        sync(target.parent)
    except NeumoError:
        raise
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, all of it or nothing. Raises OutputError, also as `require_replaceable`."""
    require_replaceable(target)
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write `value` as readable JSON to `target`, all of it or nothing. Raises OutputError."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_private(target: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a file that only its owner may read (0600), all of it or nothing. Raises OutputError."""
    with replacing(target, private=True) as temporary, temporary.open("wb") as stream:
        stream.writelines(parts)


def new_private_file(path: Path) -> BinaryIO:
    """Open a new file for writing that only its owner may read (0600), not synced. Raises OSError where it exists."""
    return open(path, "xb", opener=_private)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def make_private(folder: Path) -> None:
    """Make a folder, with its parents, that only its owner may enter (0700). Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def part_of(target: Path) -> Path:
    """Return a new name for an unfinished file beside `target`, with the same suffix."""
    return target.with_name(f"{PART}{os.urandom(8).hex()}{target.suffix}")


def publish(temporary: Path, target: Path) -> None:
    """Sync a finished file, rename it to `target`, and sync the folder. Raises OSError."""
    sync(temporary)
    temporary.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk (fsync). Raises OSError."""
    folder = path.is_dir()
    if folder and os.name == "nt":  # Windows cannot sync folders
        return
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_replaceable(*targets: Path | None) -> None:
    """Raise OutputError where a file is there that holds no text, as a radiograph: it is never replaced by results.

    For files of text; None and what cannot be looked at are skipped.
    """
    for target in targets:
        if target is None or _is_stream(target) or not target.is_file():
            continue
        try:
            with target.open("rb") as stream:
                head = stream.read(_HEAD_BYTES)
        except OSError:
            continue
        if b"\0" in head:
            raise OutputError(
                "{target}: holds something else than results, and is not replaced; choose another name",
                target=target,
            )


def require_writable(*targets: Path | None) -> None:
    """Raise OutputError where a file of text could not be written as things stand, or holds something else.

    For use before long work; None is skipped.
    """
    require_replaceable(*targets)
    for target in targets:
        if target is None:
            continue
        if target.is_dir():
            raise OutputError("{target}: is a folder; name a file", target=target)
        if _is_stream(target):
            if not _may(os.W_OK, target):
                raise OutputError("{target}: is not writable; choose another place", target=target)
            continue
        nearest = next(folder for folder in target.absolute().parents if folder.exists())
        if not nearest.is_dir():
            raise OutputError(
                "{target}: could not be written ({nearest} is no folder); choose another place",
                target=target,
                nearest=nearest,
            )
        if not _may(os.W_OK | os.X_OK, nearest):
            raise OutputError(
                "{target}: could not be written ({nearest} is not writable); choose another folder",
                target=target,
                nearest=nearest,
            )


def _may(how: int, path: Path) -> bool:
    """Whether this process has a permission (os.W_OK and the like), by the rights that it has now."""
    return os.access(path, how, effective_ids=os.access in os.supports_effective_ids)


def _is_stream(target: Path) -> bool:
    """Whether a path is a pipe, socket or device, a link to one, or names an open file of this process."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) or _descriptor(target) is not None


def _descriptor(target: Path) -> int | None:
    """Return the open file of this process that a path names: 1 of /dev/stdout, though it may be a regular file."""
    own = f"/proc/{os.getpid()}/fd"
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(target.parent)
        if folder == own and target.name.isdecimal():
            return int(target.name)
        if not target.is_symlink():
            return None
        target = Path(folder, target.readlink())
    return None


def _opened_stream(target: Path) -> BinaryIO:
    """Open for writing what `_is_stream`; an open file goes on where it stands and loses nothing. Raises OSError."""
    descriptor = _descriptor(target)
    if descriptor is None:
        return target.open("wb")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return os.fdopen(os.dup(descriptor), "wb")


def _unwritable(target: Path, error: OSError) -> OutputError:
    return OutputError(
        "{target}: could not be written ({reason}); free space or choose another folder",
        target=target,
        reason=error.strerror or error,
    )


def discard_standard_output() -> None:
    """Lead standard output nowhere, so that what is still buffered for it fails no more; of a notebook it stays."""
    try:
        number = sys.stdout.fileno()
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)
