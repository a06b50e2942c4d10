"""`neumo read --archive`: records readings as they are made."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neumo.core.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from neumo.core.reading import Reading
    from neumo.records.subjects import Subject

    Values = Callable[[Reading], tuple[dict[str, Any], Subject | None]]


@contextmanager
def recording(url: str | None, key: Path | None) -> "Iterator[Callable[[Reading], None] | None]":
    """Yield what records a reading, under the name of the user who runs the command; None without a URL.

    With a key's file, readings of DICOM files are recorded with hashes of their identifiers, and none with its path.

    Raises
    ------
    ConfigError
        A key is given and no archive.
    MissingExtraError
    ArchiveError, ArchiveUnavailableError
        Before the first file is read where the archive cannot be used at all.
    """
    if url is None and key is not None:
        raise ConfigError("--archive-key: goes with --archive URL")
    if url is None:
        yield None
        return
    from neumo.cli.show import require_extra

    require_extra("archive", "neumo read --archive")
    from neumo.records.database import open_archive

    actor = user_name()
    values_of = _with_path if key is None else _without_path(key)
    engine = open_archive(url)
    try:
        yield partial(_record, engine, actor, values_of)
    finally:
        engine.dispose()


def user_name() -> str:
    """Return the name of the user who runs the command; "unknown" for one without a name, as in containers."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _record(engine: "Engine", actor: str, values_of: "Values", reading: "Reading") -> None:
    from neumo.records.store import record

    values, subject = values_of(reading)
    record(engine, values, source="neumo read", actor=actor, subject=subject)


def _with_path(reading: "Reading") -> "tuple[dict[str, Any], Subject | None]":
    return reading.to_json(), None


def _without_path(key_file: Path) -> "Values":
    """Return a function to a reading's plain form without its file's path. Raises KeyFileError for an unusable key."""
    from neumo.core.keys import load_key
    from neumo.records.canonical import storable
    from neumo.records.headers import nameless, subject_in
    from neumo.records.subjects import subject_of

    key = load_key(key_file)

    def of(reading: "Reading") -> "tuple[dict[str, Any], Subject | None]":
        subject = subject_in(reading.header, key)
        known = subject or subject_of(key, sop_instance_uid=storable(reading.file))
        return nameless(reading.to_json(), known, reading.file, Path(reading.file).name), subject

    return of
