"""Unpacks members of untrusted zip archives within limits: what an archive declares of itself may be a lie."""

import stat
import struct
import threading
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from typing import IO, Final

from neumo.core.errors import DownloadError, UnsafeArchiveError
from neumo.core.message import Message

_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END_SIZE: Final = 22
_MAX_COMMENT: Final = 2**16
_DIRECTORY_BYTES_A_MEMBER: Final = 512
"""Bytes of the central directory for each member, on average; it is parsed into objects of many times its size."""


@dataclass(frozen=True)
class UnpackLimits:
    """The most that an archive may unpack to.

    Attributes
    ----------
    members : int
        Number of members, folders included.
    member_bytes : int
        Size of one file, unpacked.
    total_bytes : int
        Size of all files, unpacked.
    ratio : float
        Unpacked to packed bytes, of one file of more than 1 MiB and of the whole (deflate reaches 1,032;
        JPEG files stay near 1).
    """

    members: int = 50_000
    member_bytes: int = 256 * 2**20
    total_bytes: int = 8 * 2**30
    ratio: float = 100.0


def open_zip(name: str, stream: IO[bytes], limits: UnpackLimits) -> zipfile.ZipFile:
    """Open an archive whose directory is no larger than its limits allow.

    Raises
    ------
    UnsafeArchiveError
        Its directory is larger.
    zipfile.BadZipFile
        It is none, or damaged.
    """
    declared, most = _directory_bytes(stream), limits.members * _DIRECTORY_BYTES_A_MEMBER
    if declared > most:
        raise UnsafeArchiveError(
            "{name}: its directory has {declared:,} bytes, the limit is {most:,}; do not use it",
            name=name,
            declared=declared,
            most=most,
        )
    return zipfile.ZipFile(stream)


def _directory_bytes(stream: IO[bytes]) -> int:
    """Return the size of the central directory as the archive's end states it (APPNOTE.TXT 4.3.14 to 16)."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _END_SIZE - _MAX_COMMENT))
    tail = stream.read()
    bare = tail[-_END_SIZE:].startswith(b"PK\5\6") and tail.endswith(b"\0\0")
    at = len(tail) - _END_SIZE if bare else tail.rfind(b"PK\5\6")
    if at < 0 or at + _END_SIZE > len(tail):
        raise zipfile.BadZipFile("File is not a zip file")
    declared: int = struct.unpack_from("<L", tail, at + 12)[0]
    locator = tail[max(0, at - 20) : at]
    if locator.startswith(b"PK\6\7"):
        stream.seek(min(struct.unpack_from("<Q", locator, 8)[0], size))
        record = stream.read(56)
        if record.startswith(b"PK\6\6") and len(record) == 56:
            declared = max(0 if declared == 0xFFFFFFFF else declared, struct.unpack_from("<Q", record, 40)[0])
    return declared


class ZipMembers:
    """The members of an open zip archive, unpacked in parts; sizes are counted over all that were unpacked whole.

    Parameters
    ----------
    name : str
        What messages call the archive.
    opened : ZipFile
    packed : int
        Size of the archive in bytes.
    limits : UnpackLimits

    Raises
    ------
    UnsafeArchiveError
        There are too many members.
    """

    def __init__(self, name: str, opened: zipfile.ZipFile, packed: int, limits: UnpackLimits) -> None:
        self._name, self._opened, self._packed, self._limits = name, opened, packed, limits
        self._total, self._lock = 0, threading.Lock()
        self.infos = opened.infolist()
        if len(self.infos) > limits.members:
            raise UnsafeArchiveError(
                "{name}: has {members:,} members, the limit is {most:,}; do not use it",
                name=name,
                members=len(self.infos),
                most=limits.members,
            )

    def require_readable(self, info: zipfile.ZipInfo) -> None:
        """Raise DownloadError where a member is encrypted or packed in an unknown way."""
        if is_encrypted(info) or info.compress_type not in _METHODS:
            raise DownloadError(
                "{name}: member {filename!r} is encrypted or packed in an unknown way; unpack it "
                "with another tool",
                name=self._name,
                filename=info.filename,
            )

    def head(self, info: zipfile.ZipInfo, size: int) -> bytes:
        """Return the first `size` bytes of a member, or all of it. Raises as `parts`."""
        with self._opened.open(info) as source:
            return source.read(size)

    def parts(self, info: zipfile.ZipInfo) -> Generator[bytes, None, None]:
        """Yield a member's content in parts.

        Raises
        ------
        UnsafeArchiveError
            It, or all that was unpacked so far, exceeds the limits.
        zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError
            It is damaged; its checksum (CRC-32) was compared.
        """
        written, whole = 0, False
        try:
            with self._opened.open(info) as source:
                while part := source.read(_CHUNK):
                    written += len(part)
                    self._count(len(part))
                    ratio = self._limits.ratio
                    self._require(info, written, self._limits.member_bytes, ratio * info.compress_size)
                    self._require(info, self._total, self._limits.total_bytes, ratio * self._packed)
                    yield part
            whole = True
        finally:
            if not whole:  # as where the disk is full: it may be unpacked once more
                self._count(-written)

    def _count(self, size: int) -> None:
        with self._lock:
            self._total += size

    def _require(self, info: zipfile.ZipInfo, written: int, most: int, expected: float) -> None:
        if written > most:
            raise UnsafeArchiveError(
                "{name}: unpacks to more than {most:,} bytes (at member {filename!r}); do not use "
                "this archive",
                name=self._name,
                most=most,
                filename=info.filename,
            )
        if written > max(_CHUNK, expected):
            raise UnsafeArchiveError(
                "{name}: member {filename!r} swells more than a radiograph can when unpacked; it "
                "looks like a decompression bomb, do not use this archive",
                name=self._name,
                filename=info.filename,
            )


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a member needs a password."""
    return bool(info.flag_bits & _ENCRYPTED)


def special_kind(info: zipfile.ZipInfo) -> Message | None:
    """Return the kind of a member that is neither file nor folder, such as "link"; None for those."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind in (0, stat.S_IFREG, stat.S_IFDIR):
        return None
    return (
        Message("is a symbolic link")
        if kind == stat.S_IFLNK
        else Message("is a device or another special file")
    )
