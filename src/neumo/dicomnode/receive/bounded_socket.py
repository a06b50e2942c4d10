"""A server's socket with limits on the size of a PDU, of an object, and on the time that a PDU may take.

pynetdicom reads a PDU of whatever length its header states, and waits for its bytes without limit; with these limits
one sender can exhaust neither the memory nor the threads of the node.
"""

import io
import socket
import time
from collections.abc import Callable
from typing import Any

from pynetdicom.association import Association

from neumo.dicomnode.config import Limits
from neumo.sending.pynetdicom_internals import (
    ClosingSocket,
    command_bytes,
    data_set_of,
    end_unrequested,
    open_requests,
    receive_data_set_into,
)

_HEADER = 6
_P_DATA_TF = 0x04
_MAX_OTHER_PDU = 2**20
"""Association requests with all their presentation contexts stay far below it."""
_MAX_COMMAND_BYTES = 2**16
_MAX_OPEN_REQUESTS = 8
"""Requests that a sender may have open; one is what the standard gives it (PS3.7 annex D.3.3.3)."""
OnRefused = Callable[[str], None]
"""Called with the reason why a connection was turned away: "address", "connections", "tls", "pdu"."""


class BoundedBytes(io.BytesIO):
    """A buffer with a maximum size; a write beyond it empties the buffer and sets `overflowed`."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit
        self.overflowed = False

    def write(self, data: Any) -> int:
        """Write, or drop what does not fit any more."""
        if self.overflowed:
            return len(data)
        if self.tell() + len(data) > self._limit:
            self.overflowed = True
            self.seek(0)
            self.truncate(0)
            return len(data)
        return super().write(data)


class BoundedSocket(ClosingSocket):
    """Reads PDUs of a limited size within a limited time; calls `asked` once a whole one came, and at the end."""

    def __init__(
        self,
        assoc: Association,
        client_socket: socket.socket,
        limits: Limits,
        seconds: float,
        refused: OnRefused,
        *,
        asked: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self._limits, self._seconds, self._refused, self._asked = limits, seconds, refused, asked
        self._header: bytes | None = None
        client_socket.settimeout(seconds)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read so many bytes; pynetdicom asks for a PDU's header and then for the rest of it.

        Raises
        ------
        OSError
            Beyond a limit; pynetdicom then ends the connection.
        """
        if self._header is None:
            self._bound_message()
            content = self._exactly(_HEADER)
            self._header = bytes(content) if len(content) == _HEADER else None
            return content
        kind = self._header[0]
        self._header = None
        if nr_bytes > (self._limits.pdu_bytes if kind == _P_DATA_TF else _MAX_OTHER_PDU):
            self._refused("pdu")
            raise ConnectionAbortedError("PDU too large")
        content = self._exactly(nr_bytes)
        self._asked()
        return content

    def close_connection(self) -> None:
        """End an association that was never requested, too."""
        super().close_connection()
        self._asked()
        end_unrequested(self.assoc)

    def _bound_message(self) -> None:
        """Enforce the limits of the message that is being assembled."""
        if open_requests(self.assoc) > _MAX_OPEN_REQUESTS:
            self._refused("pdu")
            raise ConnectionAbortedError("too many open requests")
        if command_bytes(self.assoc) > _MAX_COMMAND_BYTES:
            self._refused("pdu")
            raise ConnectionAbortedError("command set too large")
        received = data_set_of(self.assoc)
        if received is not None and not isinstance(received, BoundedBytes):
            bounded = BoundedBytes(self._limits.object_bytes)
            bounded.write(received.getbuffer())
            receive_data_set_into(self.assoc, bounded)

    def _exactly(self, count: int) -> bytearray:
        """Read so many bytes, or fewer where the other side has closed."""
        connection = self.socket
        assert connection is not None
        content, deadline = bytearray(count), time.monotonic() + self._seconds
        view, read = memoryview(content), 0
        try:
            while read < count:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("PDU too slow")
                connection.settimeout(left)
                received = connection.recv_into(view[read:])
                if not received:
                    break
                read += received
        finally:
            view.release()
            connection.settimeout(self._seconds)
        del content[read:]
        return content
