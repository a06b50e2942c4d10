"""Unpacks untrusted zip archives: no path traversal, no links, no decompression bombs."""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from neumo.core.errors import DownloadError, NeumoError, UnsafeArchiveError
from neumo.core.folders import is_litter_path
from neumo.core.message import Message
from neumo.core.zip_archive import UnpackLimits, ZipMembers, open_zip, special_kind
from neumo.datasets.folders import filling


@dataclass(frozen=True)
class _Member:
    info: zipfile.ZipInfo
    path: PurePosixPath


def unpack_zip(archive: Path, target: Path, limits: UnpackLimits | None = None) -> int:
    """Unpack a zip archive into a new folder, all of it or nothing.

    Names are checked before anything is written. Sizes are counted while unpacking, because the sizes that
    an archive declares can lie. The files' checksums (CRC-32) are verified. What operating systems leave
    in folders (`neumo.core.folders`: __MACOSX, .DS_Store, Thumbs.db and the like) is left out.

    Parameters
    ----------
    archive : Path
        The zip file.
    target : Path
        Folder to make; it must not exist or be empty.
    limits : UnpackLimits, optional

    Returns
    -------
    int
        Number of files unpacked.

    Raises
    ------
    UnsafeArchiveError
        A member is absolute, climbs out with "..", names a drive, is a link or device, occurs twice, or the
        archive exceeds `limits`.
    DownloadError
        The file is missing, is no zip archive, or is damaged, encrypted or packed in an unknown way.
    DatasetError
        `target` is not empty.
    OutputError
        The folder cannot be written, or the disk is full; nothing is left.
    """
    chosen = limits or UnpackLimits()
    try:
        with archive.open("rb") as stream, open_zip(str(archive), stream, chosen) as opened:
            packed = ZipMembers(str(archive), opened, archive.stat().st_size, chosen)
            members = _checked(archive, packed)
            with filling(target) as folder:
                _extract(packed, members, folder)
    except NeumoError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError) as error:
        raise DownloadError(
            "{archive}: is not a zip archive or is damaged ({error}); delete it and download it again",
            archive=archive,
            error=error,
        ) from error
    except OSError as error:
        raise DownloadError(
            "{archive}: cannot be read ({reason}); give the path of a zip archive",
            archive=archive,
            reason=error.strerror,
        ) from error
    return len(members)


def _checked(archive: Path, packed: ZipMembers) -> list[_Member]:
    """Files to unpack, after the names of all members were found harmless."""
    files: dict[str, _Member] = {}
    for info in packed.infos:
        path = _safe_path(archive, info)
        if info.is_dir() or is_litter_path(path.parts):
            continue
        packed.require_readable(info)
        key = path.as_posix().casefold()  # file systems that ignore case would write one over the other
        if key in files:
            raise UnsafeArchiveError(
                "{archive}: member {filename!r} occurs twice; do not use it",
                archive=archive,
                filename=info.filename,
            )
        files[key] = _Member(info, path)
    for member in files.values():
        for parent in member.path.parents:
            if parent.as_posix().casefold() in files:
                raise UnsafeArchiveError(
                    "{archive}: member {filename!r} lies in {parent!r}, which is a file; do not use it",
                    archive=archive,
                    filename=member.info.filename,
                    parent=parent.as_posix(),
                )
    return list(files.values())


def _safe_path(archive: Path, info: zipfile.ZipInfo) -> PurePosixPath:
    name = info.filename
    fault = _fault_of_name(name) or special_kind(info)
    if fault:
        raise UnsafeArchiveError(
            "{archive}: member {name!r} {fault}; do not use this archive",
            archive=archive,
            name=name,
            fault=fault,
        )
    return PurePosixPath(name)


def _fault_of_name(name: str) -> str:
    parts = name.replace("\\", "/").split("/")
    if not name.strip("/.") or name.startswith(("/", "\\")):
        return Message("is an absolute or empty path")
    if ".." in parts:
        return Message("climbs out of the target folder")
    if "\\" in name or ":" in name:
        return Message("names a drive or uses backslashes")
    if any(ord(character) < 32 for character in name):
        return Message("holds control characters")
    return ""


def _extract(packed: ZipMembers, members: list[_Member], folder: Path) -> None:
    for member in members:
        file = folder / member.path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as stream:
            for part in packed.parts(member.info):
                stream.write(part)
