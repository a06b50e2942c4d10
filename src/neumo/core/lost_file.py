"""Notices for files that ended the process which read them: out of memory, timeout, crash."""

from collections.abc import Mapping
from typing import Final

from neumo.core.reading import Notice

OUT_OF_MEMORY: Final = Notice(
    "out_of_memory", "Reading the image needs more memory than there is or is allowed."
)
LOST: Final[Mapping[str, Notice]] = {
    notice.code: notice
    for notice in (
        OUT_OF_MEMORY,
        Notice("timeout", "Reading it took too long and was stopped."),
        Notice("crash", "It crashed the program that read it; the file is damaged or malicious."),
    )
}
"""Notice by the code of a `ChildError`. "cancelled" and "killed" are missing: the file is not at fault."""
