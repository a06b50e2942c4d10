"""Files per second of `neumo read-archive` on this machine beside `Reader.read_many` of the same files, in turns.

    python benchmarks/archive_throughput.py FOLDER [--rounds 2] [--limit 400]

What Ray takes to start is told apart. The limit is read_many, which has the cores to itself; the goal is .9 of it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from neumo.cluster.run import Totals, read_archive
from neumo.cluster.shard_reader import Job
from neumo.imaging.image_files import find_images
from neumo.inference.reader import Reader


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
        ratios = [one_round(files, source, Path(folder) / f"out{n}") for n in range(options.rounds)]
    print(f"of read_many: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}), goal .90")


def one_round(files: tuple[Path, ...], source: Path, out: Path) -> float:
    reader = Reader(allow_outside_range=True)
    list(reader.read_many(files[:8]))
    started = time.perf_counter()
    for _ in reader.read_many(files):
        pass
    direct = len(files) / (time.perf_counter() - started)
    marks = list[tuple[float, int]]()

    def note(totals: Totals) -> None:
        marks.append((time.perf_counter(), totals.read))

    began = time.perf_counter()
    job = Job(str(source), str(out), {"allow_outside_range": True})
    read_archive(job, shard_size=max(1, len(files) // 20), report=note)
    whole = time.perf_counter() - began
    # From the first finished shard on: what comes before is Ray's start.
    (first, before), (last, after) = marks[0], marks[-1]
    cluster = (after - before) / (last - first)
    start = whole - len(files) / cluster
    print(
        f"read_many {direct:.1f} files/s, read-archive {cluster:.1f} files/s after a start of {start:.1f} s"
    )
    return cluster / direct


if __name__ == "__main__":
    main()
