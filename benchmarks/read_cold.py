"""A cold `neumo read one.png --json -` beside the bare imports, and peak memory of one file and of many.

    python benchmarks/read_cold.py IMAGE... [--bundle DIR] [--rounds R] [--many N]

Start-up is timed as whole processes, in turns: the command, and Python importing NumPy, Pillow and ONNX Runtime, which is the limit.
Goal: at most 3 x. Memory is the peak resident set of the process (VmHWM, so Linux only): of one file (goal:
under 350 MB), and of N files (hard links to the images given, default 10,000; goal: flat, that is within a tenth of a
run of 100).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FEW = 100
"""Enough for full batches and a full line of opened files."""
IMPORTS = "import numpy, PIL.Image, onnxruntime"
COMMAND = """
import sys
from neumo.cli.main import main
sys.argv = ["neumo", *sys.argv[1:]]
try:
    main()
finally:
    lines = open("/proc/self/status").read().splitlines()
    print(next(line for line in lines if line.startswith("VmHWM")), file=sys.stderr)
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--many", type=int, default=10_000, help="0 leaves the many out")
    options = parser.parse_args()
    one = [sys.executable, "-m", "neumo.cli.main", *arguments([options.images[0]], options.bundle)]
    times: dict[str, list[float]] = {"neumo read": [], "bare imports": []}
    for _ in range(options.rounds + 1):
        times["neumo read"].append(seconds(one))
        times["bare imports"].append(seconds([sys.executable, "-c", IMPORTS]))
    # The first round fills the operating system's file cache.
    ours, bare = times["neumo read"][1:], times["bare imports"][1:]
    for name, own in {"neumo read": ours, "bare imports": bare}.items():
        print(f"{name:<13} median {statistics.median(own):.3f} s, fastest {min(own):.3f} s")
    start_up = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    print(f"ratio {start_up:.2f} (goal 3, limit 1)")
    print(f"peak memory, one file: {peak_of([options.images[0]], options.bundle):.0f} MB (goal 350)")
    if options.many:
        few, many = (peak_of_links(options, count) for count in (FEW, options.many))
        print(f"peak memory, {FEW:,} files: {few:.0f} MB")
        print(
            f"peak memory, {options.many:,} files: {many:.0f} MB; ratio {many / few:.2f} (goal 1.1, limit 1)"
        )


def arguments(paths: list[Path], bundle: str | None) -> list[str]:
    return ["read", *map(str, paths), "--json", "-", *(["--bundle", bundle] if bundle else [])]


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return elapsed


def peak_of(paths: list[Path], bundle: str | None) -> float:
    """Peak memory in MB of a process that reads these paths."""
    command = [sys.executable, "-c", COMMAND, *arguments(paths, bundle)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    answered = [json.loads(line)["status"] for line in done.stdout.splitlines()]
    if done.returncode or "failed" in answered or not answered:
        raise SystemExit(f"reading failed:\n{done.stderr[-2000:]}")
    line = next(line for line in done.stderr.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000


def peak_of_links(options: argparse.Namespace, count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="neumo-many-") as name:
        for number in range(count):
            source = options.images[number % len(options.images)]
            target = Path(name) / f"{number:06d}{source.suffix}"
            try:
                os.link(source, target)
            except OSError:  # another file system
                shutil.copyfile(source, target)
        return peak_of([Path(name)], options.bundle)


if __name__ == "__main__":
    main()
