"""Connections to SQLite and PostgreSQL, write transactions one after another, and the migrations."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError, ArchiveUnavailableError

_BUSY_SECONDS = 30
_WRITERS_LOCK = 0x6E65756D6F
"""Key of PostgreSQL's advisory lock that all writers of an archive take."""


def connect(url: str) -> Engine:
    """Return an engine for "sqlite:///file.db" or "postgresql://..."; a plain path means SQLite.

    Raises
    ------
    ArchiveError
        The URL names another kind of database, or cannot be parsed.
    """
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as error:
        raise ArchiveError("database: not a URL; give sqlite:///FILE or postgresql://HOST/NAME") from error
    name = parsed.get_backend_name()
    if name not in ("sqlite", "postgresql"):
        raise ArchiveError(
            f"database: {name} is not supported; give sqlite:///FILE or postgresql://HOST/NAME"
        )
    if name == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    # The driver's own transactions would begin without the write lock; ours begin in _begin_sqlite.
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", f"busy_timeout = {_BUSY_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("neumo_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def reading_session(engine: Engine) -> Iterator[Session]:
    """Yield a session on one consistent state. Raises ArchiveUnavailableError."""
    with _clear_errors(engine), engine.connect() as connection, Session(connection) as session:
        yield session


@contextmanager
def writing_session(engine: Engine) -> Iterator[Session]:
    """Yield a session that alone writes, committed when the block succeeds. Raises ArchiveUnavailableError."""
    with _clear_errors(engine), _writing(engine) as connection, Session(connection) as session:
        yield session
        session.flush()


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(neumo_writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS_LOCK})
        yield connection


@contextmanager
def _clear_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        cause = (
            str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        )
        raise ArchiveUnavailableError(
            f"{where}: the archive cannot be used now ({cause}); nothing was kept, try again"
        ) from error


def migrate(engine: Engine) -> None:
    """Bring the database to this version's tables. Raises ArchiveUnavailableError, or ArchiveError if it is newer."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with _clear_errors(engine), _writing(engine) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision == scripts.get_current_head():
            return
        if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
            raise ArchiveError(f"database: revision {revision} is newer than this neumo; install a newer one")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
