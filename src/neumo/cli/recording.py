"""`neumo read --archive`: readings on record as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from neumo.core.reading import Reading


@contextmanager
def recording(url: str | None) -> "Iterator[Callable[[Reading], None] | None]":
    """Yield what records a reading, under the name of the user who runs the command; None without a URL.

    Raises
    ------
    MissingExtraError
    ArchiveError, ArchiveUnavailableError
        Before the first file is read where the archive cannot be used at all.
    """
    if url is None:
        yield None
        return
    from neumo.cli.show import require_archive_extra

    require_archive_extra("neumo read --archive")
    import getpass

    from neumo.archive.store import open_archive, record

    try:
        actor = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        actor = "unknown"
    engine = open_archive(url)

    def add(reading: "Reading") -> None:
        record(engine, reading, source="neumo read", actor=actor)

    try:
        yield add
    finally:
        engine.dispose()
