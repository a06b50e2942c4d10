"""An archive of the second revision, with readings in it, is brought to this one."""

import hashlib
import json
from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, text

from neumo.core.errors import ArchiveError
from neumo.records import database
from neumo.records.audit_log import append, verify
from neumo.records.canonical import canonical
from neumo.records.database import connect, writing_session
from neumo.records.filters import Filters
from neumo.records.retention import purge
from neumo.records.search import find
from neumo.records.store import open_archive

COLUMNS = ("subject_id", "normal", "bacterial", "viral", "distance")


@pytest.fixture
def old(url: str) -> Iterator[Engine]:
    """Three readings as the second revision kept them; the second one is undecided and was disagreed with."""
    engine = connect(url)
    config = database._migrations()
    with database._writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with writing_session(engine) as session:
        for number in (1, 2, 3):
            found = ["NORMAL", "VIRAL_PNEUMONIA"][: 1 + (number == 2)]
            body = {"file": f"{number}.png", "sha256": "a" * 64, "prediction_set": found}
            row = dict.fromkeys(COLUMNS) | {
                "id": number,
                "recorded_at": f"2026-01-0{number}T00:00:00.000000Z",
                "source": "t",
                "content_sha256": str(number),
                "bundle_digest": "b",
                "status": "read",
                "finding": "NORMAL",
                "body": canonical(body),
            }
            _insert(session, "readings", row)
        decision = {
            "id": 1,
            "reading_id": 2,
            "revision": 1,
            "person": "ana",
            "at": "2026",
            "finding": "NORMAL",
        }
        _insert(session, "decisions", decision | {"agrees": False, "blinded": False, "note": ""})
    yield engine
    engine.dispose()


def _insert(session, table, row):
    names = ", ".join(row)
    session.execute(
        text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in row)})"), row
    )
    digest = hashlib.sha256(canonical(row).encode()).hexdigest()
    append(session, "t", "record", {"table": table, "id": row["id"], "sha256": digest})


def test_it_is_searched_purged_and_verified_like_a_new_one(old: Engine, url: str) -> None:
    with pytest.raises(ArchiveError, match="neumo archive init"):
        database.require_tables(old)
    engine = open_archive(url)
    try:
        assert not verify(engine).faults
        for filters in (Filters(undecided=True), Filters(disagreement=True), Filters(text="2.png")):
            assert [row.id for row in find(engine, filters).readings] == [2]
        assert purge(engine, days=0, actor="officer") == 3
        assert not verify(engine).faults
    finally:
        engine.dispose()


def test_what_was_changed_before_is_still_found_afterwards(old: Engine, url: str) -> None:
    with old.begin() as connection:
        for statement in (
            ["DROP TRIGGER readings_no_update"]
            if old.dialect.name == "sqlite"
            else ["ALTER TABLE readings DISABLE TRIGGER USER"]
        ):
            connection.execute(text(statement))
        forged = json.dumps({"file": "x", "sha256": None, "prediction_set": None})
        connection.execute(text("UPDATE readings SET body = :body WHERE id = 1"), {"body": forged})
        if old.dialect.name == "sqlite":
            connection.execute(
                text("CREATE TRIGGER readings_no_update BEFORE UPDATE ON readings BEGIN SELECT 1; END")
            )
    engine = open_archive(url)
    assert verify(engine).faults == ("readings: row 1 was changed",)
    engine.dispose()
