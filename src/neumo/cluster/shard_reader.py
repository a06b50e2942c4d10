"""Reads the locations of one shard, each in a process with limits, and writes their readings."""

import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa

import neumo
from neumo.cluster.dataset import Dataset
from neumo.cluster.schema import READINGS_SCHEMA, row_of
from neumo.cluster.sources import open_source
from neumo.core.back_off import back_off
from neumo.core.child_process import ChildProcess
from neumo.core.errors import ChildError, ChildStartError, ClusterError, ImageTooLargeError, NeumoError
from neumo.core.faults import own_fault
from neumo.core.names import printable
from neumo.core.reading import Notice, Reading, Status
from neumo.imaging.dicom.stored_class import HEAD_BYTES
from neumo.imaging.image_files import skip_of
from neumo.imaging.limits import require_file_size
from neumo.texts.catalogue import texts

_OPENER: Final = "neumo.cluster.reading_child:open_reader"
_AHEAD: Final = 2
"""Objects fetched while one is read."""
_ATTEMPTS: Final = 5
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0
_CHILD_SECONDS: Final = 120.0
_CHILD_MEMORY: Final = 4 * 2**30


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
            for entry, content in self._fetched(plan):
                row = self._row(entry["location"], content, counts)
                if row is not None:
                    rows.append(row)
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

    def _fetched(self, plan: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], bytes | Notice]]:
        """Yield entries with their bytes, or why there are none, in order; a few are fetched ahead."""
        remaining = iter(plan)
        with ThreadPoolExecutor(_AHEAD, thread_name_prefix="neumo-fetch") as pool:
            ahead = deque[tuple[dict[str, Any], Future[bytes | Notice]]]()
            try:
                while True:
                    while len(ahead) < _AHEAD and (entry := next(remaining, None)) is not None:
                        ahead.append((entry, pool.submit(self._fetch, entry)))
                    if not ahead:
                        return
                    entry, future = ahead.popleft()
                    yield entry, future.result()
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

    def _row(self, location: str, content: bytes | Notice, counts: ShardCounts) -> dict[str, Any] | None:
        if isinstance(content, Notice):
            counts.statuses["failed"] += 1
            return row_of(_failed(location, content))
        counts.bytes += len(content)
        if not self._source.named:
            skip = skip_of(PurePosixPath(location).name, content[:HEAD_BYTES])
            if skip is not None:
                counts.skipped[skip.value] += 1
                return None
        row = self._read(location, content)
        counts.statuses[row["status"]] += 1
        counts.results_failed += row["results_failure"] is not None
        return row

    def _read(self, location: str, content: bytes) -> dict[str, Any]:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer, made = self._child.ask({"file": location}, content)
            except ChildStartError as error:
                raise ClusterError("no reader can be started: {why}", why=error) from error
            except ChildError as error:
                return row_of(_failed(location, _lost(error.code)))
            self._require_same_reader()
            if "error" not in answer:
                return {**answer["row"], "results": self._stored(answer["sizes"], made)}
            if answer["own"] is None:
                return row_of(_failed(location, _lost("crash")))
            time.sleep(back_off(attempt, _FIRST_WAIT, _LONGEST_WAIT))
        raise ClusterError("this machine: {why}; run the same command again to go on", why=answer["own"])

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

    def _stored(self, sizes: Mapping[str, int], made: bytes) -> list[str]:
        start, paths = 0, list[str]()
        for name, size in sizes.items():
            paths.append(self._dataset.write_result(name, made[start : start + size]))
            start += size
        return paths


def _failed(location: str, reason: Notice) -> Reading:
    return Reading(location, None, Status.FAILED, reasons=(reason,))


def _lost(code: str) -> Notice:
    """Return why the process that read an object was lost."""
    return Notice(code, texts("en")(f"errors.{code}"))


def _is_of_this_machine(error: Exception) -> bool:
    return own_fault(error) in {"disk_full", "disk_error", "read_only", "too_many_files", "out_of_memory"}
