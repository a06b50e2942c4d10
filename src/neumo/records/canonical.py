"""Canonical JSON, over which digests are taken, and text and names that every database can store."""

import json
from typing import Any, Final

from neumo.core.errors import ArchiveError

_MAX_NAME: Final = 128
_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
"""Made once: `json.dumps` makes one for each call."""


def canonical(value: Any) -> str:
    """Return JSON that equal values share: sorted keys, no spaces, no NaN."""
    return _ENCODER.encode(value)


def storable(text: str) -> str:
    r"""Return text with escapes for what no database stores: bytes that are no UTF-8 as "\\udcff", and NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def checked_name(key: str, text: str) -> str:
    """Return the name of a person, program or source as it is stored. Raises ArchiveError."""
    name = storable(text).strip()
    if not 1 <= len(name) <= _MAX_NAME:
        raise ArchiveError(
            "{key}: {text!r} cannot be kept; give 1 to {most} characters", key=key, text=text, most=_MAX_NAME
        )
    return name
