"""PostgreSQL connections that give up on a server that says nothing: one that is frozen, or out of reach."""

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import Engine, event

SILENT_SECONDS: Final = 10.0
"""Seconds that a server may be silent while it is asked; it answers as soon as it has a first row."""
_REST_SECONDS: Final = 3.0
"""For how long after such a silence nobody else is made to wait for the same server."""

_patient: ContextVar[bool] = ContextVar("neumo_patient", default=False)


@contextmanager
def patient() -> Iterator[None]:
    """Lift the limit on silence within the block, as for statements of a migration."""
    token = _patient.set(True)
    try:
        yield
    finally:
        _patient.reset(token)


def limit_silence(engine: Engine, seconds: float = SILENT_SECONDS) -> None:
    """Have an engine of psycopg raise OperationalError where its server is silent for so many seconds.

    Where one connection met that silence, new ones are refused at once for a moment, so that not every request has to
    wait for it.
    """
    from psycopg import Connection, OperationalError

    silence = {"until": 0.0}

    class Listening(Connection[Any]):
        def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
            if _patient.get():
                return super().wait(gen, *arguments, **options)
            try:
                return super().wait(_limited(gen, seconds), *arguments, **options)
            except _Silent:
                silence["until"] = time.monotonic() + _REST_SECONDS
                self.close()
                raise OperationalError(f"the server has said nothing for {seconds:g} s") from None

    def connecting(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        if time.monotonic() < silence["until"]:
            raise OperationalError("the server said nothing a moment ago")
        return Listening.connect(*arguments, **options)

    event.listen(engine, "do_connect", connecting)


class _Silent(Exception):
    """The server has said nothing for too long."""


def _limited(gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """Pass on what psycopg's generator waits for, until nothing is ready for too long."""
    heard = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > seconds:
                raise _Silent
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
