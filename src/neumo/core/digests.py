"""Digests of files."""

import hashlib
from pathlib import Path


def sha256_of(file: Path) -> str:
    """Return the SHA-256 digest of a file's bytes, in hexadecimal. Raises OSError where it cannot be read."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
