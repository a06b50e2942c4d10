"""Latency of one reading of an opened array, beside the session's own run on the prepared input.

    python benchmarks/read_latency.py IMAGE [--bundle DIR] [--runs N] [--threads T]

Both are timed in turns, one call each, so that a busy machine treats them alike. Prints p50 and p99 of both, and the ratio
of the p50s. Goal: at most 1.3; the limit is 1, gate, preparation, hash and receipt for nothing.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from neumo import Reader
from neumo.core.cores import usable_cores
from neumo.imaging import fit_square, open_radiograph
from neumo.imaging.prepare import scale_intensity
from neumo.inference.session import Session


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("image", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--threads", type=int, default=usable_cores())
    options = parser.parse_args()
    reader = Reader(options.bundle, threads=options.threads)
    config, session = reader.bundle.config, Session(reader.bundle, options.threads)
    pixels = open_radiograph(options.image).pixels
    prepared = scale_intensity(fit_square(pixels, config.image_size), config.intensity)[
        np.newaxis, np.newaxis
    ]
    if reader.read(pixels).answer is None:
        raise SystemExit(f"{options.image}: is refused; give a radiograph that is answered")
    session.run(prepared)
    times = np.empty((options.runs, 2))
    for i in range(options.runs):
        start = time.perf_counter()
        reader.read(pixels)
        between = time.perf_counter()
        session.run(prepared)
        times[i] = between - start, time.perf_counter() - between
    (reading50, session50), (reading99, session99) = np.percentile(times * 1000, (50, 99), axis=0)
    height, width = pixels.shape
    print(f"{width} x {height} pixels, {options.threads} threads, {options.runs} runs")
    print(f"reading  p50 {reading50:7.2f} ms   p99 {reading99:7.2f} ms")
    print(f"session  p50 {session50:7.2f} ms   p99 {session99:7.2f} ms")
    print(f"p50 ratio {reading50 / session50:.2f} (goal 1.3, limit 1)")


if __name__ == "__main__":
    main()
