"""Peak memory of training with 6,000 and with 60,000 images: it must not grow with the data set.

Each size trains one epoch of a small network in a process of its own. Anonymous memory (what the process itself
holds) is sampled; the pixel cache is a mapped file, which the operating system may drop at any time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

EXPERIMENT = """
name: memory
image_size: 64
split: {kind: fractions}
model: {name: study_cnn, options: {filters: [8, 8, 8], dense: 16, dropout: 0.2}}
augmentation: {flip: 0.5, rotation: 10, zoom: 0.1, contrast: 0.1}
schedule: {batch_size: 32, max_epochs: 1}
"""

CHILD = """
import json, sys, threading, time
from pathlib import Path
from neumo.training.config import load_experiment
from neumo.training.fit import train
peaks = {"RssAnon": 0, "RssFile": 0}
def status():
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: int(line.split()[1]) / 1024 for line in lines for name in peaks if line.startswith(name + ":")}
running = True
def watch():
    while running:
        for name, value in status().items():
            peaks[name] = max(peaks[name], value)
        time.sleep(0.02)
thread = threading.Thread(target=watch); thread.start()
train(load_experiment(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]))
running = False; thread.join()
print(json.dumps(peaks))
"""


def make_images(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 200, (64, 64), dtype=np.uint8)
    for kind in ("NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        kind = ("NORMAL", "BACTERIAL_PNEUMONIA", "VIRAL_PNEUMONIA")[number % 3]
        pixels = np.roll(base, number, axis=number % 2)
        pixels[0, :8] = np.frombuffer(number.to_bytes(8, "little"), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / kind / f"{number:06}.png", compress_level=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=[6_000, 60_000])
    options = parser.parse_args()
    found: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="neumo-memory-") as temporary:
        root = Path(temporary)
        (root / "memory.yaml").write_text(EXPERIMENT)
        for size in options.sizes:
            make_images(root / str(size), size)
            arguments = [str(root / "memory.yaml"), str(root / str(size)), str(root / f"run-{size}")]
            done = subprocess.run(
                [sys.executable, "-c", CHILD, *arguments],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "NEUMO_CACHE": str(root / "cache")},
            )
            if done.returncode:
                sys.exit(done.stderr[-2000:])
            found[size] = json.loads(done.stdout.strip().splitlines()[-1])
            cache = size * 64 * 64 / 2**20
            print(
                f"{size:,} images: peak {found[size]['RssAnon']:.0f} MiB of its own, mapped cache {cache:.0f} MiB",
                flush=True,
            )
    small, large = (found[size]["RssAnon"] for size in options.sizes)
    print(f"{options.sizes[1]:,} images take {large / small:.3f} x the memory of {options.sizes[0]:,}")


if __name__ == "__main__":
    main()
