"""Locations a second, memory and temporary space of planning an archive of many millions, without any file of it.

    python benchmarks/archive_planning.py [--locations 1000000 10000000]

Each size runs in a process of its own. Planning must stay flat in memory; its limit is the listing itself (an object
store gives a thousand keys an answer, some tens of thousands a second).
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from neumo.cluster.dataset import Dataset
from neumo.cluster.locations import Location
from neumo.cluster.plan import shards_of

_SHARD = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--locations", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        plan(options.one)
        return
    for count in options.locations:
        subprocess.run([sys.executable, __file__, "--one", str(count)], check=True)


def plan(count: int) -> None:
    """Write the plan of an invented archive, and find its shards again as a resumed run does."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = Dataset(folder)
        started = time.perf_counter()
        made = dataset.write_plan(shards_of(invented(count), _SHARD), {})
        planned = time.perf_counter()
        done = dataset.done()
        missing = [shard for shard in range(made["shards"]) if shard not in done]
        resumed = time.perf_counter()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{count:,} locations: {count / (planned - started):,.0f}/s, {made['shards']:,} shards, "
            f"{memory:,.0f} MiB at most; resuming looked for {len(missing):,} shards in {resumed - planned:.2f} s",
            flush=True,
        )


def invented(count: int) -> Iterator[Location]:
    """Yield locations as an archive of studies has them, some listed twice."""
    for number in range(count):
        yield Location(f"{number % 4096:03x}/1.2.826.0.1.{number:010d}.dcm", 9_000_000)
        if number % 1_000 == 0:
            yield Location(f"{number % 4096:03x}/1.2.826.0.1.{number:010d}.dcm", 9_000_000)


if __name__ == "__main__":
    main()
