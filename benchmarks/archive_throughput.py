"""Files per second of `neumo read-archive` on this machine beside `Reader.read_many` of the same files, in turns.

    python benchmarks/archive_throughput.py FOLDER [--rounds 2] [--limit 400]

Prints both rates, and what a file costs in processor time, Ray's own processes included, from the first finished shard on:
other work on the machine changes that little. The limit is read_many, which has the cores to itself; the goal is .9 of it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from processor_time import processor_seconds

from neumo.cluster.run import Totals, read_archive
from neumo.cluster.shard_reader import Job
from neumo.imaging.image_files import find_images
from neumo.inference.reader import Reader

SHARDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=int, default=400)
    options = parser.parse_args()
    files = find_images([options.folder]).images[: options.limit]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "list.csv"
        source.write_text("location\n" + "".join(f"{file.absolute()}\n" for file in files))
        rounds = [one_round(files, source, Path(folder) / f"out{n}") for n in range(options.rounds)]
    for name, ratios in zip(
        ("files a second", "processor time a file"), zip(*rounds, strict=True), strict=True
    ):
        print(
            f"of read_many, by {name}: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal .90"
        )


def one_round(files: tuple[Path, ...], source: Path, out: Path) -> tuple[float, float]:
    """Return rate and processor time of read-archive, each as a share of what read_many does (above 1 is better)."""
    reader = Reader(allow_outside_range=True)
    list(reader.read_many(files[:8]))
    started, worked = time.perf_counter(), processor_seconds()
    for _ in reader.read_many(files):
        pass
    direct = (time.perf_counter() - started) / len(files)
    direct_work = (processor_seconds() - worked) / len(files)
    marks = list[tuple[float, float, int]]()

    def note(totals: Totals) -> None:
        marks.append((time.perf_counter(), processor_seconds(), totals.read))

    job = Job(str(source), str(out), {"allow_outside_range": True})
    read_archive(job, shard_size=max(1, len(files) // SHARDS), report=note)
    # From the first finished shard on: what comes before is Ray's start.
    (first, first_work, before), (last, last_work, after) = marks[0], marks[-1]
    cluster, cluster_work = (
        (end - begin) / (after - before) for begin, end in ((first, last), (first_work, last_work))
    )
    print(
        f"read_many {1 / direct:.1f} files/s, {direct_work * 1000:.1f} ms a file; "
        f"read-archive {1 / cluster:.1f} files/s, {cluster_work * 1000:.1f} ms a file",
        flush=True,
    )
    return direct / cluster, direct_work / cluster_work


if __name__ == "__main__":
    main()
