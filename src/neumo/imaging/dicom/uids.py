"""The one rule by which neumo takes a UID, whoever receives, reads or reports it."""

import re
from typing import Final

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
MAX_UID_LENGTH: Final = 64


def is_uid(text: str) -> bool:
    """Return whether `text` is a UID: digits and dots, at most 64 characters (PS3.5 section 9.1).

    Leading zeros of a component, which the standard forbids, are accepted: modalities write them, and a result that
    names its study otherwise would not be filed with it. A UID is safe as part of a path.
    """
    return len(text) <= MAX_UID_LENGTH and _UID.fullmatch(text) is not None
