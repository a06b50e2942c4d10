"""What an archive is read from: a folder or object store, a list of locations, or a search of a DICOMweb service."""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileInfo, FileType

from neumo.cluster.places import Place, open_place
from neumo.core.errors import ConfigError
from neumo.core.folders import EntryKind, is_litter_name, walk_folder
from neumo.core.names import path_of_shown, printable, shown_path

_DICOMWEB = "dicomweb+"
_COLUMNS = ("location", "path", "url", "key", "file")
"""Names of a list's column of locations, in the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where one object lies.

    Attributes
    ----------
    location : str
        Relative to the folder that is read; of a list as it stands there; of DICOMweb the three UIDs.
    size : int or None
        In bytes, where the listing says it.
    modified : datetime or None
    """

    location: str
    size: int | None = None
    modified: datetime | None = None


class Source(Protocol):
    """Lists locations and fetches their bytes; made anew in each process from its text."""

    named: bool
    """Whether each location was named by somebody: then nothing is skipped as being no image."""
    skipped: Counter[str]
    """What listing left out, by reason (see `neumo.imaging.image_files.Skip`)."""

    def locations(self) -> Iterator[Location]:
        """Yield locations as they are found. Raises OSError, NeumoError."""

    def fetch(self, location: str) -> bytes:
        """Return an object's bytes. Raises FileNotFoundError where it is gone; OSError, NeumoError."""

    def size(self, location: str) -> int | None:
        """Return an object's size in bytes, where it can be asked for. Raises OSError."""

    def require_reachable(self) -> None:
        """Raise OSError or NeumoError where nothing can be had of it at all."""


def open_source(text: str) -> Source:
    """Return the source that a text names.

    Parameters
    ----------
    text : str
        A folder's path or URL; a file that ends in .parquet or .csv, which lists locations; or
        "dicomweb+https://host/dicom-web?Modality=CR&StudyDate=20240101-".

    Raises
    ------
    ConfigError
        It names nothing that can be read.
    """
    if text.startswith(_DICOMWEB):
        return DicomwebSource(text.removeprefix(_DICOMWEB))
    path = urlsplit(text).path if "://" in text else text
    if PurePosixPath(path).suffix.lower() in {".parquet", ".csv"}:
        return ListSource(text)
    return FolderSource(open_place(text))


class FolderSource:
    """All files under a folder or prefix, but for what operating systems leave there."""

    named = False

    def __init__(self, place: Place) -> None:
        self.place = place
        self.skipped = Counter[str]()

    def locations(self) -> Iterator[Location]:
        """Walk folder by folder, so that memory holds one folder's entries and not the archive's."""
        if self.place.info().type != FileType.Directory and not self.place.entries():
            raise ConfigError(
                "{source}: there is no such folder, or nothing in it", source=printable(self.place.url)
            )
        yield from self._files_of_this_machine() if self.place.local else self._objects()

    def fetch(self, location: str) -> bytes:
        """Return the bytes of an object."""
        return self._path(location).read_bytes() if self.place.local else self.place.read(location)

    def size(self, location: str) -> int | None:
        """Return its size in bytes, where it can be asked for."""
        if self.place.local:
            return self._path(location).stat().st_size
        return _size(self.place, location)

    def require_reachable(self) -> None:
        """Raise where nothing can be had of the source."""
        self.place.entries()

    def _files_of_this_machine(self) -> Iterator[Location]:
        root = Path(self.place.path)
        for entry in walk_folder(root):
            if entry.kind is EntryKind.UNREADABLE:
                self.skipped["unreadable_folder"] += 1
            elif entry.kind is not EntryKind.FILE:
                self.skipped[entry.kind.value] += 1
            else:
                with suppress(OSError):
                    found = entry.path.stat()
                    modified = datetime.fromtimestamp(found.st_mtime, UTC)
                    yield Location(shown_path(entry.path.relative_to(root)), found.st_size, modified)
                    continue
                yield Location(shown_path(entry.path.relative_to(root)))

    def _objects(self) -> Iterator[Location]:
        folders = [("", False)]
        while folders:
            folder, in_litter = folders.pop()
            below = list[tuple[str, bool]]()
            for info in self.place.entries(folder):
                name = f"{folder}/{info.base_name}" if folder else info.base_name
                is_folder = info.type == FileType.Directory
                litter = in_litter or is_litter_name(info.base_name, folder=is_folder)
                if is_folder:
                    below.append((name, litter))
                elif litter:
                    self.skipped[EntryKind.LITTER.value] += 1
                else:
                    yield Location(name, info.size, info.mtime)
            folders += reversed(below)

    def _path(self, location: str) -> Path:
        path = Path(self.place.path) / path_of_shown(location)
        if path.exists() and not path.is_file():  # reading a pipe could wait for ever
            raise FileNotFoundError(location)
        return path


class ListSource:
    """Locations that a Parquet or CSV file lists: URLs, absolute paths, or paths beside the list."""

    named = True

    def __init__(self, text: str) -> None:
        head, _, name = text.partition("?")[0].rpartition("/")
        query = text.partition("?")[2]
        self.text, self._name = text, name
        self._beside = open_place(
            (head or ("/" if text.startswith("/") else ".")) + (f"?{query}" if query else "")
        )
        self._places = dict[str, Place]()
        self.skipped = Counter[str]()

    def locations(self) -> Iterator[Location]:
        """Yield locations as they are found."""
        try:
            rows = self._parquet() if self._name.lower().endswith(".parquet") else self._csv()
            for row in rows:
                location = str(row["location"] or "").strip()
                if location:
                    yield Location(location, row.get("size"))
                else:
                    self.skipped["no_location"] += 1
        except FileNotFoundError as error:
            raise ConfigError("{source}: there is no such list", source=printable(self.text)) from error
        except (pa.ArrowInvalid, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(
                "{source}: is no list that can be read ({why})",
                source=printable(self.text),
                why=printable(str(error)),
            ) from error

    def fetch(self, location: str) -> bytes:
        """Return the bytes of an object."""
        place, name = self._at(location)
        return place.read(name)

    def size(self, location: str) -> int | None:
        """Return its size in bytes, where it can be asked for."""
        return _size(*self._at(location))

    def require_reachable(self) -> None:
        """Raise where nothing can be had of the source."""
        self._beside.info(self._name)

    def _at(self, location: str) -> tuple[Place, str]:
        if "://" not in location and not location.startswith("/"):
            return self._beside, location
        head, _, name = location.rpartition("/")
        if head not in self._places:
            if len(self._places) > 10_000:
                self._places.clear()
            self._places[head] = open_place(head or "/")
        return self._places[head], name

    def _parquet(self) -> Iterator[Mapping[str, Any]]:
        with (
            self._beside.filesystem.open_input_file(self._beside.at(self._name)) as stream,
            pq.ParquetFile(stream) as file,
        ):
            column = self._column(file.schema_arrow.names)
            wanted = [column, *(["size"] if "size" in file.schema_arrow.names else [])]
            for batch in file.iter_batches(batch_size=10_000, columns=wanted):
                for row in batch.to_pylist():
                    yield {"location": row[column], "size": row.get("size")}

    def _csv(self) -> Iterator[Mapping[str, Any]]:
        with self._beside.filesystem.open_input_stream(self._beside.at(self._name)) as stream:
            rows = csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""))
            column = self._column(rows.fieldnames or [])
            for row in rows:
                size = row.get("size") or ""
                yield {"location": row[column], "size": int(size) if size.isdecimal() else None}

    def _column(self, names: Any) -> str:
        found = next((name for name in _COLUMNS if name in names), None)
        if found is None:
            raise ConfigError(
                "{source}: has no column of locations; name it one of {names}",
                source=printable(self.text),
                names=", ".join(_COLUMNS),
            )
        return found


class DicomwebSource:
    """Objects that a DICOMweb service finds (QIDO-RS) and gives (WADO-RS)."""

    named = True

    def __init__(self, url: str) -> None:
        from neumo.sending.dicomweb import Service

        parts = urlsplit(url)
        if parts.username or parts.password:
            raise ConfigError(
                "dicomweb: credentials in a URL end up in logs; set NEUMO_DICOMWEB_USER and NEUMO_DICOMWEB_PASSWORD"
            )
        self._filters = dict(parse_qsl(parts.query))
        self._service = Service(urlunsplit(parts._replace(query="")), *_credentials())
        self.skipped = Counter[str]()

    def locations(self) -> Iterator[Location]:
        """Yield locations as they are found."""
        from neumo.sending.dicomweb import search

        kinds = [self._filters["Modality"]] if "Modality" in self._filters else ["CR", "DX"]
        for kind in kinds:
            for instance in search(self._service, {**self._filters, "Modality": kind}):
                yield Location(
                    f"{instance.study_instance_uid}/{instance.series_instance_uid}/{instance.sop_instance_uid}"
                )

    def fetch(self, location: str) -> bytes:
        """Return the bytes of an object."""
        from neumo.sending.dicomweb import Instance, as_file, retrieve

        return as_file(retrieve(self._service, Instance(*location.split("/"))))

    def size(self, location: str) -> int | None:
        """Return its size in bytes, where it can be asked for."""
        return None

    def require_reachable(self) -> None:
        """Raise where nothing can be had of the source."""
        from neumo.sending.dicomweb import search

        next(iter(search(self._service, self._filters, limit=1)), None)


def _size(place: Place, name: str) -> int | None:
    info: FileInfo = place.info(name)
    if info.type == FileType.NotFound:
        raise FileNotFoundError(name)
    size: int | None = info.size
    return size


def _credentials() -> tuple[str | None, str | None]:
    return os.environ.get("NEUMO_DICOMWEB_USER"), os.environ.get("NEUMO_DICOMWEB_PASSWORD")
