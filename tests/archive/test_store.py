from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from neumo.archive.audit_log import Checkpoint, verify
from neumo.archive.schema import Base
from neumo.archive.store import open_archive, record, record_decision, record_view
from neumo.core.errors import ArchiveError
from neumo.core.findings import Finding
from neumo.core.reading import Reading, Status


@pytest.fixture
def archive(tmp_path: Path):
    engine = open_archive(f"sqlite:///{tmp_path / 'a.db'}")
    yield engine
    engine.dispose()


def _reading(name: str = "a.png") -> Reading:
    return Reading(name, "0" * 64, Status.REFUSED)


def test_migrations_match_the_models(archive):
    with archive.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_reading_is_kept_once(archive):
    assert record(archive, _reading(), source="t", actor="t") == record(
        archive, _reading(), source="t", actor="t"
    )
    assert verify(archive).checkpoint.count == 1


def test_decisions_are_all_kept_and_a_stale_one_is_refused(archive):
    number = record(archive, _reading(), source="t", actor="t")
    record_view(archive, number, person="ana")
    assert record_decision(archive, number, person="ana", finding=Finding.NORMAL, seen_revision=0) == 1
    with pytest.raises(ArchiveError, match="meanwhile"):
        record_decision(archive, number, person="bo", finding=Finding.NORMAL, seen_revision=0)
    assert record_decision(archive, number, person="bo", finding=Finding.NORMAL) == 2


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE audit_log SET actor = 'x' WHERE sequence = 2",
        "DELETE FROM audit_log WHERE sequence = 2",
        "DELETE FROM audit_log WHERE sequence = 4",
    ],
)
def test_tampering_shows(archive, attack):
    for name in "abcd":
        record(archive, _reading(name), source="t", actor="t")
    sound = verify(archive)
    assert not sound.faults
    with archive.begin() as connection:
        connection.execute(text(attack))
    assert verify(archive, Checkpoint.parse(str(sound.checkpoint))).faults
