"""Connections to SQLite and PostgreSQL, sessions that read or write, and the schema's migrations."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from neumo.core.errors import ArchiveError, ArchiveUnavailableError
from neumo.core.message import Message
from neumo.records.silent_server import limit_silence, patient

_BUSY_SECONDS = 30
_POOL_SECONDS = 5
"""Timeout in seconds for getting a connection from the pool."""
_LIBPQ_TIMEOUTS = {"connect_timeout": 5, "keepalives_idle": 30, "tcp_user_timeout": _BUSY_SECONDS * 1000}
"""A server that vanishes must not block a writer for hours."""
_CACHE_KIB = 16_384
"""Page cache of each SQLite connection in KiB: holds the worklist's indexes of 100,000 readings."""
_SQLITE = "sqlite:///"
_UNWRITABLE = frozenset({"unable to open database file", "attempt to write a readonly database"})
"""SQLite's words for a file, or a folder of a file, that this user may not write."""
_REMEDY = Message("give sqlite:///FILE or postgresql://HOST/NAME")
_WRITERS_LOCK = 0x6E65756D6F
"""Key of PostgreSQL's advisory lock that all writers of an archive take."""


def connect(url: str, *, existing: bool = False) -> Engine:
    """Return an engine for "sqlite:///file.db" or "postgresql://..."; a plain path means SQLite.

    Parameters
    ----------
    url : str
    existing : bool
        Create no SQLite file, and leave the journal mode of an existing one.

    Raises
    ------
    ArchiveError
        The URL names another kind of database or driver, cannot be parsed, or there is no such file.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(
            parsed, pool_pre_ping=True, pool_timeout=_POOL_SECONDS, connect_args=_LIBPQ_TIMEOUTS
        )
        limit_silence(engine)
        return engine
    if existing and not Path(str(parsed.database)).is_file():
        raise ArchiveError(
            "{database}: no such file; give the database that readings are stored in",
            database=parsed.database,
        )
    # The driver's own transactions would begin without the write lock; ours begin in _begin_sqlite.
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    engine.dialect.statement_compiler = _SQLiteCompiler
    event.listen(engine, "connect", _set_up_sqlite)
    if not existing:
        event.listen(engine, "connect", _use_write_ahead_log)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def open_archive(url: str) -> Engine:
    """Return the archive at `url`, its tables made or brought to this version.

    Raises
    ------
    ArchiveError
        The URL cannot be used, or a newer neumo made the database.
    ArchiveUnavailableError
        The database cannot be reached.
    """
    engine = connect(url)
    migrate(engine)
    return engine


def _parse(url: str) -> URL:
    if url.startswith(_SQLITE) or "://" not in url:
        return _sqlite(url.removeprefix(_SQLITE))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ArchiveError("database: not a URL; {remedy}", remedy=_REMEDY) from error
    if parsed.drivername not in ("sqlite", "postgresql", "postgresql+psycopg"):
        raise ArchiveError(
            "database: {driver} is not supported; {remedy}", driver=parsed.drivername, remedy=_REMEDY
        )
    return _sqlite("") if parsed.drivername == "sqlite" else parsed


def _sqlite(file: str) -> URL:
    """Return the URL of a file by its name as it is: ?, % and # are letters like others, and there are no options."""
    if file in ("", ":memory:"):
        raise ArchiveError("database: sqlite takes the path of a file; {remedy}", remedy=_REMEDY)
    # The driver would take "file:" for the beginning of a URI.
    return URL.create("sqlite", database=f"./{file}" if file.startswith("file:") else file)


class _SQLiteCompiler(SQLiteCompiler):
    """Writes hints of `Select.with_hint`, such as INDEXED BY, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # Without recursive triggers, INSERT OR REPLACE deletes rows past the triggers that refuse it.
    # What a purge empties is overwritten too, not only given free.
    settings = ("foreign_keys = ON", "recursive_triggers = ON", "secure_delete = ON")
    for pragma in (*settings, f"busy_timeout = {_BUSY_SECONDS * 1000}", f"cache_size = -{_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("neumo_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def reading_session(engine: Engine) -> Iterator[Session]:
    """Yield a session that reads one snapshot of the database. Raises ArchiveUnavailableError."""
    # In SQLite a transaction always reads one snapshot.
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with (
        _translated_errors(engine),
        engine.connect().execution_options(**options) as connection,
        Session(connection) as session,
    ):
        yield session


@contextmanager
def writing_session(engine: Engine) -> Iterator[Session]:
    """Yield the only session that writes, committed when the block succeeds. Raises ArchiveUnavailableError."""
    with _translated_errors(engine), _writing(engine) as connection, Session(connection) as session:
        yield session
        session.flush()


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(neumo_writing=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS_LOCK})
        yield connection


@contextmanager
def _translated_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        raise ArchiveError(
            "database: it refuses a value ({error}); change it", error=_first_line(error)
        ) from error
    except PoolTimeoutError as error:
        raise ArchiveUnavailableError(
            "the archive cannot be used now (all its connections are in use); nothing was stored, try again"
        ) from error
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        cause = _first_line(error)
        if "not a database" in cause:
            raise ArchiveError(
                "{where}: not a database; give the file that readings are stored in", where=where
            ) from error
        if cause in _UNWRITABLE:
            raise ArchiveUnavailableError(
                "{where}: the file or its folder cannot be written ({cause}); nothing was stored: make it writable, or "
                "choose another place",
                where=where,
                cause=cause,
            ) from error
        raise ArchiveUnavailableError(
            "{where}: the archive cannot be used now ({cause}); nothing was stored, try again",
            where=where,
            cause=cause,
        ) from error


def _first_line(error: DBAPIError) -> str:
    said = str(error.orig).strip()
    return said.splitlines()[0] if said else type(error.orig).__name__


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the database to this version's tables, or to those of a revision.

    Raises ArchiveUnavailableError, or ArchiveError if it is newer.
    """
    if engine.dialect.name == "sqlite":
        _make_private(Path(str(engine.url.database)))
    config = _migrations()
    with _translated_errors(engine), _writing(engine) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        if revision == _newest(config, revision):
            return
        config.attributes["connection"] = connection
        with patient():
            command.upgrade(config, to)


def _make_private(file: Path) -> None:
    """Create a new database with mode 600; SQLite gives its journals the same mode."""
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:  # it exists, or SQLite will say why it cannot
        return


def require_tables(engine: Engine) -> None:
    """Raise ArchiveError where the database has not this version's tables, ArchiveUnavailableError where it is away."""
    with _translated_errors(engine), engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    where = engine.url.render_as_string(hide_password=True)
    if revision is None:
        raise ArchiveError(
            "{where}: not an archive; give the database that readings are stored in", where=where
        )
    if revision != _newest(_migrations(), revision):
        raise ArchiveError(
            "{where}: revision {revision} is older than this neumo; bring it up to date with "
            "neumo archive init",
            where=where,
            revision=revision,
        )


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def _newest(config: Config, revision: str | None) -> str | None:
    """Return this version's revision. Raises ArchiveError where the database's own is not known to it."""
    scripts = ScriptDirectory.from_config(config)
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise ArchiveError(
            "database: revision {revision} is newer than this neumo; install a newer one", revision=revision
        )
    return scripts.get_current_head()
