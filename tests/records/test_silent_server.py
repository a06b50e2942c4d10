"""A PostgreSQL server that says nothing is given up on in seconds, and nobody else waits for it again at once."""

import time
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from tests.support.archive_databases import postgresql

from neumo.records import silent_server
from neumo.records.silent_server import limit_silence, patient

__all__ = ["postgresql"]


def test_silence_ends_a_statement_and_talk_does_not(postgresql: str) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@/postgres?host={postgresql}")
    limit_silence(engine, seconds=0.4)
    try:
        with engine.connect() as connection:
            rows = "SELECT repeat('x', 1000000), pg_sleep(0.1) FROM generate_series(1, 12)"
            assert len(connection.execute(text(rows)).all()) == 12, "12 rows of a megabyte in 1.2 seconds"
        began = time.monotonic()
        with pytest.raises(OperationalError, match="said nothing for"), engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(60)"))
        with pytest.raises(OperationalError, match="said nothing a moment ago"):
            engine.connect()
        assert time.monotonic() - began < 30
    finally:
        engine.dispose()


def test_migrations_may_be_silent(postgresql: str) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@/postgres?host={postgresql}")
    limit_silence(engine, seconds=0.2)
    try:
        with patient(), engine.connect() as connection:
            connection.execute(text("SELECT pg_sleep(0.6)"))
    finally:
        engine.dispose()


def test_the_result_of_what_is_waited_for_is_passed_on() -> None:
    def exchange() -> Generator[str, int, str]:
        assert (yield "write") == 1
        assert (yield "read") == 0
        assert (yield "read") == 2
        return "row"

    limited: Any = silent_server._limited(exchange(), 60)
    assert next(limited) == "write" and limited.send(1) == "read" and limited.send(0) == "read"
    with pytest.raises(StopIteration) as end:
        limited.send(2)
    assert end.value.value == "row"
