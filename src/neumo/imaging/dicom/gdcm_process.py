"""GDCM in processes of its own.

It is the one library at hand that decodes JPEG Lossless and 12-bit JPEG, and on some corrupt streams it ends its
process, or writes to the standard error stream; neither may happen to a program that reads a thousand files.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from neumo.core.errors import UnreadableImageError

_CHILD = Path(__file__).with_name("gdcm_child.py")
_DEADLINE = 30.0
"""Seconds for one frame; a hundred million pixels take some ten."""

_idle: list["_Child"] = []
_inherited: list["_Child"] = []


class _Child:
    """A running decoder; one thread at a time talks to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, request: dict[str, Any], frame: bytes) -> bytes:
        """Send a frame and wait for its samples; raises OSError when the decoder dies or takes too long."""
        assert self._process.stdin is not None and self._process.stdout is not None
        watchdog = threading.Timer(_DEADLINE, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps({**request, "length": len(frame)}).encode() + b"\n" + frame)
            self._process.stdin.flush()
            length = int.from_bytes(_exactly(self._process.stdout, 8), "little")
            return _exactly(self._process.stdout, length)
        finally:
            watchdog.cancel()

    def end(self) -> None:
        """Kill and wait."""
        self._process.kill()
        self.disown()
        self._process.wait()

    def disown(self) -> None:
        """Close this process's ends of the pipes."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be flushed has nowhere to go
                pass


def decode_in_child(frame: bytes, request: dict[str, Any], name: str) -> bytes:
    """Decode a frame in another process.

    Parameters
    ----------
    frame : bytes
        The compressed frame.
    request : dict
        syntax (UID), photometric, rows, columns, samples, bits_allocated, bits_stored, signed.
    name : str
        What messages call the file.

    Returns
    -------
    bytes
        Interleaved little-endian samples.

    Raises
    ------
    UnreadableImageError
        The frame cannot be decoded.
    """
    try:
        samples = _answer(request, frame)
    except OSError as error:
        raise UnreadableImageError(
            f"{name}: the pixel data break their decoder; the file is corrupt"
        ) from error
    if not samples:
        raise UnreadableImageError(
            f"{name}: the pixel data cannot be decoded; the file is corrupt or truncated"
        )
    return samples


def _answer(request: dict[str, Any], frame: bytes) -> bytes:
    try:
        return _ask(_idle.pop(), request, frame)
    except (IndexError, OSError):  # none is idle, or one that something else has ended meanwhile
        return _ask(_Child(), request, frame)


def _ask(child: _Child, request: dict[str, Any], frame: bytes) -> bytes:
    try:
        samples = child.ask(request, frame)
    except BaseException:  # also an interrupt: what comes next from this child would be out of step
        child.end()
        raise
    _idle.append(child)
    return samples


def _exactly(stream: Any, length: int) -> bytes:
    content: bytes = stream.read(length)
    if len(content) != length:
        raise BrokenPipeError("the decoder ended")
    return content


def _end_all() -> None:
    while _idle:
        _idle.pop().end()


def _after_fork() -> None:
    """Leave the parent's decoders to the parent."""
    _inherited.extend(_idle)
    _idle.clear()
    for child in _inherited:
        child.disown()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
