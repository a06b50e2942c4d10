"""Readings of a node on record: once in effect whatever is killed, later where the database is away, and nameless."""

import json
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, select, text
from tests.support.archive_databases import administer, new_name
from tests.support.node_peers import archive, destination, send
from tests.support.node_running import node, program
from tests.support.node_samples import radiograph
from tests.support.waiting import wait_until

from neumo.core.errors import ArchiveError, ConfigError, KeyFileError
from neumo.core.keys import load_key
from neumo.records.audit_log import verify
from neumo.records.database import connect, reading_session
from neumo.records.schema import ReadingRow, SubjectRow
from neumo.records.subjects import patient_hash, subject_of

pytestmark = pytest.mark.timeout(240)


def on_record(engine: Engine) -> list[tuple[str, str]]:
    """Subject and file of every reading; nothing where there are no tables yet."""
    try:
        with reading_session(engine) as session:
            query = select(SubjectRow.keyed_hash, ReadingRow.body).join(
                ReadingRow, ReadingRow.subject_id == SubjectRow.id
            )
            return [(subject, json.loads(body)["file"]) for subject, body in session.execute(query)]
    except OSError:
        return []


def hashes(settings: dict[str, Any], *sent: Any) -> list[str]:
    key = load_key(Path(settings["data"]) / "archive.key")
    return sorted(subject_of(key, sop_instance_uid=d.SOPInstanceUID).keyed_hash for d in sent)


def sending_to(port: int) -> dict[str, Any]:
    return {"send": {"quiet": 0, "retry": {"first": 0.1, "longest": 0.5}, "to": [destination(port)]}}


def test_each_reading_is_recorded_once_whatever_is_killed(
    settings: dict[str, Any], tmp_path: Path, url: str
) -> None:
    settings["archive"] = {"url": url, "source": "xray"}
    rng, sent = random.Random(7), []
    for _ in range(4):
        with program(settings, tmp_path) as at_work:
            port = at_work.port
            for _ in range(rng.randint(1, 3)):
                sent.append(radiograph())
                assert send(port, sent[-1]) == [0]
            time.sleep(rng.random() * 0.5)
            at_work.kill()
    # As if a node was killed between the archive's commit and its own note of it.
    queue = sqlite3.connect(Path(settings["data"]) / "queue.sqlite3")
    with queue:
        queue.execute("UPDATE deliveries SET state = 'waiting' WHERE destination = '@archive'")
    queue.close()
    engine = connect(url)
    with program(settings, tmp_path) as at_work:
        port = at_work.health_port
        recorded = f"neumo_readings_recorded_total {len(sent)}.0"
        wait_until(
            lambda: recorded in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text,
            what=at_work.raw,
        )
    try:
        assert sorted(subject for subject, _ in on_record(engine)) == hashes(settings, *sent)
        assert not verify(engine).faults
        with engine.connect() as connection:
            assert set(connection.execute(text("SELECT source FROM readings")).scalars()) == {"xray"}
    finally:
        engine.dispose()


def test_nothing_is_lost_while_the_database_is_away_and_the_queue_goes_on(
    settings: dict[str, Any], tmp_path: Path, postgresql: str
) -> None:
    name = new_name()
    url = f"postgresql://postgres@/{name}?host={postgresql}"
    settings["archive"] = {"url": url}
    engine = connect(url)
    sent = [radiograph() for _ in range(3)]
    try:
        with archive() as pacs, program(settings | sending_to(pacs.port), tmp_path) as at_work:
            assert send(at_work.port, sent[0]) == [0]
            wait_until(lambda: len(pacs.got) == 1, what=at_work.raw)
            wait_until(lambda: at_work.events("recorder_waits"), what=at_work.raw)
            administer(postgresql, f"CREATE DATABASE {name}")
            wait_until(lambda: len(on_record(engine)) == 1, what=at_work.raw)
            administer(
                postgresql,
                f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )
            waited = len(at_work.events("recorder_waits"))
            assert send(at_work.port, *sent[1:]) == [0, 0]
            wait_until(lambda: len(pacs.got) == 3, what=at_work.raw)
            wait_until(lambda: len(at_work.events("recorder_waits")) > waited, what=at_work.raw)
            administer(postgresql, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            wait_until(lambda: len(on_record(engine)) == 3, what=at_work.raw)
        assert sorted(subject for subject, _ in on_record(engine)) == hashes(settings, *sent)
        assert not verify(engine).faults
    finally:
        engine.dispose()


def test_no_identifier_reaches_the_archive_or_the_log(settings: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "readings.db"
    settings["archive"] = {"url": f"sqlite:///{file}", "patients": "hashed"}
    sent = radiograph(PatientID="MRN-8831")
    with program(settings, tmp_path) as at_work:
        assert send(at_work.port, sent) == [0]
        wait_until(lambda: at_work.events("recorded"), what=at_work.raw)
    key_file = Path(settings["data"]) / "archive.key"
    assert key_file.stat().st_mode & 0o777 == 0o600 and file.stat().st_mode & 0o777 == 0o600
    assert not (Path(settings["data"]) / "kept").exists(), "a radiograph's header names the patient"
    kept = b"".join(part.read_bytes() for part in tmp_path.glob("readings.db*"))
    said = "".join(at_work.raw).encode()
    for secret in ("MRN-8831", "Doe", sent.SOPInstanceUID, sent.StudyInstanceUID, sent.SeriesInstanceUID):
        assert secret.encode() not in kept and secret.encode() not in said
    engine = connect(str(file), existing=True)
    with reading_session(engine) as session:
        (subject,) = session.scalars(select(SubjectRow))
        assert subject.patient_hash == patient_hash(load_key(key_file), " MRN-8831 ")
        assert subject.study_hash and subject.series_hash
    engine.dispose()


def test_a_reading_that_cannot_be_recorded_holds_up_no_other(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    sent = [radiograph() for _ in range(2)]
    with node(settings) as at_work:
        assert send(at_work.port, sent[0]) == [0]
        wait_until(lambda: at_work.shared.queue.counts()["read"] == 1)
    queue = sqlite3.connect(Path(settings["data"]) / "queue.sqlite3")
    with queue:
        queue.execute("INSERT INTO deliveries (object_id, destination) VALUES (1, '@archive')")
    queue.close()
    (spoilt,) = (Path(settings["data"]) / "results").glob("*/*/reading.json")
    spoilt.write_text("{}")
    engine = connect(url)
    with node(settings | {"archive": {"url": url}}) as at_work:
        assert send(at_work.port, sent[1]) == [0]
        wait_until(lambda: len(on_record(engine)) == 1)
        wait_until(lambda: at_work.shared.outbox.counts().get(("@archive", "set_aside")) == 1)
    engine.dispose()


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"url": "mysql://h/n"}, ArchiveError, "sqlite:///FILE"),
        ({"patients": "shown"}, ConfigError, "archive.patients"),
        ({"url": "a.db", "key": "short"}, KeyFileError, "shorter"),
        ({"url": "a.db", "key": "open"}, KeyFileError, "chmod 600"),
    ],
)
def test_settings_that_cannot_work_are_told_at_the_start(
    settings: dict[str, Any], tmp_path: Path, given: dict[str, str], error: type[Exception], message: str
) -> None:
    (tmp_path / "short").write_bytes(b"x")
    (tmp_path / "short").chmod(0o600)
    (tmp_path / "open").write_bytes(b"x" * 32)
    (tmp_path / "open").chmod(0o644)
    given = {name: str(tmp_path / value) if name == "key" else value for name, value in given.items()}
    with pytest.raises(error, match=message), node(settings | {"archive": given}):
        pass
