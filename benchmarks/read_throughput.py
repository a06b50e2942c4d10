"""Images per second: neumo's reading of files, the bare ONNX Runtime session, and DenseNet-121 in eager PyTorch.

    python benchmarks/read_throughput.py FILES_OR_FOLDER... [--bundle DIR] [--images N] [--rounds R] [--threads T]

Rounds alternate between the contestants, so that a busy machine treats them alike; ratios are taken within rounds, and
those of processor time as well, which other work on the machine changes little.
Reading counts everything: opening, hashing, decoding, gate, preparation, network, calibration, receipt. The session
gets prepared arrays, one at a time on each thread as in reading, so it is the limit for small files; "batches" shares batches of eight
among the threads instead. For large files decoding is the limit: the same files decoded by the same number of threads, and nothing else.

Goals: reading at least 0.85 x the session on 224 px JPEG files, or 1.0 x the full decoding of full-size files; at least 10 x
DenseNet-121 (Huang et al., CVPR 2017; random weights, 224 px, the same batch), which is left out without torch.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from processor_time import timed

from neumo import Reader
from neumo.core.cores import usable_cores
from neumo.imaging import fit_square, open_radiograph
from neumo.imaging.prepare import scale_intensity
from neumo.inference.session import Session

BATCH = 8
SIDE = 224
_IMAGES = {".jpg", ".jpeg", ".png"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--bundle")
    parser.add_argument(
        "--images", type=int, default=256, help="images a round of reading, session, decoding"
    )
    parser.add_argument("--densenet-images", type=int, default=32, help="images a round of DenseNet-121")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=usable_cores())
    options = parser.parse_args()
    files = list(islice(cycle(found(options.paths)), options.images))
    reader = Reader(options.bundle, threads=options.threads)
    contestants: dict[str, Callable[[], float]] = {
        "reading": lambda: reading_rate(reader, files),
        "session": session_rate(reader, files, options.threads),
        "batches": batched_rate(reader, files, options.threads),
        "decoding": lambda: decoding_rate(files, options.threads),
    }
    densenet = densenet_rate(options.densenet_images, options.threads)
    if densenet is not None:
        contestants["DenseNet-121"] = densenet
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    works: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(options.rounds):
        for name, measure in contestants.items():
            rate, seconds = timed(measure)
            rates[name].append(rate)
            works[name].append(images_of(name, options) / seconds)
        shown = ", ".join(
            f"{name} {own[-1]:.1f} ({1000 / works[name][-1]:.2f} ms)" for name, own in rates.items()
        )
        print(f"round {number + 1}: {shown} images/s (processor time an image)", flush=True)
    print(f"\nmedian of {options.rounds} rounds on {options.threads} threads")
    report(rates)
    print("\nby processor time, images a second of one core")
    report(works)


def images_of(contestant: str, options: Any) -> int:
    """Return the images a round of a contestant; some take whole batches."""
    images = int(options.densenet_images if contestant == "DenseNet-121" else options.images)
    return max(1, images // BATCH) * BATCH if contestant in {"batches", "DenseNet-121"} else images


def report(rates: dict[str, list[float]]) -> None:
    for name, own in rates.items():
        print(f"{name:<14} {statistics.median(own):8.1f} images/s")
    serial = [1 / (1 / s + 1 / d) for s, d in zip(rates["session"], rates["decoding"], strict=True)]
    print(f"{'limit':<14} {statistics.median(serial):8.1f} images/s (all threads decode, then all compute)")
    goals = {
        "session": "goal 0.85 for 224 px files",
        "batches": "likewise",
        "decoding": "goal 1.0 for full-size files",
    }
    for name, goal in {**goals, "DenseNet-121": "goal 10"}.items():
        if name in rates:
            print(f"reading / {name:<14} {ratio(rates['reading'], rates[name]):6.2f} ({goal})")
    print(f"reading / {'limit':<14} {ratio(rates['reading'], serial):6.2f} (1 is all that the cores can do)")


def ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def found(paths: list[Path]) -> list[Path]:
    files = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if file.suffix.lower() in _IMAGES
    ]
    if not files:
        raise SystemExit(f"no PNG or JPEG in {', '.join(map(str, paths))}")
    return files


def reading_rate(reader: Reader, files: list[Path]) -> float:
    start = time.perf_counter()
    answers = sum(reading.answer is not None for reading in reader.read_many(files))
    seconds = time.perf_counter() - start
    if answers < 0.9 * len(files):
        raise SystemExit(
            f"only {answers} of {len(files)} files were answered; give radiographs of the bundle's kind"
        )
    return len(files) / seconds


def session_rate(reader: Reader, files: list[Path], threads: int) -> Callable[[], float]:
    """Each thread runs a session of one thread, image by image, as reading does."""
    batch = prepared(reader, files)
    session = Session(reader.bundle, 1)
    session.run(batch[:1])

    def measure() -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            runs = sum(1 for _ in pool.map(lambda i: session.run(batch[i % BATCH][None]), range(len(files))))
        return runs / (time.perf_counter() - start)

    return measure


def batched_rate(reader: Reader, files: list[Path], threads: int) -> Callable[[], float]:
    """One session whose threads share each batch."""
    batch = prepared(reader, files)
    session = Session(reader.bundle, threads)
    session.run(batch)

    def measure() -> float:
        runs = len(files) // BATCH or 1
        start = time.perf_counter()
        for _ in range(runs):
            session.run(batch)
        return runs * BATCH / (time.perf_counter() - start)

    return measure


def prepared(reader: Reader, files: list[Path]) -> NDArray[np.float32]:
    config = reader.bundle.config
    squares = np.stack(
        [
            fit_square(open_radiograph(file).pixels, config.image_size, config.field_of_view)
            for file in islice(cycle(files), BATCH)
        ]
    )
    return scale_intensity(squares, config.intensity)[:, np.newaxis]


def decoding_rate(files: list[Path], threads: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        decoded = sum(size > 0 for size in pool.map(lambda file: open_radiograph(file).pixels.size, files))
    return decoded / (time.perf_counter() - start)


def densenet_rate(images: int, threads: int) -> Callable[[], float] | None:
    try:
        import torch
    except ImportError:
        print("torch is not installed: DenseNet-121 is left out")
        return None
    torch.set_num_threads(threads)
    network = densenet121(torch.nn).eval()
    batch = torch.rand(BATCH, 1, SIDE, SIDE)
    with torch.inference_mode():
        network(batch)

    def measure() -> float:
        runs = images // BATCH or 1
        start = time.perf_counter()
        with torch.inference_mode():
            for _ in range(runs):
                network(batch)
        return runs * BATCH / (time.perf_counter() - start)

    return measure


def densenet121(nn: Any) -> Any:
    """DenseNet-BC of growth rate 32 with blocks of 6, 12, 24 and 16 layers, as in the paper's table 1."""
    import torch

    class Layer(nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.grow = nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(inplace=True), nn.Conv2d(channels, 128, 1, bias=False),
                nn.BatchNorm2d(128), nn.ReLU(inplace=True), nn.Conv2d(128, 32, 3, padding=1, bias=False),
            )  # fmt: skip

        def forward(self, features: Any) -> Any:
            return torch.cat([features, self.grow(features)], dim=1)

    stages: list[Any] = [
        nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]  # fmt: skip
    channels = 64
    for layers in (6, 12, 24, 16):
        if channels != 64:
            stages += [
                nn.BatchNorm2d(channels), nn.ReLU(inplace=True), nn.Conv2d(channels, channels // 2, 1, bias=False),
                nn.AvgPool2d(2),
            ]  # fmt: skip
            channels //= 2
        stages += [Layer(channels + 32 * i) for i in range(layers)]
        channels += 32 * layers
    stages += [
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, 3),
    ]
    return nn.Sequential(*stages)


if __name__ == "__main__":
    main()
