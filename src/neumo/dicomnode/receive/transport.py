"""Sockets with limits: how large a PDU and an object may be, how long a PDU may take to come.

pynetdicom reads a PDU of whatever length its header states, and waits for its bytes without limit. Here one sender can
take neither the memory nor the attention of the node.
"""

import io
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import (
    AddressInformation,
    AssociationSocket,
)

from neumo.dicomnode.config import Limits

_HEADER = 6
_P_DATA_TF = 0x04
_LARGEST_OTHER_PDU = 2**20
"""Association requests with all their presentation contexts stay far below it."""
_LARGEST_COMMAND = 2**16
_MOST_UNANSWERED = 8
"""Requests that a sender may have open; one is what the standard gives it (PS3.7 annex D.3.3.3)."""
Refused = Callable[[str], None]
"""Told why a connection was turned away: "address", "connections", "tls", "pdu"."""


class BoundedBytes(io.BytesIO):
    """Takes what is written up to a limit; beyond it, lets go of everything and remembers that."""

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


class ClosingSocket(AssociationSocket):
    """Closes its socket in every case."""

    def _shutdown_socket(self) -> None:
        """Close also where the other side was faster, which pynetdicom leaves to the garbage collector."""
        connection = self.socket
        if connection is None:
            return
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


class ClosingEntity(AE):
    """An application entity that asks for associations over sockets that are closed afterwards."""

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> AssociationSocket:
        created = ClosingSocket(assoc, address=address)
        created.tls_args = tls_args
        return created


class LimitedSocket(ClosingSocket):
    """Reads PDUs of a limited size within a limited time."""

    def __init__(
        self,
        assoc: Association,
        client_socket: socket.socket,
        limits: Limits,
        seconds: float,
        refused: Refused,
    ) -> None:
        super().__init__(assoc, client_socket=client_socket)
        self._limits, self._seconds, self._refused = limits, seconds, refused
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
        if nr_bytes > (self._limits.pdu_bytes if kind == _P_DATA_TF else _LARGEST_OTHER_PDU):
            self._refused("pdu")
            raise ConnectionAbortedError("PDU too large")
        return self._exactly(nr_bytes)

    def _shutdown_socket(self) -> None:
        """Also let go of an association that was never asked for, which otherwise takes a place until ARTIM ends."""
        super()._shutdown_socket()
        if self.assoc.requestor.primitive is None:
            self.assoc.dul.to_user_queue.put(None)  # what a time-out gives

    def _bound_message(self) -> None:
        """Hold the message that is being put together within its limits."""
        if self.assoc.dimse.msg_queue.qsize() > _MOST_UNANSWERED:
            self._refused("pdu")
            raise ConnectionAbortedError("too many open requests")
        message = self.assoc.dimse.message
        if message is None:
            return
        if message.encoded_command_set.tell() > _LARGEST_COMMAND:
            self._refused("pdu")
            raise ConnectionAbortedError("command set too large")
        if isinstance(message.data_set, io.BytesIO) and not isinstance(message.data_set, BoundedBytes):
            bounded = BoundedBytes(self._limits.object_bytes)
            bounded.write(message.data_set.getbuffer())
            message.data_set = bounded

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
