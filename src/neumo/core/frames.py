"""The protocol between a process and its children: framed messages over a socket, within a deadline.

A frame is two big-endian lengths of 4 bytes each, then one JSON value and raw bytes. What a length claims is never
allocated ahead of the bytes themselves.
"""

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final

EXIT_OUT_OF_MEMORY: Final = 87
"""Exit status of a child that was asked for something that does not fit into its memory limit."""
MAX_JSON_BYTES: Final = 64 * 2**20
MAX_PAYLOAD_BYTES: Final = 2**30
"""Both far beyond what is sent; a child that was taken over cannot fill its parent's memory."""
_LENGTHS: Final = struct.Struct(">II")
_CHUNK: Final = 2**20
_TICK: Final = 0.02
"""Seconds between looks at whoever is waited for."""


def send_frame(link: socket.socket, value: Any, payload: bytes = b"", deadline: float | None = None) -> None:
    """Send a message.

    Parameters
    ----------
    link : socket
    value : plain values
    payload : bytes
    deadline : float, optional
        Of `time.monotonic`; without one, waits for ever.

    Raises
    ------
    TimeoutError
        The deadline passed before all was taken.
    OSError
        The other side is gone.
    """
    text = json.dumps(value).encode()
    for part in (_LENGTHS.pack(len(text), len(payload)) + text, payload):
        if part:
            link.settimeout(_left(deadline))
            link.sendall(part)


def receive_frame(
    link: socket.socket, deadline: float | None = None, look: Callable[[], object] | None = None
) -> tuple[Any, bytes]:
    """Wait for a message.

    Parameters
    ----------
    link : socket
    deadline : float, optional
    look : function, optional
        Called now and then while there is nothing; what it raises ends the wait.

    Raises
    ------
    TimeoutError
        The deadline passed before the whole message was there.
    OSError
        The other side is gone, or sends something else than messages.
    """

    def exactly(size: int) -> bytearray:
        received = bytearray()
        while len(received) < size:
            received += _some(link, size - len(received), deadline, look)
        return received

    json_bytes, payload_bytes = _LENGTHS.unpack(exactly(_LENGTHS.size))
    if json_bytes > MAX_JSON_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise ConnectionAbortedError("a message claims more bytes than are taken")
    text, payload = exactly(json_bytes), exactly(payload_bytes)
    try:
        return json.loads(text), bytes(payload)
    except ValueError as error:
        raise ConnectionAbortedError("a message is not JSON") from error


def _some(link: socket.socket, size: int, deadline: float | None, look: Callable[[], object] | None) -> bytes:
    while True:
        left = _left(deadline)
        link.settimeout(left if look is None else min(_TICK, left or _TICK))
        try:
            part = link.recv(min(_CHUNK, size))
        except TimeoutError:
            if look is None or (deadline is not None and time.monotonic() >= deadline):
                raise
            look()
            continue
        if not part:
            raise BrokenPipeError("the other side is gone")
        return part


def _left(deadline: float | None) -> float | None:
    # A timeout of 0 would mean not to wait at all.
    return None if deadline is None else max(1e-6, deadline - time.monotonic())
