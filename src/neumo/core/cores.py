"""Number of cores that this process may use: its affinity and the CPU quotas of its control groups (containers)."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def usable_cores(root: Path = Path("/")) -> int:
    """Return the cores that this process may use, at least 1; a quota of 1.5 cores counts as 2.

    Parameters
    ----------
    root : Path
        Where proc and sys/fs/cgroup are mounted.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """Yield the CPU quotas, in cores, of this process's control groups and of those that hold them.

    Source: the Linux kernel's admin guide, cgroup-v2 (cpu.max) and scheduler/sched-bwc (cpu.cfs_quota_us).
    """
    mounted = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            for group in _with_parents(mounted, path):
                yield from _quota(*_text(group / "cpu.max").split())
        elif "cpu" in controllers.split(","):
            for folder in {controllers, "cpu"}:
                for group in _with_parents(mounted / folder, path):
                    yield from _quota(_text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us"))


def _with_parents(mounted: Path, path: str) -> Iterator[Path]:
    # In a container the path may be the host's, which is not mounted there; what is stands at the top.
    inner = PurePosixPath(path.lstrip("/"))
    yield from (mounted / part for part in (inner, *inner.parents) if ".." not in part.parts)


def _quota(limit: str = "", period: str = "") -> Iterator[float]:
    """Yield a quota in cores; nothing for "max", -1, and where it is not known."""
    try:
        quota, length = int(limit), int(period)
    except ValueError:
        return
    if quota > 0 and length > 0:
        yield quota / length


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
