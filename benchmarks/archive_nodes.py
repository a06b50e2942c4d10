"""Files per second of `neumo read-archive` on a Ray cluster of two nodes of one core each, beside one such node, in turns.

    python benchmarks/archive_nodes.py FOLDER [--rounds 2] [--limit 1000]

The nodes are processes of this machine, so that neither network nor disk is shared as between machines. Counted from a third of the
shards on, when each node's reader has begun, to before the last ones. The limit is twice the rate of one node, where the machine has a
core for each node and one for Ray; Ray's own processes work on the same cores.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from archive_throughput import SHARDS, listed, steady

from neumo.cluster.run import read_archive
from neumo.cluster.shard_reader import Job
from neumo.imaging.image_files import find_images

MEMORY = 200 * 2**20
"""Object store of a node, in bytes."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=int, default=1000)
    options = parser.parse_args()
    files = find_images([options.folder]).images[: options.limit]
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        source = listed(files, Path(folder))
        for number in range(options.rounds):
            one, two = (
                rate(nodes, source, Path(folder) / f"out{number}-{nodes}", len(files)) for nodes in (1, 2)
            )
            ratios.append(two / one)
            print(f"one node {one:.1f} files/s, two {two:.1f}: {two / one:.2f} x", flush=True)
    print(
        f"two nodes of one: {statistics.median(ratios):.2f} x ({min(ratios):.2f}-{max(ratios):.2f}), limit 2"
    )


def rate(nodes: int, source: Path, out: Path, files: int) -> float:
    """Return the files a second of a cluster that is started for it."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0")
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    marks = list[tuple[float, int]]()
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
        read_archive(
            Job(str(source), str(out), {"allow_outside_range": True}),
            shard_size=max(1, files // SHARDS),
            address=cluster.address,
            report=lambda totals: marks.append((time.perf_counter(), totals.read)),
        )
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]
    begin, end = steady(marks, nodes)
    return (end[1] - begin[1]) / (end[0] - begin[0])


if __name__ == "__main__":
    main()
