"""Files per second of `neumo read-archive` on this machine beside `Reader.read_many` of the same files, in turns.

    python benchmarks/archive_throughput.py FOLDER [--rounds 2] [--limit 400]

Prints both rates, and the processor time of a file: by read_many, and by the processes of read-archive that work on files (actors,
and readers in processes of their own). Ray's other processes work whether files come or not, so that a machine that is busy with other
things makes them look dearer: they are told in cores. All of it from a third of the shards on, when each actor has begun, to before
the last ones. The limit is read_many, which has the cores to itself; the goal is .9 of it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import psutil

from neumo.cluster.run import Totals, read_archive
from neumo.cluster.shard_reader import Job
from neumo.core.cores import usable_cores
from neumo.imaging.image_files import find_images
from neumo.inference.reader import Reader

Moment = TypeVar("Moment")
SHARDS = 40
WORKING = "ray::MapWorker", "neumo.core.child"
"""In the command lines of processes that work on files."""


class Mark(NamedTuple):
    """When a shard was done: wall clock, processor seconds of those who work on files and of all, files read."""

    wall: float
    working: float
    all: float
    read: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=int, default=2000)
    options = parser.parse_args()
    files = find_images([options.folder]).images[: options.limit]
    with tempfile.TemporaryDirectory() as folder:
        source = listed(files, Path(folder))
        rounds = [one_round(files, source, Path(folder) / f"out{n}") for n in range(options.rounds)]
    names = "files a second", "processor time of those who work on files", "processor time of all"
    for name, ratios in zip(names, zip(*rounds, strict=True), strict=True):
        print(
            f"of read_many, by {name}: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal .90"
        )


def one_round(files: tuple[Path, ...], source: Path, out: Path) -> tuple[float, float, float]:
    """Return rate and processor times of read-archive, each as a share of what read_many does (above 1 is better)."""
    direct, direct_work = read_directly(files[: len(files) // 2])
    marks, ledger = list[Mark](), Ledger()
    job = Job(str(source), str(out), {"allow_outside_range": True})
    read_archive(
        job, shard_size=max(1, len(files) // SHARDS), report=lambda totals: marks.append(ledger.mark(totals))
    )
    begin, end = steady(marks, usable_cores())
    read = end.read - begin.read
    cluster, work, everything = (
        (last - first) / read for first, last in zip(begin[:3], end[:3], strict=True)
    )
    print(
        f"read_many {1 / direct:.1f} files/s, {direct_work * 1000:.1f} ms a file; read-archive {1 / cluster:.1f} files/s, "
        f"{work * 1000:.1f} ms a file; Ray's other processes {(everything - work) / cluster:.2f} cores",
        flush=True,
    )
    return direct / cluster, direct_work / work, direct_work / everything


def listed(files: Sequence[Path], folder: Path) -> Path:
    """Write the list of locations that is read."""
    source = folder / "list.csv"
    source.write_text("location\n" + "".join(f"{file.absolute()}\n" for file in files))
    return source


def steady(marks: Sequence[Moment], readers: int) -> tuple[Moment, Moment]:
    """Return the marks between which all readers work: a third of the shards on, and before the last shard of each."""
    return marks[len(marks) // 3], marks[-1 - readers]


def read_directly(files: Sequence[Path]) -> tuple[float, float]:
    """Return seconds and processor seconds of a file by `Reader.read_many`."""
    reader = Reader(allow_outside_range=True)
    list(reader.read_many(files[:32]))
    started, worked = time.perf_counter(), time.process_time()
    for _ in reader.read_many(files):
        pass
    return (time.perf_counter() - started) / len(files), (time.process_time() - worked) / len(files)


class Ledger:
    """Processor seconds of each process that was seen, so that those that have ended still count."""

    def __init__(self) -> None:
        self.working = dict[tuple[int, float], float]()
        self.all = dict[tuple[int, float], float]()

    def mark(self, totals: Totals) -> Mark:
        """Take down what every process has worked until now."""
        for process in psutil.Process().children(recursive=True):
            try:
                times, who = process.cpu_times(), (process.pid, process.create_time())
                self.all[who] = times.user + times.system
                if who in self.working or any(name in " ".join(process.cmdline()) for name in WORKING):
                    self.working[who] = self.all[who]
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        everything = time.process_time() + sum(self.all.values())
        return Mark(time.perf_counter(), sum(self.working.values()), everything, totals.read)


if __name__ == "__main__":
    main()
