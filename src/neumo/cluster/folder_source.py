"""All files under a folder or an object store's prefix."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pyarrow.fs import FileType

from neumo.cluster.locations import Location
from neumo.cluster.places import Place
from neumo.core.errors import ConfigError
from neumo.core.folders import EntryKind, is_litter_name, walk_folder
from neumo.core.names import path_of_shown, printable, shown_path


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
        return self.place.size(location)

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
