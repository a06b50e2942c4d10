"""SQLite databases of the people of a server, readable by its owner alone."""

from pathlib import Path

from sqlalchemy import Engine

from neumo.core.errors import OutputError
from neumo.core.files import make_private
from neumo.records.database import connect


def open_private_database(file: Path) -> Engine:
    """Open a SQLite database (0600) in a private folder (0700); create both where they are missing.

    Raises
    ------
    OutputError
        They cannot be created.
    """
    try:
        make_private(file.parent)
        file.touch(mode=0o600)
    except OSError as error:
        raise OutputError(
            "{file}: cannot be made ({reason}); choose another data folder",
            file=file,
            reason=error.strerror or error,
        ) from error
    return connect(f"sqlite:///{file}")
