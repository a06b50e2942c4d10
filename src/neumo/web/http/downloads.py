"""Headers of files that are downloaded."""

from collections.abc import Mapping
from typing import Final

SANDBOXED: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
}
"""Opened in the browser all the same, no script in the file can run."""
