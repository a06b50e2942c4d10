"""Databases for tests of the archive: SQLite files, and a PostgreSQL server that runs for the tests alone."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from tests.support.programs import require_file, skip_for_missing

from neumo.records.database import open_archive

_POSTGRES = "/usr/lib/postgresql/*/bin/postgres"

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Folder of the Unix socket of a server that runs for these tests alone."""
    on_path = shutil.which("postgres")
    postgres = Path(on_path).resolve() if on_path else require_file(_POSTGRES, "postgresql")
    programs = postgres.parent
    folder = Path(tempfile.mkdtemp(prefix="neumo-pg-"))
    other: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        if os.geteuid() == 0:
            try:
                shutil.chown(folder, "postgres", "postgres")
            except LookupError:
                skip_for_missing("user postgres, since root cannot run the server", "postgresql")
            other |= {"user": "postgres", "group": "postgres", "extra_groups": []}
        options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", *options], check=True, timeout=120, **other
        )
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "autovacuum=off"]
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options], **other
        )
        try:
            _wait(server, folder)
            yield str(folder)
        finally:
            server.send_signal(signal.SIGQUIT)  # leave at once, whoever is connected, and write nothing more
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 60
    engine = create_engine(f"postgresql+psycopg://postgres@/postgres?host={folder}")
    while True:
        try:
            engine.connect().close()
            break
        except Exception:
            assert server.poll() is None and time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
    engine.dispose()


def administer(folder: str, *statements: str, database: str = "postgres") -> None:
    """Run statements as the server's superuser, outside of a transaction."""
    address = f"postgresql+psycopg://postgres@/{database}?host={folder}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def new_name() -> str:
    """Return a name that no database of the server has."""
    return f"t{next(_NUMBERS)}"


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive without readings, to copy: making the tables takes longer than many a test."""
    file = tmp_path_factory.mktemp("archive") / "a.db"
    open_archive(f"sqlite:///{file}").dispose()
    return file


@pytest.fixture(scope="session")
def postgresql_with_tables(postgresql: str) -> str:
    """Name of such a database, to copy."""
    name = new_name()
    administer(postgresql, f"CREATE DATABASE {name}")
    open_archive(f"postgresql://postgres@/{name}?host={postgresql}").dispose()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own: with tables where it uses `archive`, else empty."""
    copied = "archive" in request.fixturenames
    if request.param == "sqlite":
        if copied:
            shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "a.db")
        return f"sqlite:///{tmp_path / 'a.db'}"
    folder, name = request.getfixturevalue("postgresql"), new_name()
    template = request.getfixturevalue("postgresql_with_tables") if copied else "template1"
    administer(folder, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture
def archive(url: str) -> Iterator[Engine]:
    engine = open_archive(url)
    yield engine
    engine.dispose()
