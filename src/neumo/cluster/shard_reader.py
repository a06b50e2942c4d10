"""Reads the locations of one shard, each in a process with limits, and writes their readings."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa

import neumo
from neumo.cluster.dataset import Dataset
from neumo.cluster.reading_child import cut
from neumo.cluster.schema import READINGS_SCHEMA, row_of
from neumo.cluster.sources import open_source
from neumo.core.back_off import back_off
from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildError, ChildStartError, ClusterError, ImageTooLargeError, NeumoError
from neumo.core.faults import own_fault
from neumo.core.lost_file import LOST, unexpected_error
from neumo.core.names import printable
from neumo.core.reading import Notice, Reading, Status
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.imaging.image_files import skip_of
from neumo.imaging.limits import require_file_size
from neumo.inference.batches import batches

_OPENER: Final = "neumo.cluster.reading_child:open_reader"
_FETCHERS: Final = 2
"""Objects that are fetched at once, and at least ahead of those that are read."""
_MOST_AHEAD, _AHEAD_BYTES = 24, 8 * 2**20
"""Small objects that are fetched ahead of those that are read, and the bytes of all of them."""
_ATTEMPTS: Final = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
_CHILD_SECONDS: Final = 120.0
_CHILD_MEMORY: Final = 4 * 2**30


_Fetched = tuple[str, bytes | Notice]
"""A location with its bytes, or why there are none."""


@dataclass(frozen=True)
class Job:
    """Job of a run over an archive: source, dataset and reader options, as plain values for every machine.

    Attributes
    ----------
    source, dataset : str
    reader : mapping
        Parameters of `neumo.inference.reader.Reader`.
    results : tuple of str
        Of "sr", "sc", "fhir".
    language : str
    """

    source: str
    dataset: str
    reader: Mapping[str, Any]
    results: tuple[str, ...] = ()
    language: str = "en"


@dataclass
class ShardCounts:
    """Outcome of a shard: counts of its readings.

    Attributes
    ----------
    shard : int
    statuses : Counter
        Readings by status.
    skipped : Counter
        Files of a folder that are no images, by reason.
    bytes : int
        Fetched.
    results_failed : int
        Readings without every result that was wanted.
    """

    shard: int
    statuses: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    results_failed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "statuses": dict(self.statuses), "skipped": dict(self.skipped)}


class ShardReader:
    """Reads shards, one after the other, with one core: a process that reads, and threads that fetch ahead of it."""

    def __init__(self, job: Job) -> None:
        self._dataset, self._source = Dataset(job.dataset), open_source(job.source)
        self._made_with: Mapping[str, Any] = {}
        self._child = ChildProcess(
            _OPENER,
            {"reader": dict(job.reader), "results": list(job.results), "language": job.language},
            seconds=_CHILD_SECONDS,
            memory_bytes=_CHILD_MEMORY,
        )

    def read(self, shard: int) -> ShardCounts:
        """Read a shard, unless its readings are there already.

        Raises
        ------
        ClusterError
            A fault of this machine, the source as a whole or the dataset's folder, of which no object is guilty.
        """
        counts = ShardCounts(shard)
        rows = list[dict[str, Any]]()
        try:
            if self._dataset.has(shard):
                return counts
            self._made_with = self._dataset.made_with() or {}
            plan = self._dataset.locations(shard).to_pylist()
            for batch in batches(self._fetched(plan), _size_in_batch):
                rows += self._rows(batch, counts)
            self._dataset.write_readings(shard, pa.Table.from_pylist(rows, schema=READINGS_SCHEMA))
        except OSError as error:
            if isinstance(error, ClusterError):
                raise
            raise ClusterError(
                "shard {shard}: {why}; run the same command again to go on",
                shard=shard,
                why=printable(str(error)),
            ) from error
        return counts

    def close(self) -> None:
        """End the process that reads."""
        self._child.end()

    def _fetched(self, plan: list[dict[str, Any]]) -> Iterator[_Fetched]:
        """Yield locations with their bytes, or why there are none, in order; some are fetched ahead."""
        remaining, usual = iter(plan), _AHEAD_BYTES
        with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="neumo-fetch") as pool:
            ahead = deque[tuple[dict[str, Any], Future[bytes | Notice]]]()
            try:
                while True:
                    expected = sum(entry["size"] or usual for entry, _ in ahead)
                    while len(ahead) < _FETCHERS or (len(ahead) < _MOST_AHEAD and expected < _AHEAD_BYTES):
                        entry = next(remaining, None)
                        if entry is None:
                            break
                        ahead.append((entry, pool.submit(self._fetch, entry)))
                        expected += entry["size"] or usual
                    if not ahead:
                        return
                    entry, future = ahead.popleft()
                    content = future.result()
                    usual = len(content) if isinstance(content, bytes) else usual
                    yield entry["location"], content
            finally:
                for _, future in ahead:
                    future.cancel()

    def _fetch(self, entry: Mapping[str, Any]) -> bytes | Notice:
        location = entry["location"]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                size = entry["size"] if entry["size"] is not None else self._source.size(location)
                if size is not None:
                    require_file_size(location, size)
                return self._source.fetch(location)
            except ImageTooLargeError as error:
                return Notice("too_large", str(error).removeprefix(f"{location}: ") + ".")
            except FileNotFoundError:
                return Notice("unreadable_file", "The object is no longer there.")
            except (OSError, NeumoError) as error:
                if _is_of_this_machine(error):
                    raise ClusterError(
                        "this machine: {why}; run the same command again to go on", why=own_fault(error)
                    ) from error
                last = error
            if attempt < _ATTEMPTS:
                time.sleep(back_off(attempt, _FIRST_WAIT, _LONGEST_WAIT))
        return self._given_up(last)

    def _given_up(self, error: Exception) -> Notice:
        """Say why an object cannot be fetched; raise where the source gives nothing at all, of which it is innocent."""
        try:
            self._source.require_reachable()
        except (OSError, NeumoError) as fault:
            raise ClusterError(
                "the source cannot be reached ({why}); mend it and run the same command again to go on",
                why=printable(str(fault))[:300],
            ) from fault
        return Notice("unreadable_file", f"The object cannot be fetched ({type(error).__name__}).")

    def _rows(self, batch: Iterable[_Fetched], counts: ShardCounts) -> list[dict[str, Any]]:
        """Return the rows of some objects in their order; those that are no images have none."""
        rows, unread = dict[int, dict[str, Any]](), dict[int, tuple[str, bytes]]()
        for number, (location, content) in enumerate(batch):
            if isinstance(content, Notice):
                rows[number] = row_of(_failed(location, content))
                continue
            counts.bytes += len(content)
            skip = None
            if not self._source.named:
                skip = skip_of(PurePosixPath(location).name, content[:HEAD_BYTES])
            if skip is None:
                unread[number] = location, content
            else:
                counts.skipped[skip.value] += 1
        rows.update(zip(unread, self._read(list(unread.values())), strict=True))
        counts.statuses.update(row["status"] for row in rows.values())
        counts.results_failed += sum(row["results_failure"] is not None for row in rows.values())
        return [rows[number] for number in sorted(rows)]

    def _read(self, files: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Return the rows of files, together; one by one where that fails, so that a file costs only itself."""
        if len(files) > 1:
            with suppress(ChildError):
                answer, made = self._ask(files)
                if "error" not in answer:
                    return self._kept(answer, made)
        return [self._read_alone(location, content) for location, content in files]

    def _read_alone(self, location: str, content: bytes) -> dict[str, Any]:
        fault = ""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer, made = self._ask([(location, content)])
            except ChildError as error:
                if error.code in LOST:
                    return row_of(_failed(location, LOST[error.code]))
                fault = error.code
            else:
                if "error" not in answer:
                    return self._kept(answer, made)[0]
                if answer["own"] is None:
                    return row_of(_failed(location, unexpected_error(answer["error"], answer["where"])))
                fault = answer["own"]
            time.sleep(back_off(attempt, _FIRST_WAIT, _LONGEST_WAIT))
        raise ClusterError("this machine: {why}; run the same command again to go on", why=fault)

    def _ask(self, files: list[tuple[str, bytes]]) -> tuple[dict[str, Any], bytes]:
        request = {"files": [(location, len(content)) for location, content in files]}
        try:
            answer, made = self._child.ask(request, b"".join(content for _, content in files))
        except ChildStartError as error:
            raise ClusterError("no reader can be started: {why}", why=error) from error
        self._require_same_reader()
        return answer, made

    def _require_same_reader(self) -> None:
        """Raise ClusterError where this machine reads otherwise than the one that began the dataset."""
        own = {"neumo": neumo.__version__, **self._child.ready}
        for key, value in own.items():
            if self._made_with.get(key, value) != value:
                raise ClusterError(
                    "this machine: has another {key} than the data set was begun with ({own}, not {begun}); install "
                    "the same on every machine and run the same command again to go on",
                    key=key,
                    own=str(value),
                    begun=str(self._made_with[key]),
                )

    def _kept(self, answer: Mapping[str, Any], made: bytes) -> list[dict[str, Any]]:
        """Return the rows of an answer with the paths of their results, which are written here."""
        named = [(index, name) for index, read in enumerate(answer["read"]) for name in read["sizes"]]
        parts = cut(made, (size for read in answer["read"] for size in read["sizes"].values()))
        rows = [{**read["row"], "results": list[str]()} for read in answer["read"]]
        for (index, name), part in zip(named, parts, strict=True):
            rows[index]["results"].append(self._dataset.write_result(name, part))
        return rows


def _size_in_batch(fetched: _Fetched) -> int:
    _, content = fetched
    return len(content) if isinstance(content, bytes) else 0


def _failed(location: str, reason: Notice) -> Reading:
    return Reading(location, None, Status.FAILED, reasons=(reason,))


def _is_of_this_machine(error: Exception) -> bool:
    return own_fault(error) in {"disk_full", "disk_error", "read_only", "too_many_files", "out_of_memory"}
