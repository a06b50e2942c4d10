"""Why the process that read a file was lost over it, as notices."""

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
"""Notices by the code of a `ChildError`; where the process was cancelled or killed, the file is not at fault."""
