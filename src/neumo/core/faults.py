"""Faults of this machine; descriptions of errors for logs: kind and place, never words, which may quote a header."""

import errno
import mmap
import re
import traceback
from pathlib import Path

from neumo.core.errors import NeumoError
from neumo.core.message import Message

_MEMORY = re.compile(
    r"bad_alloc|out of memory|allocate memory|unable to allocate|start new thread|Error -4 while",
    re.IGNORECASE,
)
"""Messages of C and C++ libraries, in errors of their own kinds, where an allocation failed."""


_SPARE_BYTES = 32 * 2**20
_CGROUP = Path("/sys/fs/cgroup")

_OWN = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EIO: "disk_error",
    errno.EROFS: "read_only",
    errno.ESTALE: "disk_error",
    errno.EMFILE: "too_many_files",
    errno.ENFILE: "too_many_files",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.EAGAIN: "out_of_memory",
}
"""Errors of the operating system that say something of this machine, and nothing of what was to be read."""

OWN_FAULTS = {
    "disk_full": Message("the disk is full"),
    "disk_error": Message("the disk fails"),
    "read_only": Message("the disk is read-only"),
    "too_many_files": Message("too many files are open"),
    "not_permitted": Message("it is not permitted"),
    "out_of_memory": Message("it needs more memory than there is or is allowed"),
}
"""Description of each code of `own_fault`, as part of a sentence."""


def where_raised(error: BaseException) -> str:
    """Return "file:line function" of the innermost frame, or "" where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    innermost = frames[-1]
    return f"{Path(innermost.filename).name}:{innermost.lineno} {innermost.name}"


def own_fault(error: BaseException | None) -> str | None:
    """Return the code of the fault of this machine behind an error; None where it may be the fault of what was given.

    Returns
    -------
    str or None
        "disk_full", "disk_error", "read_only", "too_many_files", "not_permitted" or "out_of_memory", also of an error
        from which this one was raised.
    """
    if is_out_of_memory(error):
        return "out_of_memory"
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OWN:
            return _OWN[error.errno]
        error = error.__cause__ or error.__context__
    return None


def raise_own_fault(error: BaseException) -> None:
    """Raise an error again where it is a fault of this machine, so that nothing that was given is blamed for it."""
    if own_fault(error) is not None:
        raise error


def available_memory() -> int | None:
    """Return the bytes of memory that this machine or container has left; None where the system does not tell."""
    found = [size for size in (_memory_of_machine(), _memory_of_container()) if size is not None]
    return min(found, default=None)


def _memory_of_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _memory_of_container() -> int | None:
    """Return the memory that the control group (cgroup v2) has left; None where it has no limit."""
    try:
        limit, used = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such file, or "max"
        return None
    return max(0, limit - used)


def require_memory(size: int) -> None:
    """Raise MemoryError where so many bytes, and some to spare, cannot be had.

    Several decoders call an allocation that failed corrupt data. The memory is reserved and never touched.
    """
    try:
        mmap.mmap(-1, size + _SPARE_BYTES).close()
    except (OSError, ValueError, OverflowError) as error:
        raise MemoryError(f"{size:,} bytes cannot be had") from error


def lacks_memory(needed: int) -> bool:
    """Whether this machine or container has less memory left than `needed` bytes; False where it does not tell."""
    available = available_memory()
    return available is not None and available < needed


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that memory could not be had."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        # What neumo and the operating system say quotes names of files, which may hold any words.
        quotes = isinstance(error, NeumoError) or (isinstance(error, OSError) and error.errno is not None)
        if not quotes and _MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
