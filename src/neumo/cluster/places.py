"""Folders and object stores by URL: paths, `file://`, `s3://`, `gs://`, `abfs://`, `hdfs://`, and what fsspec knows."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pyarrow as pa
from pyarrow.fs import (
    AwsStandardS3RetryStrategy,
    FileInfo,
    FileSelector,
    FileSystem,
    FileType,
    FSSpecHandler,
    LocalFileSystem,
    PyFileSystem,
    S3FileSystem,
)

from neumo.core.errors import ConfigError
from neumo.core.files import replacing
from neumo.core.names import printable

_CONNECT_SECONDS, _REQUEST_SECONDS = 10.0, 60.0
_ATTEMPTS: Final = 8
"""Attempts at each request to an S3 server that throttles or fails, with growing pauses."""


@dataclass(frozen=True)
class Place:
    """A folder of a file system or object store.

    Attributes
    ----------
    url : str
        As it was given: an absolute path or a URL, without credentials.
    filesystem : pyarrow.fs.FileSystem
    path : str
        Of the folder, as the file system names it.
    """

    url: str
    filesystem: FileSystem
    path: str

    @property
    def local(self) -> bool:
        """Whether it lies in this machine's own tree of files (or one that is mounted there)."""
        return isinstance(self.filesystem, LocalFileSystem)

    def at(self, name: str) -> str:
        """Return the path of something in it."""
        return f"{self.path.rstrip('/')}/{name}" if name else self.path

    def info(self, name: str = "") -> FileInfo:
        """Return the file information (type, size, time) of a path. Raises OSError."""
        return self.filesystem.get_file_info(self.at(name))

    def size(self, name: str) -> int | None:
        """Return a file's size in bytes, where it is known. Raises FileNotFoundError where there is none; OSError."""
        info = self.info(name)
        if info.type == FileType.NotFound:
            raise FileNotFoundError(name)
        size: int | None = info.size
        return size

    def exists(self, name: str = "") -> bool:
        """Whether there is a file or folder. Raises OSError."""
        return bool(self.info(name).type != FileType.NotFound)

    def entries(self, name: str = "") -> list[FileInfo]:
        """List the entries of a folder, by name; nothing where there is no such folder. Raises OSError."""
        found = self.filesystem.get_file_info(FileSelector(self.at(name), allow_not_found=True))
        return sorted(found, key=lambda info: info.path)

    def read(self, name: str) -> bytes:
        """Return a file's content. Raises OSError."""
        with self.filesystem.open_input_stream(self.at(name)) as stream:
            return bytes(stream.read())

    @contextmanager
    def writing(self, name: str) -> Iterator[pa.NativeFile]:
        """Yield a stream; what was written appears under `name` when the block succeeds, whole, and else never.

        Raises
        ------
        OSError
            Also as OutputError, where a local disk is full.
        """
        if self.local:
            with replacing(Path(self.at(name))) as temporary, pa.OSFile(os.fspath(temporary), "wb") as stream:
                yield stream
            return
        target = self.at(name)
        try:
            stream = self.filesystem.open_output_stream(target)
        except FileNotFoundError:  # unlike object stores, file systems have folders to make
            self.filesystem.create_dir(str(PurePosixPath(target).parent), recursive=True)
            stream = self.filesystem.open_output_stream(target)
        try:
            yield stream
        except BaseException:
            # Closing would publish what there is; an upload in parts that is dropped is never seen.
            with suppress(Exception):
                getattr(stream, "abort", lambda: None)()
            raise
        stream.close()

    def remove(self, name: str) -> None:
        """Remove a file; nothing happens where there is none. Raises OSError."""
        with suppress(FileNotFoundError):
            self.filesystem.delete_file(self.at(name))


def open_place(text: str) -> Place:
    """Return the folder that a path or URL names; it need not be there.

    Parameters
    ----------
    text : str
        Such as "/mnt/archive", "s3://bucket/prefix" or "s3://bucket?endpoint_override=host:9000&scheme=http".
        Credentials come from the environment, or from what the cloud's machines are given.

    Raises
    ------
    ConfigError
        No file system is known for it, or it holds a password.
    """
    if "://" not in text:
        folder = Path(text).absolute()
        return Place(str(folder), LocalFileSystem(), folder.as_posix())
    parts = urlsplit(text)
    if parts.username or parts.password:
        shown = f"{parts.scheme}://{parts.hostname}{parts.path}"
        raise ConfigError(
            "{url}: credentials in a URL end up in logs; set them in the environment, such as AWS_ACCESS_KEY_ID",
            url=printable(shown),
        )
    try:
        filesystem, path = FileSystem.from_uri(text)
        if parts.scheme == "s3":
            filesystem = _patient(filesystem, dict(parse_qsl(parts.query)))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, NotImplementedError):
        filesystem, path = _by_fsspec(text)
    except OSError as error:
        raise ConfigError(
            "{url}: cannot be opened ({why})", url=printable(text), why=printable(str(error))
        ) from error
    return Place(text, filesystem, path)


def _patient(store: Any, options: Mapping[str, str]) -> FileSystem:
    """Return an S3 store that waits longer for a slow or throttling server than the three seconds of PyArrow."""
    if not options.keys() <= {"region", "scheme", "endpoint_override"}:
        return store
    return S3FileSystem(
        region=store.region,
        scheme=options.get("scheme"),
        endpoint_override=options.get("endpoint_override"),
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _by_fsspec(text: str) -> tuple[FileSystem, str]:
    from fsspec.core import url_to_fs

    try:
        filesystem, path = url_to_fs(text)
    except (ValueError, ImportError) as error:
        raise ConfigError(
            "{url}: no file system is known for it ({why}); use a path, s3://, gs://, abfs:// or file://",
            url=printable(text),
            why=printable(str(error)),
        ) from error
    return PyFileSystem(FSSpecHandler(filesystem)), path
