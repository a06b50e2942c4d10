"""Plans what is read: listed locations, each once, cut into shards; memory does not grow with the archive."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from neumo.cluster.locations import Location

PLAN_SCHEMA: Final = pa.schema(
    [("location", pa.string()), ("size", pa.int64()), ("modified", pa.timestamp("us", tz="UTC"))]
)
"""Columns of a shard of the plan."""
_IN_MEMORY: Final = 200_000
"""Locations that are held in memory; more are spread over files first."""
_BUCKETS: Final = 256
_BATCH: Final = 8_192


def shards_of(
    locations: Iterable[Location],
    shard_size: int,
    keep: Callable[[pa.Table], pa.Table] = lambda table: table,
    *,
    in_memory: int = _IN_MEMORY,
    buckets: int = _BUCKETS,
) -> Iterator[pa.Table]:
    """Yield the shards of an archive, each of at most `shard_size` locations in order, no location twice.

    An object store may list one key twice. Up to `in_memory` locations are sorted at once; more are spread by a hash of
    the location over `buckets` temporary files, each of which is then sorted by itself.

    Parameters
    ----------
    locations : iterable of Location
    shard_size : int
        At least 1.
    keep : function
        From locations to those of them that are wanted.
    in_memory, buckets : int

    Yields
    ------
    pyarrow.Table
        Of `PLAN_SCHEMA`.
    """
    remaining = iter(locations)
    first = _take(remaining, in_memory)
    if first.num_rows < in_memory:
        yield from _cut(keep(_each_once(first)), shard_size)
        return
    with tempfile.TemporaryDirectory(prefix="neumo-plan-") as folder:
        _spread(first, remaining, Path(folder), buckets)
        rest = PLAN_SCHEMA.empty_table()
        for bucket in range(buckets):
            with pa.OSFile(str(Path(folder) / f"{bucket}.arrow")) as file:
                table = pa.ipc.open_stream(file).read_all()
            (Path(folder) / f"{bucket}.arrow").unlink()
            rest = pa.concat_tables([rest, keep(_each_once(table))])
            whole = rest.num_rows - rest.num_rows % shard_size
            yield from _cut(rest.slice(0, whole), shard_size)
            rest = rest.slice(whole).combine_chunks()
        yield from _cut(rest, shard_size)


def _take(locations: Iterator[Location], count: int) -> pa.Table:
    batches = list[pa.RecordBatch]()
    taken = 0
    while taken < count:
        batch = _batch(locations, min(_BATCH, count - taken))
        if batch.num_rows == 0:
            break
        batches.append(batch)
        taken += batch.num_rows
    return pa.Table.from_batches(batches, PLAN_SCHEMA)


def _batch(locations: Iterator[Location], count: int) -> pa.RecordBatch:
    found = [each for _, each in zip(range(count), locations, strict=False)]
    columns = [
        pa.array([each.location for each in found], pa.string()),
        pa.array([each.size for each in found], pa.int64()),
        pa.array([each.modified for each in found], pa.timestamp("us", tz="UTC")),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PLAN_SCHEMA)


def _spread(first: pa.Table, locations: Iterator[Location], folder: Path, buckets: int) -> None:
    """Write locations to the file of their bucket."""
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                pa.ipc.new_stream(
                    stack.enter_context(pa.OSFile(str(folder / f"{bucket}.arrow"), "wb")), PLAN_SCHEMA
                )
            )
            for bucket in range(buckets)
        ]
        tables: Iterator[pa.Table] = iter([first])
        while True:
            table = next(tables, None) or _take(locations, _BATCH * 16)
            if table.num_rows == 0:
                return
            numbers = pa.array([_bucket(text, buckets) for text in table["location"].to_pylist()], pa.int32())
            order = pc.sort_indices(numbers)
            table, numbers = table.take(order), numbers.take(order)
            counts = {entry["values"]: entry["counts"] for entry in pc.value_counts(numbers).to_pylist()}
            start = 0
            for bucket in sorted(counts):
                writers[bucket].write_table(table.slice(start, counts[bucket]))
                start += counts[bucket]


def _bucket(location: str, buckets: int) -> int:
    digest = hashlib.blake2b(location.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(digest, "big") % buckets


def _each_once(table: pa.Table) -> pa.Table:
    """Return the locations in order, the first entry of each."""
    if table.num_rows < 2:
        return table
    ordered = table.take(pc.sort_indices(table, sort_keys=[("location", "ascending")])).combine_chunks()
    names = ordered["location"].combine_chunks()
    fresh = pc.not_equal(names.slice(1), names.slice(0, len(names) - 1))
    return ordered.filter(pa.concat_arrays([pa.array([True]), fresh]))


def _cut(table: pa.Table, shard_size: int) -> Iterator[pa.Table]:
    for start in range(0, table.num_rows, shard_size):
        yield table.slice(start, shard_size)
