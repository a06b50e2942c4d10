import errno

import pytest

from neumo.core.errors import OutputError, UnreadableImageError
from neumo.core.faults import available_memory, own_fault


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "full"), "disk_full"),
        (raised(OutputError("x: could not be written"), OSError(errno.EDQUOT, "quota")), "disk_full"),
        (raised(UnreadableImageError("x"), OSError(errno.EIO, "medium")), "disk_error"),
        (OSError(errno.EMFILE, "too many"), "too_many_files"),
        (MemoryError(), "out_of_memory"),
        (RuntimeError("std::bad_alloc"), "out_of_memory"),
        (OSError(errno.ENOENT, "gone"), None),
        (OSError("image file is truncated"), None),
        (ValueError("bad"), None),
        (UnreadableImageError("/films/out of memory/1.png: is empty"), None),
        (
            raised(UnreadableImageError("x"), FileNotFoundError(errno.ENOENT, "none", "out of memory.png")),
            None,
        ),
    ],
)
def test_faults_of_the_machine_are_told_from_those_of_a_file(error: Exception, code: str | None) -> None:
    assert own_fault(error) == code


def test_the_memory_that_is_left_is_known_where_the_system_tells() -> None:
    available = available_memory()
    assert available is None or available > 0
