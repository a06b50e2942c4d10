"""Limits on image and file size, checked against what a header claims before anything is decoded."""

from neumo.core.errors import ImageTooLargeError

MAX_PIXELS = 100_000_000
"""Largest width x height decoded (a 35 x 43 cm detector at 100 um has 15 million)."""

MAX_FILE_BYTES = 512 * 2**20
"""Largest file read; the largest image allowed, stored in 16 bits, takes 191 MiB."""


def require_size(name: str, width: int, height: int, max_pixels: int) -> None:
    """Refuse what claims more than `max_pixels`.

    Raises
    ------
    ImageTooLargeError
    """
    if width * height > max_pixels:
        raise ImageTooLargeError(
            "{name}: {width} x {height} pixels exceed the limit of {most:,}; resample it first",
            name=name,
            width=width,
            height=height,
            most=max_pixels,
        )


def require_file_size(name: str, size: int) -> None:
    """Refuse files of more than `MAX_FILE_BYTES` bytes.

    Raises
    ------
    ImageTooLargeError
    """
    if size > MAX_FILE_BYTES:
        raise ImageTooLargeError(
            "{name}: {size:,} bytes exceed the limit of {most:,}; a single radiograph is smaller",
            name=name,
            size=size,
            most=MAX_FILE_BYTES,
        )
