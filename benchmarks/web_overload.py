"""Overload of the workbench: answers to more uploads than it can read, and memory over many of them.

    python benchmarks/web_overload.py FILES_OR_FOLDER... [--senders N] [--seconds S] [--uploads N] [--bundle DIR]

Overload: N senders send one file after the other for S seconds, without waiting when they are refused, to a server where
twenty may wait. Prints answers by status, p50 and p99 of refusals (Goal: p99 below 1 s while all cores read), whether each told
when to come again, and after how many seconds one file is read within 5 s again (Goal: within 30 s).

Memory: N further files, four at a time; resident memory of the server and of its readers after a tenth of them and at the end. Goal: the
server's at the end at most 1.10 x that after a tenth. What must grow with uploads lies on the disk.
"""

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from web_load import load, percentile
from web_program import Program, Sender, found, fresh, web_program

_BUSY = (429, 503)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument("--senders", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--uploads", type=int, default=10_000)
    options = parser.parse_args()
    files = fresh(found(options.paths))
    with (
        tempfile.TemporaryDirectory() as folder,
        web_program(Path(folder) / "data", options.bundle, limits__waiting=20) as program,
    ):
        _overload(program, files, options.senders, options.seconds)
        _memory(program, files, options.uploads)


def _overload(program: Program, files: Iterator[bytes], senders: int, seconds: float) -> None:
    statuses: Counter[int] = Counter()
    refusals: list[float] = []
    told: Counter[bool] = Counter()
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def send() -> None:
        with Sender(program.address) as sender:
            while time.monotonic() < end:
                with lock:
                    content = next(files)
                begin = time.perf_counter()
                status, headers, _ = sender.send(content)
                took = time.perf_counter() - begin
                with lock:
                    statuses[status] += 1
                    if status in _BUSY:
                        refusals.append(took)
                        told["retry-after" in headers] += 1

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recovered = _recovery(program, files)
    print(f"{senders} senders: {dict(statuses)}; with Retry-After {told[True]} of {sum(told.values())}")
    if refusals:
        print(
            f"refusals: p50 {1000 * percentile(refusals, 50):.0f} ms, p99 {1000 * percentile(refusals, 99):.0f} ms"
        )
    print(f"read within 5 s again after {recovered:.1f} s")


def _recovery(program: Program, files: Iterator[bytes]) -> float:
    begin = time.monotonic()
    with Sender(program.address) as sender:
        while True:
            asked = time.monotonic()
            status, _, _ = sender.send(next(files))
            if status == 201 and time.monotonic() - asked < 5:
                return time.monotonic() - begin
            time.sleep(0.2)


def _memory(program: Program, files: Iterator[bytes], uploads: int) -> None:
    tenth = max(1, uploads // 10)
    load(program.address, files, users=4, readings=tenth)
    first = program.memory()
    load(program.address, files, users=4, readings=uploads - tenth)
    last = program.memory()
    for name, before, after in zip(("server", "readers"), first, last, strict=True):
        print(
            f"{name}: {before:.0f} MiB after {tenth:,} uploads, {after:.0f} MiB after {uploads:,} ({after / before:.2f} x)"
        )


if __name__ == "__main__":
    main()
