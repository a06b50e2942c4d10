"""Which identifiers are safe to make a path of, and the key that one reading is kept under."""

import hashlib
import re

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_LONGEST_UID = 64


def is_uid(text: str) -> bool:
    """Whether it is digits and dots, at most 64 characters (PS3.5 section 9.1).

    Leading zeros of a component, which the standard forbids and modalities write, are let through: they harm nothing.
    """
    return len(text) <= _LONGEST_UID and _UID.fullmatch(text) is not None


def content_digest(transfer_syntax: str, content: bytes | memoryview) -> str:
    """SHA-256 of an encoded data set and its transfer syntax, in lower-case hexadecimal.

    The file meta information is left out, because every station writes its own.
    """
    digest = hashlib.sha256(transfer_syntax.encode() + b"\0")
    digest.update(content)
    return digest.hexdigest()


def reading_key(sop_instance_uid: str, digest: str, bundle: str) -> str:
    """SHA-256 that stands for one object, with this content, read with this bundle."""
    return hashlib.sha256(f"{sop_instance_uid}|{digest}|{bundle}".encode()).hexdigest()
