"""Retention of reading files: deletes those whose time is over, and those of readings that were purged."""

from sqlalchemy import Engine, select

from neumo.core.clock import ClockWatch
from neumo.records.audit_log import newest_entry
from neumo.records.database import reading_session
from neumo.records.reading_file import ReadingFiles
from neumo.records.schema import PurgedFileRow


class FileRetention:
    """Deletes reading files of one folder; to be called again and again, by one thread at a time.

    None is deleted for its age once the clock was set, nor on the first day where the newest entry of the archive makes
    the clock doubtful: ages are not to be believed then.

    Parameters
    ----------
    archive : Engine
        Where readings are purged, by whatever program on whatever machine.
    files : ReadingFiles
    days : float or None
        After which a file is deleted; None keeps it until its reading is purged.
    """

    def __init__(self, archive: Engine, files: ReadingFiles, days: float | None) -> None:
        self._archive, self._files, self._days = archive, files, days
        self._clock: ClockWatch | None = None
        self._seen = 0
        """Number of the last purged reading whose file was looked for."""

    def run(self) -> int:
        """Delete what is due and return how many files. Raises OSError and ArchiveUnavailableError."""
        if self._clock is None:
            with reading_session(self._archive) as session:
                self._clock = ClockWatch(newest_entry(session))
        days = self._days if self._clock.believed() else None
        return self._files.delete_expired(days) + self._delete_purged()

    def _delete_purged(self) -> int:
        with reading_session(self._archive) as session:
            query = select(PurgedFileRow.id, PurgedFileRow.name).where(PurgedFileRow.id > self._seen)
            rows = session.execute(query.order_by(PurgedFileRow.id)).all()
        deleted = 0
        for number, name in rows:
            named = self._files.named(name)
            for file in named.parent.glob(f"{name}.*"):  # what lies beside it, too
                file.unlink(missing_ok=True)
                deleted += file == named
            self._seen = number
        return deleted
