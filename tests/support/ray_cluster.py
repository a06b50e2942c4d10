"""Local Ray clusters of nodes with one CPU each, and the processes of their reading actors."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psutil


@contextmanager
def ray_cluster(nodes: int) -> Iterator[str]:
    """Start a cluster of so many nodes, each with one CPU, and yield its address."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0")
    from ray.cluster_utils import Cluster

    options = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=options)
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
        yield cluster.address
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


def readers() -> list[psutil.Process]:
    """Return the processes of Ray actors that read shards."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or [""]
        if words[0].startswith("ray::") and "ShardActor" in words[0]:
            found.append(process)
    return found


def kill_one_reader() -> bool:
    """Kill one of them as the system's memory guard would; False where there is none."""
    for process in readers():
        try:
            process.send_signal(signal.SIGKILL)
        except psutil.NoSuchProcess:
            continue
        return True
    return False
