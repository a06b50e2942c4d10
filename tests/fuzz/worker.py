"""Tries inputs of a target within limits of time and memory; `tests.fuzz.run` runs it as a program.

Arguments: target, first index, count, file for the index in progress, bytes of address space, seconds for one input.
"""

import importlib
import json
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from tests.fuzz.target import Target

TARGETS = ("images", "multipart", "pdus")


def load_target(name: str) -> Target:
    """Return a target by the name of its module."""
    made: Target = importlib.import_module(f"tests.fuzz.{name}").target()
    return made


def main() -> None:
    name, first, count, progress = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    space, seconds = int(sys.argv[5]), int(sys.argv[6])
    warnings.simplefilter("error")
    target = load_target(name)
    outcomes: Counter[str] = Counter()
    slowest, slowest_index = 0.0, -1
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    with progress.open("r+b", buffering=0) as mark, target.trying() as tries:
        for index in range(first, first + count):
            mark.seek(0)
            mark.write(f"{index:12d}".encode())
            content = target.mutated(index)
            signal.alarm(seconds)  # its default action ends the process, even inside foreign code
            started = time.perf_counter()
            outcomes[tries(content)] += 1
            took = time.perf_counter() - started
            signal.alarm(0)
            if took > slowest:
                slowest, slowest_index = took, index
    peak = peak_mib()
    if peak > target.peak_mib:
        raise AssertionError(f"{peak:,} MiB of memory were taken, {target.peak_mib:,} are allowed")
    sys.stdout.write(
        json.dumps(
            {
                "outcomes": outcomes,
                "sound": outcomes[target.sound],
                "slowest": round(slowest, 3),
                "slowest_index": slowest_index,
                "peak_mib": peak,
            }
        )
    )


def peak_mib() -> int:
    """Return the most memory that this process has held; ru_maxrss begins with what its parent held at the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]) // 1024


if __name__ == "__main__":
    main()
