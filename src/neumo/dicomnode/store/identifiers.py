"""Computes the digest of an object's content and the key of its reading."""

import hashlib


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
