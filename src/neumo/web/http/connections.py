"""Connections that are given up when nothing comes of them, so that silence cannot take all of them."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol


def patient_protocol(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's protocol with a limit on the time in which each request's head must have come.

    uvicorn itself waits for ever for the first request on a connection, and begins waiting anew with each byte of the
    next; and it goes on reading what remains of a body after the answer to it.

    Parameters
    ----------
    seconds : float
        From the connection, or the end of an answer, to the end of the next request's head.
    """

    class PatientProtocol(H11Protocol):
        """One connection."""

        _end: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._watch()

        def handle_events(self) -> None:
            super().handle_events()
            self._watch()

        def on_response_complete(self) -> None:
            self._unwatch()
            super().on_response_complete()
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unwatch()
            super().connection_lost(exc)

        def _watch(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._unwatch()
            elif self._end is None and not self.transport.is_closing():
                self._end = self.loop.call_later(seconds, self._give_up)

        def _unwatch(self) -> None:
            if self._end is not None:
                self._end.cancel()
                self._end = None

        def _give_up(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

    return PatientProtocol
