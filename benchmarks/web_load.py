"""Latency and throughput of readings over HTTP, beside the same Reader without a server.

    python benchmarks/web_load.py FILES_OR_FOLDER... [--users 1 10 50] [--readings N] [--rounds R] [--processes P] [--threads T]

Each round reads N files that were never read before: once by `Reader.read_many` with pixels kept, on as many cores as all readers of the
server together, and once by every number of users, each of whom sends the next file when the answer has come (POST /api/readings on
loopback, HTTP keep-alive). The server hashes, stores, reads, keeps pixels and heat maps, writes the archive and the audit log, and answers
with the whole reading. The users' program shares the cores with the server. Prints p50 and p99 from request to answer over all rounds,
readings a second, their ratio within rounds, and the processor time of the server's own process for each reading.

Limits: the Reader's own rate; with U users and R readings a second nobody can wait less than about U / R seconds. Goal: 0.80 x the Reader.
"""

import argparse
import queue
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from processor_time import own_processor_seconds_of
from web_program import Sender, found, fresh, web_program

from neumo import Reader
from neumo.core.cores import usable_cores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument("--users", nargs="+", type=int, default=[1, 10, 50])
    parser.add_argument("--readings", type=int, default=200, help="of each contestant in a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=usable_cores(), help="readers of the server")
    parser.add_argument("--threads", type=int, default=1, help="of each reader")
    options = parser.parse_args()
    files = fresh(found(options.paths))
    reader = Reader(options.bundle, threads=options.processes * options.threads, keep_pixels=True)
    rates: dict[int, list[float]] = {users: [] for users in (0, *options.users)}
    waits: dict[int, list[float]] = {users: [] for users in options.users}
    spent: dict[int, list[float]] = {users: [] for users in options.users}
    settings = {"read__processes": options.processes, "read__threads": options.threads}
    with (
        tempfile.TemporaryDirectory() as folder,
        web_program(Path(folder) / "data", options.bundle, **settings) as program,
    ):
        # Both have read some files before time counts.
        _reader_rate(reader, files, 4 * options.processes, Path(folder))
        load(program.address, files, users=options.processes, readings=4 * options.processes)
        for _ in range(options.rounds):
            rates[0].append(_reader_rate(reader, files, options.readings, Path(folder)))
            for users in options.users:
                before = own_processor_seconds_of(program.process.pid)
                rate, seconds = load(program.address, files, users, options.readings)
                spent[users].append(
                    (own_processor_seconds_of(program.process.pid) - before) / options.readings
                )
                rates[users].append(rate)
                waits[users] += seconds
    print(
        f"Reader: {statistics.median(rates[0]):.1f} readings/s on {options.processes * options.threads} cores"
    )
    for users in options.users:
        ratio = statistics.median(a / b for a, b in zip(rates[users], rates[0], strict=True))
        p50, p99 = percentile(waits[users], 50), percentile(waits[users], 99)
        print(
            f"{users:3d} users: {statistics.median(rates[users]):.1f} readings/s, {ratio:.2f} x the Reader; "
            f"p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms ({len(waits[users])} readings); "
            f"{1000 * statistics.median(spent[users]):.1f} ms of the server's processor time each"
        )


def _reader_rate(reader: Reader, files: Iterator[bytes], readings: int, folder: Path) -> float:
    paths = []
    for number in range(readings):
        path = folder / f"raw-{number}"
        path.write_bytes(next(files))
        paths.append(path)
    begin = time.perf_counter()
    unread = sum(reading.answer is None for reading in reader.read_many(paths))
    seconds = time.perf_counter() - begin
    if unread > 0.1 * readings:  # a refusal costs about as much as an answer
        raise SystemExit(f"{unread} of {readings} files were not read; choose others")
    return readings / seconds


def load(address: str, files: Iterator[bytes], users: int, readings: int) -> tuple[float, list[float]]:
    """Return readings a second, and seconds from request to answer of each."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for _ in range(readings):
        waiting.put(next(files))
    waits: list[float] = []
    faults: list[str] = []

    def use() -> None:
        with Sender(address) as sender:
            while True:
                try:
                    content = waiting.get_nowait()
                except queue.Empty:
                    return
                begin = time.perf_counter()
                status, _, body = sender.send(content)
                waits.append(time.perf_counter() - begin)
                if status != 201:
                    faults.append(f"{status} {body[:200]!r}")

    threads = [threading.Thread(target=use) for _ in range(users)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if faults:
        raise SystemExit(f"{len(faults)} of {readings} answers were not 201: {faults[0]}")
    return readings / seconds, waits


def percentile(values: list[float], percent: int) -> float:
    """Return the smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


if __name__ == "__main__":
    main()
