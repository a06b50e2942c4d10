"""Readings as JSON Lines, one object a line, flushed as they come, and resuming a stopped run from them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from neumo.core.errors import OutputError
from neumo.core.names import is_utf8
from neumo.core.reading import Reading


def write_line(stream: TextIO, reading: Reading, heatmap: str | None = None) -> None:
    """Write one reading and flush it, in ASCII where a stream is not UTF-8. Raises OSError."""
    ascii_only = stream.encoding is not None and not is_utf8(stream.encoding)
    stream.write(json.dumps(reading.to_json(heatmap), ensure_ascii=ascii_only, allow_nan=False) + "\n")
    stream.flush()


def readings_in(source: Path) -> Iterator[tuple[Reading, str | None]]:
    """Yield the readings of a file that `files_done` has looked at, each with the path of its overlay.

    Raises
    ------
    OutputError
        The file cannot be read, or holds something other than readings.
    """
    if not source.exists():
        return
    try:
        with source.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    value = json.loads(line)
                    yield Reading.from_json(value), value["heatmap"]
                except (ValueError, KeyError, TypeError) as error:
                    raise _no_reading(source, number) from error
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            "{source}: cannot be read ({reason})", source=source, reason=error.strerror or error
        ) from error


def files_done(source: Path) -> Iterator[str]:
    """Yield the files that an earlier run answered; a half last line, left by a kill, is cut off the file.

    Raises
    ------
    OutputError
        The file cannot be read, or holds something other than readings.
    """
    if not source.exists():
        return
    try:
        whole = 0
        with source.open("rb+") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    yield str(json.loads(line)["file"])
                except (ValueError, KeyError, TypeError) as error:
                    raise _no_reading(source, number) from error
                whole += len(line)
            stream.truncate(whole)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            "{source}: cannot be read ({reason})", source=source, reason=error.strerror or error
        ) from error


def _no_reading(source: Path, number: int) -> OutputError:
    return OutputError(
        "{source}: line {number} is not a reading; --resume goes on with a file of readings only",
        source=source,
        number=number,
    )
