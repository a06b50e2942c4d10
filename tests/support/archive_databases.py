"""Databases for tests of the archive: SQLite files, and a PostgreSQL server that runs for the tests alone."""

import os
import shutil
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
        options = ["-c", "listen_addresses=", "-c", "fsync=off"]
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options], **other
        )
        try:
            _wait(server, folder)
            yield str(folder)
        finally:
            server.send_signal(2)  # SIGINT: leave at once, whoever is connected
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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'a.db'}"
    folder, name = request.getfixturevalue("postgresql"), new_name()
    administer(folder, f"CREATE DATABASE {name}")
    return f"postgresql://postgres@/{name}?host={folder}"


@pytest.fixture
def archive(url: str) -> Iterator[Engine]:
    engine = open_archive(url)
    yield engine
    engine.dispose()
