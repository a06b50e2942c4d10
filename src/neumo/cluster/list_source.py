"""Locations that a CSV or Parquet file lists."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neumo.cluster.locations import Location
from neumo.cluster.places import Place, open_place
from neumo.core.errors import ConfigError
from neumo.core.names import printable

_COLUMNS = ("location", "path", "url", "key", "file")
"""Names of a list's column of locations, in the order in which they are looked for."""


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
        place, name = self._at(location)
        return place.size(name)

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
