"""Files of secret keys and passwords: keys are made once (0600, atomically) and checked when they are read."""

import os
import secrets
from pathlib import Path

from neumo.core.errors import ConfigError, KeyFileError
from neumo.core.files import part_of, sync, write_private

_KEY_BYTES = 32


def load_key(file: Path) -> bytes:
    """Read a key; where there is no file, make one that only its owner may read.

    Several processes may do so at once and get the same key.

    Raises
    ------
    KeyFileError
        The file cannot be read or made, others may read it, or it is shorter than 32 bytes.
    """
    try:
        if not file.exists():
            _make(file)
        key, mode = file.read_bytes(), file.stat().st_mode & 0o777
    except OSError as error:
        raise KeyFileError(
            "{file}: the key cannot be read or made ({reason})", file=file, reason=_reason(error)
        ) from error
    if mode & 0o077 and os.name == "posix":
        raise KeyFileError(
            "{file}: others may read this key (mode {mode:o}); chmod 600 it", file=file, mode=mode
        )
    if len(key) < _KEY_BYTES:
        raise KeyFileError(
            "{file}: is shorter than {least} bytes; name a file that is not there yet",
            file=file,
            least=_KEY_BYTES,
        )
    return key


def _reason(error: OSError) -> str:
    """Return the operating system's words; an OutputError was raised from its error."""
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return cause.strerror or str(cause)


def _make(file: Path) -> None:
    temporary = part_of(file)
    try:
        write_private(temporary, [secrets.token_bytes(_KEY_BYTES)])
        os.link(temporary, file)  # unlike a rename, it leaves a key that another process made meanwhile
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)
    sync(file.parent)


def read_secret(file: Path, setting: str) -> str:
    """Return the first line of a file, such as a password. Raises ConfigError naming the `setting` of the file."""
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            "{setting}: {file} cannot be read; make it a text file of one line", setting=setting, file=file
        ) from error
