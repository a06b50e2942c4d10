from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.support.commands import call_neumo
from tests.support.stored_readings import keep, refused

from neumo.core.decision import Conclusion
from neumo.records.audit_log import Checkpoint, verify
from neumo.records.database import open_archive
from neumo.records.decisions import record_decision, record_view

TABLES = ("readings", "views", "decisions", "audit_log")
GUARDED = (*TABLES, "restatements")


def _fill(archive: Engine) -> None:
    """Store readings 1 to 4, of which 1 and 2 are looked at and decided."""
    for name in "abcd":
        keep(archive, refused(name))
    for number in (1, 2):
        record_view(archive, number, person="ana")
        record_decision(archive, number, person="ana", conclusion=Conclusion.NORMAL)


def _attack(archive: Engine, *statements: str) -> None:
    """Do as somebody who owns the database can: past the triggers."""
    with archive.begin() as connection:
        for table in GUARDED:
            if archive.dialect.name == "sqlite":
                connection.execute(text(f"DROP TRIGGER {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parametrize("table", TABLES)
def test_the_database_refuses_changes(archive: Engine, table: str) -> None:
    _fill(archive)
    column = "sequence" if table == "audit_log" else "id"
    for change in (f"UPDATE {table} SET {column} = 99 WHERE {column} = 1", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="neither changed nor deleted"), archive.begin() as connection:
            connection.execute(text(change))
    assert not verify(archive).faults


@pytest.mark.parametrize(
    ("attack", "fault"),
    [
        (["UPDATE audit_log SET actor = 'x' WHERE sequence = 2"], "row 2 was changed"),
        (["DELETE FROM audit_log WHERE sequence = 2"], "row 2 is missing"),
        (["DELETE FROM audit_log WHERE sequence = 8"], "does not hold checkpoint"),
        (
            [
                "UPDATE audit_log SET sequence = 99 WHERE sequence = 2",
                "UPDATE audit_log SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit_log SET sequence = 3 WHERE sequence = 99",
            ],
            "row 2 does not follow",
        ),
        (["UPDATE readings SET source = 'x' WHERE id = 3"], "readings: row 3 was changed"),
        (["UPDATE readings SET viral = 0.5 WHERE id = 3"], "readings: row 3 was changed"),
        (["DELETE FROM readings WHERE id = 4"], "readings: row 4 was removed"),
        (
            [
                "UPDATE readings SET id = 99 WHERE id = 3",
                "UPDATE readings SET id = 3 WHERE id = 4",
                "UPDATE readings SET id = 4 WHERE id = 99",
            ],
            "readings: row 3 was changed",
        ),
        (["UPDATE views SET person = 'x' WHERE id = 2"], "views: row 2 was changed"),
        (["DELETE FROM views WHERE id = 1"], "views: row 1 was removed"),
        (
            ["INSERT INTO views (id, reading_id, person, at) VALUES (9, 1, 'x', 'y')"],
            "views: row 9 was added",
        ),
        (["UPDATE decisions SET note = 'x' WHERE id = 1"], "decisions: row 1 was changed"),
        (["DELETE FROM decisions WHERE id = 2"], "decisions: row 2 was removed"),
        (
            [
                "INSERT INTO decisions (id, reading_id, revision, person, at, conclusion, abnormality, blinded, note) "
                "VALUES (9, 3, 1, 'x', 'y', 'NORMAL', '', false, '')"
            ],
            "decisions: row 9 was added",
        ),
        (
            [
                "INSERT INTO readings (id, recorded_at, source, content_sha256, bundle_digest, status, body) "
                "VALUES (9, 'y', 'x', 'x', 'x', 'read', 'x')"
            ],
            "readings: row 9 was added",
        ),
    ],
)
def test_tampering_shows(archive: Engine, attack: list[str], fault: str) -> None:
    _fill(archive)
    sound = verify(archive)
    assert not sound.faults and sound.checkpoint.count == 8
    _attack(archive, *attack)
    assert fault in "\n".join(verify(archive, Checkpoint.parse(str(sound.checkpoint))).faults)


def test_two_writers_leave_a_sound_chain(archive: Engine, url: str) -> None:
    second = open_archive(url)

    def write(engine: Engine, who: str) -> None:
        for number in range(10):
            kept = keep(engine, refused(f"{who} {number}"))
            record_view(engine, kept, person=who)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(write, archive, "ana"), pool.submit(write, second, "bo")]:
            job.result(timeout=120)
    second.dispose()
    verdict = verify(archive)
    assert not verdict.faults and verdict.checkpoint.count == 40


def test_the_command_tells_by_its_status(
    archive: Engine, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _fill(archive)
    checkpoint = str(verify(archive).checkpoint)
    assert checkpoint in call_neumo(capsys, "audit", "verify", "--database", url, "--checkpoint", checkpoint)
    _attack(archive, "UPDATE decisions SET note = 'x' WHERE id = 1")
    assert "decisions: row 1" in call_neumo(capsys, "audit", "verify", "--database", url, status=1)


_CELLS = ["X'00FF'", "NULL", "-1", "1.5", "'x'", "9223372036854775807", "1e308", "'\"'", "X''"]


@pytest.mark.parametrize("cell", _CELLS)
def test_the_row_is_named_whatever_type_a_cell_has(cell: str, tmp_path: Path) -> None:
    """SQLite stores any type in any column; a verification that ends in an error names nothing."""
    archive = open_archive(str(tmp_path / "a.db"))
    _fill(archive)
    _attack(archive)
    with archive.connect() as connection:
        columns = [
            (table, row.name, row.notnull)
            for table in TABLES
            for row in connection.execute(text(f"PRAGMA table_info({table})"))
            if not row.pk
        ]
    for table, column, required in columns:
        if cell == "NULL" and required:
            continue
        number = "sequence" if table == "audit_log" else "id"
        with archive.connect() as connection:
            transaction = connection.begin()
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            before = connection.exec_driver_sql(f"SELECT {column} FROM {table} WHERE {number} = 2").scalar()
            try:
                connection.exec_driver_sql(f"UPDATE {table} SET {column} = {cell} WHERE {number} = 2")
                after = connection.exec_driver_sql(
                    f"SELECT {column} FROM {table} WHERE {number} = 2"
                ).scalar()
                transaction.commit()
            except DBAPIError:
                transaction.rollback()  # the table itself refuses it
                continue
        faults = verify(archive).faults
        assert any("row 2" in fault for fault in faults) or before == after, (table, column, faults)
        with archive.begin() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = ? WHERE {number} = 2", (before,))
        assert not verify(archive).faults
    archive.dispose()
