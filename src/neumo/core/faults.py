"""What may be said of an unexpected error: its kind and its place, never its words, which may quote a header."""

import traceback
from pathlib import Path


def where_raised(error: BaseException) -> str:
    """Return "file:line function" of the innermost frame, or "" where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    innermost = frames[-1]
    return f"{Path(innermost.filename).name}:{innermost.lineno} {innermost.name}"
