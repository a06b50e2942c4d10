"""Files of readings as a reader process leaves them: written, but under a temporary name."""

from pathlib import Path

from neumo.core.reading import Reading, Status
from neumo.records.reading_file import SUFFIX, ReadingFile, write_reading_file
from neumo.web.readings.file_sync import FinishedFile


def finished_file(folder: Path, name: str) -> tuple[FinishedFile, ReadingFile]:
    """Write the file of a refused reading of one letter below `folder`."""
    reading = Reading(f"{name}.png", name * 64, Status.REFUSED)
    target = folder / "kept" / (name * 2) / f"{name}{SUFFIX}"
    temporary, facts = write_reading_file(target, reading)
    return FinishedFile(temporary, target), facts
