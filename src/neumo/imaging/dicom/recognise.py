"""Recognition of DICOM by a file's first bytes, with the 128-byte preamble or without."""

import re

PREAMBLE = 128
MAGIC = b"DICM"

_FIRST_GROUPS = rb"(\x02\x00|\x08\x00)[\x00-\xff]{2}"
_BARE = re.compile(
    _FIRST_GROUPS
    + rb"((AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|OB|OW|PN|SH|SQ|ST|TM|UI|UL|UN|US|UT)|[\x00-\xff]{2}\x00\x00)",
    re.DOTALL,
)
"""A first element of group 0002 or 0008, little endian: a known VR, or an implicit length below 64 KiB."""
_BARE_BIG_ENDIAN = re.compile(rb"\x00\x08\x00[\x00-\xff](CS|DA|LO|SH|TM|UI|UL)")


def has_preamble(content: bytes) -> bool:
    """Whether the bytes begin with the preamble of a DICOM file and its prefix "DICM"."""
    return content[PREAMBLE : PREAMBLE + len(MAGIC)] == MAGIC


def is_dicom(content: bytes) -> bool:
    """Whether the bytes begin as a DICOM file (PS3.10 section 7.1) or as a bare data set does."""
    return has_preamble(content) or bool(_BARE.match(content) or _BARE_BIG_ENDIAN.match(content))
