"""What may be said of an unexpected error: its kind and its place, never its words, which may quote a header."""

import errno
import mmap
import re
import traceback
from pathlib import Path

_MEMORY = re.compile(
    r"bad_alloc|out of memory|allocate memory|unable to allocate|start new thread|Error -4 while",
    re.IGNORECASE,
)
"""What libraries in C and C++ say, as errors of their own kinds, where an allocation failed."""


_SPARE_BYTES = 32 * 2**20


def where_raised(error: BaseException) -> str:
    """Return "file:line function" of the innermost frame, or "" where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    innermost = frames[-1]
    return f"{Path(innermost.filename).name}:{innermost.lineno} {innermost.name}"


def require_memory(size: int) -> None:
    """Raise MemoryError where so many bytes, and some to spare, cannot be had.

    Several decoders call an allocation that failed corrupt data. The memory is reserved and never touched.
    """
    try:
        mmap.mmap(-1, size + _SPARE_BYTES).close()
    except (OSError, ValueError, OverflowError) as error:
        raise MemoryError(f"{size:,} bytes cannot be had") from error


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that memory could not be had."""
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
            return True
        if _MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
