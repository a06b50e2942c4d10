"""Connection timeouts: silent and slow clients (slowloris) are disconnected."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def timeout_protocol(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol with a timeout on the head of each request.

    uvicorn itself waits for ever for the first request on a connection, restarts its keep-alive timeout with each byte
    of the next, and reads the rest of a body without limit after the answer.

    Parameters
    ----------
    seconds : float
        From the connection, or the end of an answer, to the end of the next request's head.
    """

    class TimeoutProtocol(H11Protocol):
        """A connection with a timeout."""

        _timeout: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._start_timeout()

        def handle_events(self) -> None:
            super().handle_events()
            self._start_timeout()

        def on_response_complete(self) -> None:
            self._cancel_timeout()
            super().on_response_complete()
            self._start_timeout()

        def connection_lost(self, exc: Exception | None) -> None:
            self._cancel_timeout()
            super().connection_lost(exc)

        def _start_timeout(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
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
