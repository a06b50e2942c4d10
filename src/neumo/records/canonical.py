"""The one JSON text of a value, over which digests are taken, and text that every database keeps."""

import json
from typing import Any


def canonical(value: Any) -> str:
    """Return JSON that equal values share: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def storable(text: str) -> str:
    r"""Return text with what no database takes as escapes: bytes that are no UTF-8 as "\\udcff", and NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
