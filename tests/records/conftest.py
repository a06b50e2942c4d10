from tests.support.archive_databases import (
    archive,
    postgresql,
    postgresql_with_tables,
    sqlite_with_tables,
    url,
)

__all__ = ["archive", "postgresql", "postgresql_with_tables", "sqlite_with_tables", "url"]
