"""File names as text that every file, database and terminal takes, whatever bytes they are made of."""

import codecs
import os
import re

_UNDECODABLE = re.compile(r"[\ud800-\udfff]")
_LIKE_ESCAPE = re.compile(r"\\(?=x[0-9a-f]{2})")
_SHOWN = re.compile(r"\\x([0-9a-f]{2})")
CONTROL_CHARACTERS = r"\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f"
"""Ranges of a regular expression: control characters of terminals, ends of lines and paragraphs, and what turns or
hides the text behind it: embedded and isolated directions of writing (Unicode standard annex 9), tags."""
_CONTROL = re.compile(f"[{CONTROL_CHARACTERS}]")


def shown_path(path: str | os.PathLike[str]) -> str:
    r"""Return a path as text that can be written as UTF-8.

    Bytes of a name that are no UTF-8 become ``\xNN``; a backslash that stands before ``xNN`` in the name itself becomes
    ``\x5c``, so that different names are shown differently. Names without either are as they are.
    """
    text = os.fspath(path)
    if os.sep == "/":  # elsewhere backslashes part folders
        text = _LIKE_ESCAPE.sub(r"\\x5c", text)
    return _UNDECODABLE.sub(_escaped, text)


def path_of_shown(text: str) -> str:
    """Return the path that `shown_path` shows as `text`."""
    return _SHOWN.sub(lambda found: chr(int(found[1], 16) + (0xDC00 if found[1] >= "80" else 0)), text)


def is_text(path: str | os.PathLike[str]) -> bool:
    """Whether a path can be written as UTF-8 as it is."""
    return _UNDECODABLE.search(os.fspath(path)) is None


def printable(text: str) -> str:
    r"""Return a text whose control characters are ``\xNN``, so that a name does nothing to a terminal or its reader."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode-escape").decode(), text)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, by any of its names."""
    return codecs.lookup(encoding).name == "utf-8"


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    # The surrogates by which Python stands for bytes that it cannot decode (PEP 383); Windows has names with others.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
