"""Uploaded zip archives: their members become uploads one by one, as readers come to them."""

import struct
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from neumo.core.errors import DownloadError, UnsafeArchiveError
from neumo.core.faults import own_fault
from neumo.core.folders import is_litter_path
from neumo.core.zip_archive import UnpackLimits, ZipMembers, is_encrypted, open_zip, special_kind
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.imaging.image_files import Skip, skip_of
from neumo.web.config import Limits
from neumo.web.readings.space import Reservation, SpaceReserve
from neumo.web.readings.uploaded_file import Upload, UploadedFile, clean_name, is_zip

_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError)


class ArchiveRefused(Exception):
    """An archive, or a member of one, that is not unpacked.

    Parameters
    ----------
    code : str
        Stable; its sentences are the messages of errors.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive.

    Attributes
    ----------
    info : ZipInfo
    name : str
        Without folders and control characters.
    skip : Skip or None
        Why it is not read.
    refused : str
        The code for which it fails before it is read; else empty.
    """

    info: zipfile.ZipInfo
    name: str
    skip: Skip | None = None
    refused: str = ""


@dataclass(frozen=True)
class Archive:
    """An archive whose members wait; `close` deletes it.

    Attributes
    ----------
    upload : Upload
    members : tuple of Member
    """

    upload: Upload
    members: tuple[Member, ...]
    _opened: zipfile.ZipFile = field(repr=False)
    _packed: ZipMembers = field(repr=False)
    _limits: Limits = field(repr=False)
    _space: SpaceReserve = field(repr=False)

    def unpack(self, member: Member) -> Upload:
        """Unpack a member to a private file, in space that is reserved for it.

        Raises
        ------
        ArchiveRefused
        Problem
            The disk is too full for it.
        OSError
            The disk fails.
        """
        with self._space.reserved(min(member.info.file_size, self._limits.file_bytes)) as reservation:
            return self._unpack(member, reservation)

    def _unpack(self, member: Member, reservation: Reservation) -> Upload:
        file = UploadedFile(self.upload.path.parent, member.name, self._limits)
        try:
            with closing(self._packed.parts(member.info)) as parts:
                for part in parts:
                    reservation.use(len(part))
                    file.write(part)
            return file.finish()
        except BaseException as error:
            file.discard()
            refused = _refusal(error)
            if refused is None:
                raise
            raise refused from error

    def close(self) -> None:
        """Close and delete the archive."""
        stream = self._opened.fp
        self._opened.close()
        if stream is not None:  # which was given to it, and is therefore left open by it
            stream.close()
        self.upload.discard()


def open_archive(upload: Upload, limits: Limits, space: SpaceReserve) -> Archive:
    """Open an uploaded archive and look at its members' names and first bytes.

    Raises
    ------
    ArchiveRefused
        It is encrypted, damaged, too large when unpacked, or looks like a bomb. The upload is still there.
    OSError, MemoryError
        This server is at fault.
    """
    unpacked = UnpackLimits(limits.archive_files, limits.file_bytes, limits.archive_bytes)
    stream = upload.path.open("rb")
    try:
        opened = open_zip(upload.name, stream, unpacked)
        packed = ZipMembers(upload.name, opened, upload.path.stat().st_size, unpacked)
        files = [info for info in packed.infos if not info.is_dir()]
        if files and all(is_encrypted(info) for info in files):
            raise ArchiveRefused("encrypted_archive")
        members = tuple(_member(packed, info) for info in files)
        return Archive(upload, members, opened, packed, limits, space)
    except BaseException as error:
        stream.close()
        refused = _refusal(error)
        if refused is None:
            raise
        raise refused from error


def _member(packed: ZipMembers, info: zipfile.ZipInfo) -> Member:
    *folders, last = info.filename.replace("\\", "/").split("/")
    name = clean_name(last)
    if is_litter_path((*folders, name)):
        return Member(info, name, Skip.LITTER)
    if special_kind(info) is not None:
        return Member(info, name, Skip.SPECIAL)
    if is_encrypted(info):
        return Member(info, name, refused="encrypted_archive")
    try:
        packed.require_readable(info)
        head = packed.head(info, HEAD_BYTES)
    except (DownloadError, *_DAMAGED) as error:
        if own_fault(error) is not None:
            raise
        return Member(info, name, refused="damaged_archive")
    if is_zip(head):
        return Member(info, name, refused="nested_archive")
    return Member(info, name, skip_of(name, head))


def _refusal(error: BaseException) -> ArchiveRefused | None:
    """Return why an archive is refused; None where it is not its fault."""
    match error:
        case _ if own_fault(error) is not None:
            return None
        case ArchiveRefused():
            return error
        case UnsafeArchiveError():
            return ArchiveRefused("unsafe_archive")
        case DownloadError():
            return ArchiveRefused("damaged_archive")
        case _ if isinstance(error, _DAMAGED):
            return ArchiveRefused("damaged_archive")
    return None
