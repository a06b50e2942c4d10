import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from neumo.core.errors import ArchiveError
from neumo.records.database import connect, migrate, require_tables
from neumo.records.schema import Base


def test_migrations_match_the_models(archive: Engine) -> None:
    with archive.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


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
