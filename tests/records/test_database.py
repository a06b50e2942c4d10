import json
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text
from tests.support.commands import call_neumo
from tests.support.stored_readings import refused

from neumo.core.errors import ArchiveError
from neumo.records.database import connect, migrate, open_archive, require_tables
from neumo.records.schema import Base


def test_migrations_match_the_models(archive: Engine) -> None:
    with archive.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_an_archive_of_the_first_tables_is_migrated_with_what_it_holds(url: str) -> None:
    engine = connect(url)
    migrate(engine, to="0001")
    patient = {"age": 4.5, "sex": "f", "name": "Doe^Jane"}
    body = {**refused().to_json(), "patient": patient}
    columns = "recorded_at, source, content_sha256, bundle_digest, status, body"
    listed = "reading_id, recorded_at, source, status, decided, disagreement, path, sha256, patient_key"
    with engine.begin() as connection:
        for number, stored in ((1, json.dumps(body)), (2, "{}")):
            values = f"{number}, 't', 's', 'c{number}', 'b', 'refused', :body"
            connection.execute(
                text(f"INSERT INTO readings (id, {columns}) VALUES ({values})"), {"body": stored}
            )
            row = f"{number}, 't', 's', 'refused', false, false, '', '', ''"
            connection.execute(text(f"INSERT INTO worklist ({listed}) VALUES ({row})"))
    with pytest.raises(ArchiveError, match="revision 0001 is older than this neumo"):
        require_tables(engine)
    migrate(engine)
    require_tables(engine)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT age, sex FROM worklist ORDER BY reading_id")).all()
        assert [tuple(row) for row in found] == [(4.5, "F"), (None, None)]
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(archive: Engine) -> None:
    with archive.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (migrate, require_tables):
        with pytest.raises(ArchiveError, match="9999 is newer than this neumo; install a newer one"):
            use(archive)
    with archive.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_a_database_without_tables_is_no_archive(url: str) -> None:
    engine = connect(url)
    with pytest.raises(ArchiveError, match="not an archive"):
        require_tables(engine)
    migrate(engine)
    require_tables(engine)
    engine.dispose()


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
    [
        "mysql://h/n",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite+x:///a.db",
        "postgresql+x://h/n",
        "postgresql://h:port/n",
        "sqlite://",
        "://",
    ],
)
def test_other_databases_are_refused_with_a_remedy(wrong: str) -> None:
    with pytest.raises(ArchiveError, match="give sqlite:///FILE or postgresql://HOST/NAME"):
        connect(wrong)


def test_a_missing_part_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    output = call_neumo(capsys, "audit", "verify", "--database", "a.db", status=2)
    assert "neumo[archive]" in output


@pytest.mark.parametrize(
    "name", ["a?mode=ro", "50% off.db", "a%20b.db", "no#1.db", "file:a.db", "a b&c=d.db", "ñ.db"]
)
@pytest.mark.parametrize("prefix", ["sqlite:///", ""])
def test_sqlite_opens_the_file_that_was_named(
    name: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, url in ((tmp_path / "by path", f"{tmp_path}/by path/{name}"), (tmp_path / "here", name)):
        folder.mkdir()
        monkeypatch.chdir(folder)
        engine = open_archive(prefix + url)
        require_tables(connect(prefix + url, existing=True))
        engine.dispose()
        left = {path.name.removesuffix("-wal").removesuffix("-shm") for path in folder.iterdir()}
        assert left == {name}
