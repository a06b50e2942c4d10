import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from tests.support.commands import call_neumo

from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status
from neumo.records.audit_log import Checkpoint, verify
from neumo.records.database import connect, open_archive
from neumo.records.decisions import record_decision, record_view
from neumo.records.store import record
from neumo.records.stored_reading import stored_reading

TABLES = ("readings", "views", "decisions", "audit_log")


def _reading(name: str = "a.png") -> Reading:
    return Reading(name, hashlib.sha256(name.encode()).hexdigest(), Status.REFUSED)


def _keep(archive: Engine, reading: Reading) -> int:
    return record(archive, reading, source="t", actor="t")


def _fill(archive: Engine) -> None:
    """Keep readings 1 to 4, of which 1 and 2 are looked at and decided."""
    for name in "abcd":
        _keep(archive, _reading(name))
    for number in (1, 2):
        record_view(archive, number, person="ana")
        record_decision(archive, number, person="ana", finding=Finding.NORMAL)


def _attack(archive: Engine, *statements: str) -> None:
    """Do as somebody who owns the database can: past the triggers."""
    with archive.begin() as connection:
        for table in TABLES:
            if archive.dialect.name == "sqlite":
                connection.execute(text(f"DROP TRIGGER {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
            else:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


def test_the_same_bytes_bundle_and_options_are_kept_once_wherever_the_file_lies(archive: Engine) -> None:
    reading = replace(_reading(), receipt={"bundle": {"digest": "b"}, "options": {"coverage": "0.9"}})
    assert _keep(archive, reading) == _keep(archive, replace(reading, file="elsewhere/b.png"))
    others = [
        replace(reading, receipt={"bundle": {"digest": "c"}, "options": {"coverage": "0.9"}}),
        replace(reading, receipt={"bundle": {"digest": "b"}, "options": {"coverage": "0.95"}}),
        _reading("other bytes"),
    ]
    assert len({_keep(archive, other) for other in others} | {_keep(archive, reading)}) == 4
    assert verify(archive).checkpoint.count == 4


def test_decisions_are_all_kept_and_a_stale_one_is_refused(archive: Engine) -> None:
    number = _keep(archive, _reading())
    record_view(archive, number, person="ana")
    assert record_decision(archive, number, person="ana", finding=Finding.NORMAL, seen_revision=0) == 1
    with pytest.raises(ArchiveError, match="meanwhile"):
        record_decision(archive, number, person="bo", finding=Finding.NORMAL, seen_revision=0)
    assert record_decision(archive, number, person="bo", finding=Finding.NORMAL) == 2


def test_names_that_no_database_keeps_are_escaped(archive: Engine) -> None:
    name = b"w\xffard/\xc3\xad.png".decode("utf-8", "surrogateescape")
    number = _keep(archive, Reading(name, "0" * 64, Status.REFUSED))
    record_decision(archive, number, person="a\0b", finding=Finding.NORMAL, note="x\0y")
    found = stored_reading(archive, number)
    assert found.body["file"] == "w\\udcffard/í.png"
    assert (found.decisions[0].person, found.decisions[0].note) == ("a\\x00b", "x\\x00y")
    assert not verify(archive).faults


@pytest.mark.parametrize("person", ["", " ", "x" * 129])
def test_a_person_without_a_usable_name_is_refused(archive: Engine, person: str) -> None:
    number = _keep(archive, _reading())
    with pytest.raises(ArchiveError, match="give 1 to 128 characters"):
        record_view(archive, number, person=person)
    with pytest.raises(ArchiveError, match="give 1 to 128 characters"):
        record_decision(archive, number, person=person, finding=Finding.NORMAL)


@pytest.mark.parametrize("number", [-1, 0, 7, 2**31, 2**70])
def test_a_reading_that_is_not_there_is_named(archive: Engine, number: int) -> None:
    for ask in (
        lambda: stored_reading(archive, number),
        lambda: record_view(archive, number, person="ana"),
        lambda: record_decision(archive, number, person="ana", finding=Finding.NORMAL),
    ):
        with pytest.raises(ArchiveError, match=f"reading {number}: not in this archive"):
            ask()


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
                "INSERT INTO decisions (id, reading_id, revision, person, at, finding, blinded, note) "
                "VALUES (9, 3, 1, 'x', 'y', 'NORMAL', false, '')"
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
            kept = _keep(engine, _reading(f"{who} {number}"))
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


def test_a_mistyped_path_makes_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "typo.db"
    assert "no such file" in call_neumo(capsys, "audit", "verify", "--database", missing, status=2)
    assert not missing.exists()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100])
def test_a_file_that_is_no_archive_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(content)
    assert "not a" in call_neumo(capsys, "audit", "verify", "--database", other, status=2)
    assert other.read_bytes() == content


@pytest.mark.parametrize(
    "wrong",
    ["mysql://h/n", "sqlite+x:///a.db", "postgresql+x://h/n", "postgresql://h:port/n", "sqlite://", "://"],
)
def test_other_databases_are_refused_with_a_remedy(wrong: str) -> None:
    with pytest.raises(ArchiveError, match="give sqlite:///FILE or postgresql://HOST/NAME"):
        connect(wrong)


def test_a_missing_part_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    output = call_neumo(capsys, "audit", "verify", "--database", "a.db", status=2)
    assert "neumo[archive]" in output
