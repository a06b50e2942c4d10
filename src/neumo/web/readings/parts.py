"""Parts of a job: an uploaded file, an archive of many, or what is known not to be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from neumo.imaging.image_files import Skip, skip_of
from neumo.web.config import Limits
from neumo.web.readings.archives import Archive, ArchiveRefused, open_archive
from neumo.web.readings.own_faults import problem_of
from neumo.web.readings.space import SpaceReserve
from neumo.web.readings.uploaded_file import Upload, is_zip


@dataclass(frozen=True, slots=True)
class Part:
    """An uploaded file, and what became of it before anything is read.

    Attributes
    ----------
    upload : Upload
    archive : Archive or None
        Where it is a zip archive.
    skip : Skip or None
        Why it is not read.
    refused : str
        The code for which it fails before it is read; else empty.
    """

    upload: Upload
    archive: Archive | None = None
    skip: Skip | None = None
    refused: str = ""

    def places(self, readers: int) -> int:
        """Return how many places in the queue it needs, where so many readers work."""
        if self.archive is None:
            return 1
        return max(1, min(len(self.archive.members), readers + 1))

    def discard(self) -> None:
        """Delete what was uploaded."""
        if self.archive is not None:
            self.archive.close()
        self.upload.discard()


def is_quick(uploads: Sequence[Upload]) -> bool:
    """Whether `parts_of` opens no file, so that a thread would cost more than it saves."""
    return not any(is_zip(upload.head) for upload in uploads)


def parts_of(uploads: Sequence[Upload], limits: Limits, space: SpaceReserve) -> list[Part]:
    """Open the archives among uploads, and look at what came from folders.

    Raises
    ------
    Problem
        This server is at fault; all uploads are deleted.
    """
    parts = list[Part]()
    try:
        for upload in uploads:
            parts.append(_part(upload, limits, space, alone=len(uploads) == 1))
    except BaseException as error:
        for part in parts:
            part.discard()
        for upload in uploads:
            upload.discard()
        own = problem_of(error)
        if own is None:
            raise
        raise own from error
    return parts


def _part(upload: Upload, limits: Limits, space: SpaceReserve, *, alone: bool) -> Part:
    if is_zip(upload.head):
        try:
            return Part(upload, open_archive(upload, limits, space))
        except ArchiveRefused as refused:
            return Part(upload, refused=refused.code)
    skip = skip_of(upload.name, upload.head)
    if upload.in_folder or (skip is Skip.DICOMDIR and not alone):
        return Part(upload, skip=skip)
    return Part(upload, refused="dicomdir_alone" if skip is Skip.DICOMDIR else "")
