from tests.support.archive_databases import archive, postgresql, url

__all__ = ["archive", "postgresql", "url"]
