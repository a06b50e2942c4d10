"""Connection timeouts and limits by address: silent and slow clients (slowloris) are disconnected."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from neumo.core.silent_connections import SilentConnections


class CountingListener(socket.socket):
    """A listening socket that counts connections on accept, before the TLS handshake."""

    connections: SilentConnections | None = None
    accepts = False
    """Whether the event loop accepts connections by this object, as asyncio's own does on Unix."""

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        plain, address = super().accept()
        connections, self.accepts = self.connections, True
        if connections is None:
            return plain, address
        counted = _CountedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        counted.connections = connections
        connections.opened(counted.fileno(), address[0], counted.hang_up)
        return counted, address


class _CountedSocket(socket.socket):
    """A connection that is counted until it is closed; its key is its descriptor."""

    connections: SilentConnections | None = None

    def close(self) -> None:
        """Close it, and count it no more."""
        if self.connections is not None:
            self.connections.closed(self.fileno())
        super().close()

    def hang_up(self) -> None:
        """Let whoever reads from it see its end."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)


def timeout_protocol(
    seconds: float, connections: SilentConnections, listener: CountingListener
) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol with a timeout on the head of each request, and limits on silent connections.

    uvicorn itself waits for ever for the first request on a connection, restarts its keep-alive timeout with each byte
    of the next, and reads the rest of a body without limit after the answer.

    Parameters
    ----------
    seconds : float
        From the connection, or the end of an answer, to the end of the next request's head.
    connections : SilentConnections
        Those of this server.
    listener : CountingListener
        Which counts them, where the event loop lets it.
    """

    class TimeoutProtocol(H11Protocol):
        """A connection with a timeout."""

        _timeout: asyncio.TimerHandle | None = None
        _key: int | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._key = transport.get_extra_info("socket").fileno()
            if not connections.knows(self._key):
                if listener.accepts:  # it was ended before it got here
                    transport.abort()
                    return
                connections.opened(self._key, self.client[0] if self.client else "", transport.abort)
            self._start_timeout()

        def handle_events(self) -> None:
            super().handle_events()
            if self._is_answering():
                (connections.begins if self.cycle.more_body else connections.answered)(self._key)
            self._start_timeout()

        def on_response_complete(self) -> None:
            self._cancel_timeout()
            super().on_response_complete()
            if not self._is_answering():  # else a request that was sent ahead has begun
                connections.waits(self._key)
            self._start_timeout()

        def connection_lost(self, exc: Exception | None) -> None:
            self._cancel_timeout()
            connections.closed(self._key)
            self._key = None
            super().connection_lost(exc)

        def _is_answering(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _start_timeout(self) -> None:
            if self._is_answering():
                self._cancel_timeout()
            elif self._timeout is None and not self.transport.is_closing():
                self._timeout = self.loop.call_later(seconds, self._on_timeout)

        def _cancel_timeout(self) -> None:
            if self._timeout is not None:
                self._timeout.cancel()
                self._timeout = None

        def _on_timeout(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

    return TimeoutProtocol
