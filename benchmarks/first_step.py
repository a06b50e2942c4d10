"""Seconds from starting `neumo train` to its first step on a cached set, beside the bare imports, in turns."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CODE = """
import sys
from pathlib import Path
from neumo.training.config import load_experiment
from neumo.training.fit import train
def ready():
    print("ready", flush=True)
    import os; os._exit(0)
train(load_experiment(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), before_first_step=ready)
"""
IMPORTS = "import torch, lightning"


def seconds(*arguments: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data set folder")
    parser.add_argument("--experiment", type=Path, default=Path("experiments/run1.yaml"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="neumo-first-") as folder:
        for number in range(options.rounds + 1):
            arguments = (str(options.experiment), str(options.data), f"{folder}/run{number}")
            pair = seconds(CODE, *arguments), seconds(IMPORTS)
            if number:  # the first round fills the pixel cache
                ours.append(pair[0])
                bare.append(pair[1])
    print(
        f"first step after {statistics.median(ours):.1f} s (bare imports of torch and Lightning {statistics.median(bare):.1f} s)"
    )


if __name__ == "__main__":
    main()
