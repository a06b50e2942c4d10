"""Validates UIDs, and computes the digest of an object's content and the key of its reading."""

import hashlib
import re

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_MAX_UID_LENGTH = 64


def is_uid(text: str) -> bool:
    """Return whether `text` is a UID: digits and dots, at most 64 characters (PS3.5 section 9.1).

    A valid UID is safe as part of a path. Leading zeros of a component, which the standard forbids, are accepted:
    modalities write them.
    """
    return len(text) <= _MAX_UID_LENGTH and _UID.fullmatch(text) is not None


def content_digest(transfer_syntax: str, content: bytes | memoryview) -> str:
    """Return the SHA-256 of an encoded data set and its transfer syntax, in lower-case hexadecimal.

    The file meta information is left out, because every station writes its own.
    """
    digest = hashlib.sha256(transfer_syntax.encode() + b"\0")
    digest.update(content)
    return digest.hexdigest()


def reading_key(sop_instance_uid: str, digest: str, bundle: str) -> str:
    """Return the SHA-256 that identifies a reading: of one object, with this content, by this bundle."""
    return hashlib.sha256(f"{sop_instance_uid}|{digest}|{bundle}".encode()).hexdigest()
